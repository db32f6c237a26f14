// The story of the README with the client that `openapi-typescript` generates: `node story.js URL PASSWORD`. Writes what
// the officer reads in the end to stdout, as JSON.

import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./continuum.js";

type Problem = components["schemas"]["Problem"];

const [baseUrl = "", password = ""] = process.argv.slice(2);

function given<T>({ data, error }: { data?: T; error?: Problem | undefined }): T {
  if (data === undefined) throw new Error(`${error?.status} ${error?.code}: ${error?.detail}`);
  return data;
}

async function login(email: string) {
  const { access_token } = given(await createClient<paths>({ baseUrl }).POST("/v1/sessions", { body: { email, password } }));
  const bearer: Middleware = {
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${access_token}`);
      return request;
    },
  };
  const client = createClient<paths>({ baseUrl });
  client.use(bearer);
  return client;
}

const agent = await login("claire.delattre@ville-amiens.example");
const filed = given(
  await agent.POST("/v1/concerns", {
    params: { header: { "Idempotency-Key": "typescript-1" } },
    body: {
      origin: "patrol",
      category: "illegal_dumping",
      description: "Un canapé sur le trottoir",
      place: { lat: 49.9121, lon: 2.2972, address: "Rue du Pigeonnier" },
      resident: { email: "habitante@mail.example" },
    },
  }),
);
const reference = filed.tickets[0]?.reference;
if (reference === undefined) throw new Error("no ticket");

const service = await login("amelie.petit@ville-amiens.example");
const path = { ticket: reference };
const seen = given(await service.GET("/v1/tickets/{ticket}", { params: { path } }));
const stale = await service.POST("/v1/tickets/{ticket}/acknowledge", {
  params: { path, header: { "If-Match": '"99"' } },
  body: {},
});
if (stale.error?.code !== "stale_version") throw new Error("an old version is taken");
const taken = given(
  await service.POST("/v1/tickets/{ticket}/acknowledge", {
    params: { path, header: { "If-Match": `"${seen.version}"` } },
    body: { expected_on: null },
  }),
);
given(
  await service.POST("/v1/tickets/{ticket}/resolve", {
    params: { path, header: { "If-Match": `"${taken.version}"` } },
    body: { closure_reason: "work_done", message_to_resident: "Le canapé a été enlevé." },
  }),
);

const now = given(await agent.GET("/v1/tickets/{ticket}", { params: { path } }));
const timeline = given(await agent.GET("/v1/tickets/{ticket}/timeline", { params: { path } }));
const answer = timeline.items.find((event) => event.type === "resolved")?.data["message_to_resident"];
console.log(JSON.stringify({ reference: now.reference, state: now.state, reason: now.closure_reason, answer }));
