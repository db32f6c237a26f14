// A real OpenID Connect provider, as a process of its own: `node provider.mjs MODULES KIND`.
//
// MODULES is a folder with the packages of package.json; KIND is `proconnect` (as strict as that is) or `ordinary` (a
// city's own, which follows the standards and no more). It listens on 127.0.0.1, says in a line of JSON where and under
// which client, and ends when its standard input closes. POST /control/… changes what it does; see faults.mjs.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';

import { ACCOUNTS, configuration } from './configuration.mjs';
import { Faults } from './faults.mjs';
import { objection } from './proconnect.mjs';
import { loginPage } from './pages.mjs';
import { expireCodes } from './store.mjs';

const BASE = '/api/v2';

const [modules, kind] = process.argv.slice(2);
const entry = createRequire(join(modules, 'package.json')).resolve('oidc-provider');
const { Provider } = await import(pathToFileURL(entry));

const client = {
  id: 'continuum',
  secret: randomBytes(32).toString('hex'),
  redirect_url: 'http://127.0.0.1:9/callback',
  post_logout_redirect_url: 'http://127.0.0.1:9/logged-out',
};
const cookieKey = randomBytes(32).toString('hex');

let issuer;
let keys;
let faults;
let handle;
let provider;

const newKeys = () => ({
  RS256: { kid: randomBytes(8).toString('hex'), ...generateKeyPairSync('rsa', { modulusLength: 2048 }) },
  ES256: { kid: randomBytes(8).toString('hex'), ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
});

/** A provider with the present keys and client; what is stored outlives the one before. */
function rebuild() {
  provider = new Provider(issuer, configuration({ kind, client, keys, cookieKey, base: BASE }));
  provider.on('server_error', (_, error) => process.stderr.write(`${error.stack}\n`));
  handle = provider.callback();
}

const controls = {
  rotate_keys() {
    keys = newKeys();
    faults.keys = keys;
    rebuild();
  },
  register(body) {
    Object.assign(client, JSON.parse(body));
    rebuild();
  },
  expire_codes: expireCodes,
};

async function read(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function answer(response, status, type, body) {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
}

function* endless() {
  for (;;) yield Buffer.alloc(1 << 16, ' ');
}

async function control(request, response, name) {
  const body = await read(request);
  if (name in controls) controls[name](body);
  else if (!faults.set(name)) return answer(response, 404, 'text/plain', `no control « ${name} »`);
  return answer(response, 200, 'text/plain', '');
}

async function interaction(request, response) {
  if (request.method !== 'POST') {
    const { uid } = await provider.interactionDetails(request, response);
    return answer(response, 200, 'text/html', loginPage(`${BASE}/interaction/${uid}`, ACCOUNTS));
  }
  const name = new URLSearchParams(await read(request)).get('account');
  if (name === 'nobody') {
    return provider.interactionFinished(request, response, { error: 'access_denied' });
  }
  const account = ACCOUNTS.find((known) => known.name === name);
  if (!account) return answer(response, 400, 'text/plain', `no account « ${name} »`);
  const login = { accountId: account.claims.sub, acr: 'eidas1' };
  return provider.interactionFinished(request, response, { login });
}

async function respond(request, response) {
  const url = new URL(request.url, issuer);
  if (url.pathname.startsWith('/control/')) return control(request, response, url.pathname.slice('/control/'.length));
  if (faults.is('down')) return answer(response, 503, 'text/plain', 'down');
  if (faults.is('redirecting') && !url.searchParams.has('followed')) {
    url.searchParams.set('followed', 'yes');
    response.setHeader('location', url.href);
    return answer(response, 307, 'text/plain', '');
  }
  if (faults.is('endless')) {
    response.writeHead(200, { 'content-type': 'application/json' });
    // It ends when the other side has had enough, which is an error for the pipe only.
    return pipeline(Readable.from(endless()), response).catch(() => {});
  }
  if (!url.pathname.startsWith(`${BASE}/`)) return answer(response, 404, 'text/plain', '');
  if (url.pathname.startsWith(`${BASE}/interaction/`)) return interaction(request, response);
  if (url.pathname === `${BASE}/authorize`) {
    const refusal = kind === 'proconnect' && objection(url.searchParams);
    if (refusal) return answer(response, 400, 'application/json', JSON.stringify(refusal));
    faults.alterRequest(url);
  }
  faults.alterResponse(url.pathname.slice(BASE.length), response);
  // As a framework that mounts the provider under a path would hand the request over.
  request.originalUrl = `${url.pathname}${url.search}`;
  request.url = request.originalUrl.slice(BASE.length);
  return handle(request, response);
}

const server = createServer((request, response) => {
  respond(request, response).catch((error) => answer(response, 500, 'text/plain', error.stack));
});
server.listen(0, '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}${BASE}`;
  keys = newKeys();
  faults = new Faults({ issuer, keys, client, stranger: newKeys() });
  rebuild();
  process.stdout.write(`${JSON.stringify({ issuer, client_id: client.id, client_secret: client.secret })}\n`);
});
process.stdin.on('close', () => process.exit()).resume();
