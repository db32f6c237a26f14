//! What is sent to webhooks: one entry for each type of event.

use domain::feed::EventType;
use domain::webhook::PING;
use serde_json::{Map, Value, json};

/// The `webhooks` of the document.
pub(super) fn document() -> Value {
    let event = |one: &EventType| (one.code().to_owned(), item(one.code(), one.meaning(), "CityEvent"));
    let ping = item(PING, "A program asked for it, to see whether its webhook works.", "WebhookPing");
    Value::Object(EventType::ALL.iter().map(event).chain([(PING.to_owned(), ping)]).collect::<Map<_, _>>())
}

fn item(code: &str, meaning: &str, schema: &str) -> Value {
    let header = |name: &str, description: &str, example: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": description, "schema": { "type": "string" },
            "example": example
        })
    };
    json!({
        "post": {
            "operationId": format!("on_{}", code.replace('.', "_")),
            "summary": meaning,
            "description": "Sent by `POST` to the URLs of webhooks that ask for it. Any answer of 2xx within 15 seconds is \
                success; 410 ends the webhook; after anything else, the same event is sent again, for three days.",
            "tags": ["webhooks"],
            "parameters": [
                header("webhook-id", "The event's id, the same each time it is sent.", "0197a0c4-0000-7000-8000-000000000001"),
                header("webhook-timestamp", "When it was sent, seconds since 1970.", "1796281200"),
                header("webhook-signature", "`v1,` and the base64 of an HMAC-SHA256 of `id.timestamp.body`, for each \
                    secret, separated by spaces (Standard Webhooks).", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=")
            ],
            "requestBody": {
                "required": true,
                "content": {
                    "application/cloudevents+json": {
                        "schema": { "$ref": format!("#/components/schemas/{schema}") },
                        "example": super::examples::event(code)
                    }
                }
            },
            "responses": {
                "2XX": { "description": "It was taken" },
                "410": { "description": "Nothing more is wanted: the webhook is disabled" }
            },
            "security": []
        }
    })
}
