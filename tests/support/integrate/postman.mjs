// What Postman makes of the contract when it imports it: `node postman.mjs FOLDER DOCUMENT`, where FOLDER has the packages.
// Writes the collection to stdout, as JSON.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, document] = process.argv.slice(2);
const converter = createRequire(join(folder, "node_modules", "/"))("openapi-to-postmanv2");
converter.convert({ type: "string", data: readFileSync(document, "utf8") }, {}, (error, { result, reason, output } = {}) => {
  if (error || !result) throw error ?? new Error(reason);
  process.stdout.write(JSON.stringify(output[0].data));
});
