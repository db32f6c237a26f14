// What ProConnect refuses that the standards allow: numerique-gouv/proconnect-documentation, May 2025,
// doc_fs/implementation_technique.md, 2.2.

const REQUIRED = ['response_type', 'client_id', 'redirect_uri', 'scope', 'state', 'nonce'];
const KNOWN = new Set([...REQUIRED, 'claims', 'prompt', 'idp_hint']);
const SHORTEST = 32;

/** Why an authorization request is refused, if it is. */
export function objection(parameters) {
  const refuse = (error_description) => ({ error: 'Y000400', error_description });
  for (const name of parameters.keys()) {
    if (!KNOWN.has(name)) return refuse(`unknown parameter: ${name}`);
    if (parameters.getAll(name).length > 1) return refuse(`repeated parameter: ${name}`);
  }
  for (const name of REQUIRED) {
    if (!parameters.get(name)) return refuse(`missing parameter: ${name}`);
  }
  for (const name of ['state', 'nonce']) {
    if (parameters.get(name).length < SHORTEST) return refuse(`too short: ${name}`);
  }
  return undefined;
}
