// What the provider keeps, in memory; the keys may change, this stays.

const stored = new Map();

const now = () => Math.floor(Date.now() / 1000);

/** The adapter that oidc-provider asks for, one instance a model. */
export class Store {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload) {
    stored.set(`${this.model}:${id}`, payload);
  }

  async find(id) {
    return stored.get(`${this.model}:${id}`);
  }

  async findByUid(uid) {
    const ofThis = [...stored].filter(([key]) => key.startsWith(`${this.model}:`));
    return ofThis.map(([, payload]) => payload).find((payload) => payload.uid === uid);
  }

  async findByUserCode() {
    return undefined;
  }

  async consume(id) {
    stored.get(`${this.model}:${id}`).consumed = now();
  }

  async destroy(id) {
    stored.delete(`${this.model}:${id}`);
  }

  async revokeByGrantId(grantId) {
    for (const [key, payload] of stored) {
      if (payload.grantId === grantId) stored.delete(key);
    }
  }
}

/** Thirty seconds pass for every code. */
export function expireCodes() {
  for (const [key, payload] of stored) {
    if (key.startsWith('AuthorizationCode:')) payload.exp = now() - 1;
  }
}
