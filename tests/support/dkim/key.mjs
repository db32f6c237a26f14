// Makes an RSA key: its private half as PEM (PKCS #8), and the DNS record of its public half, as JSON.

import { generateKeyPairSync } from "node:crypto";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const published = publicKey.export({ type: "spki", format: "der" }).toString("base64");
process.stdout.write(
  JSON.stringify({ pem: privateKey.export({ type: "pkcs8", format: "pem" }), record: `v=DKIM1; k=rsa; p=${published}` }),
);
