// Verifies the DKIM signatures of an e-mail: `node verify.mjs MODULES`. Reads {"mail", "records": {name: text}} from
// stdin, writes what it finds to stdout, as JSON.

import { createRequire } from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const require = createRequire(join(process.argv[2], "node_modules", "/"));
const { dkimVerify } = require("mailauth/lib/dkim/verify.js");

const { mail, records } = JSON.parse(await text(process.stdin));
const resolver = async (name, type) => {
  if (type !== "TXT" || !(name in records)) {
    throw Object.assign(new Error(`no ${type} of ${name}`), { code: "ENOTFOUND" });
  }
  return [[records[name]]];
};
const { results } = await dkimVerify(Buffer.from(mail, "latin1"), { resolver });
process.stdout.write(
  JSON.stringify(
    results.map(({ status, signingDomain, algo, signingHeaders }) => ({
      result: status.result,
      domain: signingDomain ?? null,
      algorithm: algo ?? null,
      headers: signingHeaders?.keys?.split(":").map((key) => key.trim()) ?? [],
    })),
  ),
);
