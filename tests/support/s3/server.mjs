// An S3-compatible object store: node server.mjs MODULES FOLDER. Says on which port it listens; ends with its input.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [modules, folder] = process.argv.slice(2);
const S3rver = createRequire(join(modules, 'package.json'))('s3rver');
const server = new S3rver({
  address: '127.0.0.1',
  port: 0,
  silent: true,
  directory: folder,
  configureBuckets: [{ name: 'continuum' }],
});
const { port } = await server.run();
console.log(port);
process.stdin.resume().on('end', () => process.exit());
