// Verifies what a webhook was sent: `node verify.mjs MODULES`. Reads {"secret", "headers", "body"} from stdin, writes the
// payload, or what is wrong with it, to stdout, as JSON.

import { createRequire } from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const require = createRequire(join(process.argv[2], "node_modules", "/"));
const { Webhook } = require("standardwebhooks");

const { secret, headers, body } = JSON.parse(await text(process.stdin));
let found;
try {
  found = { payload: new Webhook(secret).verify(body, headers) };
} catch (error) {
  found = { error: error.message };
}
process.stdout.write(JSON.stringify(found));
