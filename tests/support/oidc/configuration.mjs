// The people, and the configuration of oidc-provider.

import { createHash } from 'node:crypto';

import { logoutPage } from './pages.mjs';
import { Store } from './store.mjs';

const account = (name, given_name, usual_name, siret) => {
  const uid = `${given_name}.${usual_name}`.normalize('NFD').replace(/[^a-z.]/gi, '').toLowerCase();
  const idp_id = '71144ab3-ee1a-4401-b7b3-79b44f7daeeb';
  const sub = createHash('sha256').update(`${idp_id}:${uid}`).digest('hex');
  const email = `${uid}@ville-amiens.example`;
  return { name, claims: { sub, uid, idp_id, email, given_name, usual_name, family_name: usual_name, siret } };
};

/** Establishments: a city's, and another's. The numbers satisfy the check; the first is not any city's. */
const CITY = '73282932000074';
const ELSEWHERE = '35600000049837';

/** The people who can sign in, by the name that a test calls them. */
export const ACCOUNTS = [
  account('amelie', 'Amélie', 'Petit', CITY),
  account('newcomer', 'Denis', 'Nouveau', CITY),
  account('elsewhere', 'Bruno', 'Facteur', ELSEWHERE),
  account('no_siret', 'Camille', 'Leroy', undefined),
];

/** What distinguishes ProConnect from a provider that only follows the standards. */
const KINDS = {
  proconnect: {
    alg: 'RS256',
    method: 'client_secret_post',
    client: { userinfo_signed_response_alg: 'RS256' },
    scopes: ['given_name', 'usual_name', 'email', 'uid', 'siret', 'idp_id'],
    claims: {
      given_name: ['given_name'],
      usual_name: ['usual_name'],
      email: ['email'],
      uid: ['uid'],
      siret: ['siret'],
      idp_id: ['idp_id'],
    },
    pkce: false,
  },
  ordinary: {
    alg: 'ES256',
    method: 'client_secret_basic',
    client: { userinfo_signed_response_alg: 'ES256' },
    scopes: ['profile', 'email'],
    claims: { profile: ['given_name', 'family_name'], email: ['email'] },
    pkce: true,
  },
};

export function configuration({ kind, client, keys, cookieKey, base }) {
  const { alg, method, scopes, claims, pkce, ...own } = KINDS[kind];
  return {
    adapter: Store,
    acrValues: ['eidas1'],
    claims: { openid: ['sub'], acr: null, ...claims },
    clientAuthMethods: [method],
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [client.redirect_url],
        post_logout_redirect_uris: [client.post_logout_redirect_url],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: method,
        id_token_signed_response_alg: alg,
        ...own.client,
      },
    ],
    clockTolerance: 0,
    cookies: { keys: [cookieKey] },
    features: {
      devInteractions: { enabled: false },
      jwtUserinfo: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: logoutPage },
    },
    findAccount: (_, sub) => {
      const found = ACCOUNTS.find((known) => known.claims.sub === sub);
      return found && { accountId: sub, claims: () => found.claims };
    },
    interactions: { url: (_, { uid }) => `${base}/interaction/${uid}` },
    jwks: {
      keys: Object.entries(keys).map(([alg, { kid, privateKey }]) => ({
        ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig',
      })),
    },
    // Nobody is asked for consent.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope(['openid', ...scopes].join(' '));
      await grant.save();
      return grant;
    },
    pkce: { required: () => pkce },
    routes: { authorization: '/authorize', token: '/token', userinfo: '/userinfo', end_session: '/session/end' },
    scopes: ['openid', ...scopes],
    // Seconds.
    ttl: { AccessToken: 60, AuthorizationCode: 30, Grant: 43200, IdToken: 60, Interaction: 600, Session: 43200 },
  };
}
