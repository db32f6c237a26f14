// What the provider does wrong when a test tells it to: POST /control/NAME; `none` ends it.

import { createHmac, randomBytes, sign } from 'node:crypto';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url'));

/** A token (RFC 7515) signed with a key as provider.mjs makes them. */
function signed(alg, { kid, privateKey }, claims) {
  const message = `${encode({ alg, kid })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(message), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${message}.${signature.toString('base64url')}`;
}

const FAULTS = {
  none: {},
  // Answers 503 to everything.
  down: {},
  // Answers everything with a redirect, to where it would answer.
  redirecting: {},
  // Answers everything with bytes that never end.
  endless: {},
  // Makes the ID token for another nonce.
  other_nonce: { request: (url) => url.searchParams.set('nonce', randomBytes(32).toString('base64url')) },
  // The ID token…
  id_token_unsigned: { id_token: (claims) => `${encode({ alg: 'none' })}.${encode(claims)}.` },
  id_token_with_the_client_secret: {
    id_token: (claims, { client }) => {
      const message = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
      return `${message}.${createHmac('sha256', client.secret).update(message).digest('base64url')}`;
    },
  },
  id_token_of_a_stranger: { id_token: (claims, { stranger }) => signed('RS256', stranger.RS256, claims) },
  id_token_with_a_stranger_s_signature: {
    id_token: (claims, { stranger, keys }) => signed('RS256', { ...stranger.RS256, kid: keys.RS256.kid }, claims),
  },
  id_token_for_another_client: {
    id_token: (claims, { keys }) => signed('RS256', keys.RS256, { ...claims, aud: 'another' }),
  },
  id_token_of_another_issuer: {
    id_token: (claims, { keys }) => signed('RS256', keys.RS256, { ...claims, iss: 'https://another.example' }),
  },
  id_token_for_another_access_token: {
    id_token: (claims, { keys }) => signed('RS256', keys.RS256, { ...claims, at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }),
  },
  id_token_missing: { id_token: () => undefined },
  // The user info…
  userinfo_plain: { userinfo: (claims) => claims },
  userinfo_unsigned: { userinfo: (claims) => `${encode({ alg: 'none' })}.${encode(claims)}.` },
  userinfo_of_a_stranger: { userinfo: (claims, { stranger }) => signed('RS256', stranger.RS256, claims) },
  userinfo_with_a_stranger_s_signature: {
    userinfo: (claims, { stranger, keys }) => signed('RS256', { ...stranger.RS256, kid: keys.RS256.kid }, claims),
  },
  userinfo_es256: { userinfo: (claims, { keys }) => signed('ES256', keys.ES256, claims) },
  userinfo_for_another_client: {
    userinfo: (claims, { keys }) => signed('RS256', keys.RS256, { ...claims, aud: ['another'] }),
  },
  userinfo_of_another_issuer: {
    userinfo: (claims, { keys }) => signed('RS256', keys.RS256, { ...claims, iss: 'https://another.example' }),
  },
  userinfo_expired: { userinfo: (claims, { keys }) => signed('RS256', keys.RS256, { ...claims, exp: claims.iat - 60 }) },
  userinfo_of_somebody_else: {
    userinfo: (claims, { keys }) => signed('RS256', keys.RS256, { ...claims, sub: 'somebody-else' }),
  },
  userinfo_without_end: {
    userinfo: (claims, { keys }) => signed('RS256', keys.RS256, { ...claims, padding: 'x'.repeat(1 << 20) }),
  },
};

export class Faults {
  #present = 'none';

  constructor(world) {
    this.world = world;
  }

  set keys(keys) {
    this.world.keys = keys;
  }

  /** Begins a fault, ends the one before; whether there is such a fault. */
  set(name) {
    if (!(name in FAULTS)) return false;
    this.#present = name;
    return true;
  }

  is(name) {
    return this.#present === name;
  }

  alterRequest(url) {
    FAULTS[this.#present].request?.(url);
  }

  /** What oidc-provider is about to answer becomes what the fault says. */
  alterResponse(path, response) {
    const { id_token, userinfo } = FAULTS[this.#present];
    const end = response.end.bind(response);
    const replace = (type, body) => {
      response.setHeader('content-type', type);
      response.setHeader('content-length', Buffer.byteLength(body));
      end(body);
    };
    if (path === '/token' && id_token) {
      response.end = (body) => {
        const tokens = JSON.parse(body);
        if (tokens.id_token) tokens.id_token = id_token(decode(tokens.id_token.split('.')[1]), this.world);
        replace('application/json', JSON.stringify(tokens));
      };
    }
    if (path === '/userinfo' && userinfo) {
      response.end = (body) => {
        const altered = userinfo(decode(String(body).split('.')[1]), this.world);
        if (typeof altered === 'string') replace('application/jwt', altered);
        else replace('application/json', JSON.stringify(altered));
      };
    }
  }
}
