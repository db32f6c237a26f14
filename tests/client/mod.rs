//! Programs that use the API.

mod oauth;
mod registration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Test;
use crate::support::caller::{Caller, Reply};
use crate::support::city::City;

pub fn tests() -> Vec<Test> {
    oauth::tests().into_iter().chain(registration::tests()).collect()
}

/// A program that was registered, and its secret.
pub struct Program {
    pub id: String,
    pub secret: String,
}

/// Registers a program with these scopes and services.
pub async fn register(city: &City, scopes: &[&str], services: &[&str]) -> Program {
    let name = format!("Programme {} {}", scopes.join(" "), services.join(" ")).trim_end().to_owned();
    register_as(city, &name, scopes, services).await
}

/// The same, under that name.
pub async fn register_as(city: &City, name: &str, scopes: &[&str], services: &[&str]) -> Program {
    let admin = city.admin().await;
    let body = json!({ "name": name, "contact": "dsi@ville-amiens.example", "scopes": scopes, "services": services });
    let client = admin.post("/v1/clients", &body).await.created();
    let id = client["id"].as_str().unwrap().to_owned();
    let secret = add_secret(&admin, &id, "secret").await["secret"].as_str().unwrap().to_owned();
    Program { id, secret }
}

/// Gives a program another secret.
pub async fn add_secret(admin: &Caller, client: &str, kind: &str) -> Value {
    admin.post(&format!("/v1/clients/{client}/secrets"), &json!({ "kind": kind })).await.created()
}

impl Program {
    /// Sends a form, with the secret in the header.
    async fn form(&self, city: &City, path: &str, fields: &[(&str, &str)]) -> Reply {
        let basic = STANDARD.encode(format!("{}:{}", self.id, self.secret));
        form(city, path, Some(&format!("Basic {basic}")), fields).await
    }

    pub async fn token(&self, city: &City) -> Value {
        self.form(city, "/oauth/token", &[("grant_type", "client_credentials")]).await.ok()
    }

    /// An access token for these scopes only.
    pub async fn narrowed(&self, city: &City, scope: &str) -> Value {
        self.form(city, "/oauth/token", &[("grant_type", "client_credentials"), ("scope", scope)]).await.ok()
    }

    /// The program, with an access token.
    pub async fn caller(&self, city: &City) -> Caller {
        city.with_token(&self.token(city).await)
    }
}

async fn form(city: &City, path: &str, authorization: Option<&str>, fields: &[(&str, &str)]) -> Reply {
    let stranger = city.stranger();
    let mut request = stranger.request(Method::POST, path);
    if let Some(authorization) = authorization {
        request = request.header("Authorization", authorization);
    }
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    stranger.send(request.header("Content-Type", "application/x-www-form-urlencoded").body(body)).await
}
