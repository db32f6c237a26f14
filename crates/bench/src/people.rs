//! Those who use the city: its people of the demonstration, and a program.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use auth::password::{Cost, Passwords};
use domain::id::ServiceCode;
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// The password of everybody.
const PASSWORD: &str = "mot de passe de la mesure";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// A police agent.
    Agent,
    /// A member of the service for cleanliness.
    Service,
    /// A member of every service, which nobody is: so that any ticket can be acknowledged.
    EveryService,
    /// The dispatcher.
    Dispatcher,
    /// A program that reads every standard ticket.
    Program,
    /// Nobody that is known.
    Public,
}

/// Adds the people of a city's demonstration. Returns the ids of those who file concerns.
pub(crate) async fn add(connection: &mut PgConnection, city: &Path) -> Result<Vec<Uuid>> {
    let people = continuum::city::read_demo(city).map_err(|faults| anyhow!("{faults:?}"))?;
    let hash = Passwords::new(Cost::default())?.hash(PASSWORD)?;
    for person in &people {
        let roles: Vec<&str> = person.roles.iter().map(|role| role.code()).collect();
        let services: Vec<&str> = person.services.iter().map(ServiceCode::as_str).collect();
        sqlx::query(
            "with added as (
                 insert into user_account (id, email, name, roles, password_hash, created_at)
                 values (gen_random_uuid(), $1, $2, $3, $4, now()) returning id
             )
             insert into service_member (user_id, service_code) select id, unnest($5::text[]) from added",
        )
        .bind(&person.email)
        .bind(&person.name)
        .bind(&roles)
        .bind(&hash)
        .bind(&services)
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query(
        "insert into service_member (user_id, service_code)
         select u.id, s.code from user_account u cross join service s where u.email like 'denis.marchand@%' on conflict do nothing",
    )
    .execute(&mut *connection)
    .await?;
    Ok(sqlx::query_scalar("select id from user_account where 'agent' = any (roles) order by email")
        .fetch_all(connection)
        .await?)
}

/// The header that shows who asks; none for who is not known.
pub(crate) async fn authorization(base_url: &str, who: Who) -> Result<Option<String>> {
    let http = Client::new();
    let token = match who {
        Who::Public => return Ok(None),
        Who::Agent => session(&http, base_url, "claire.delattre").await?,
        Who::Service => session(&http, base_url, "amelie.petit").await?,
        Who::EveryService => session(&http, base_url, "denis.marchand").await?,
        Who::Dispatcher => session(&http, base_url, "nadia.fournier").await?,
        Who::Program => program(&http, base_url).await?,
    };
    Ok(Some(format!("Bearer {token}")))
}

async fn session(http: &Client, base_url: &str, name: &str) -> Result<String> {
    let body = json!({ "email": format!("{name}@ville-amiens.example"), "password": PASSWORD });
    let session = answer(http.post(format!("{base_url}/v1/sessions")).json(&body)).await?;
    text(&session, "access_token")
}

async fn program(http: &Client, base_url: &str) -> Result<String> {
    let admin = session(http, base_url, "paul.carpentier").await?;
    let name = format!("Mesure {}", Uuid::from_u128(rand::random()));
    let body = json!({
        "name": name, "contact": "dsi@ville-amiens.example", "scopes": ["tickets:read", "cafes:read"], "services": []
    });
    let client = answer(http.post(format!("{base_url}/v1/clients")).bearer_auth(&admin).json(&body)).await?;
    let id = text(&client, "id")?;
    let secrets = format!("{base_url}/v1/clients/{id}/secrets");
    let secret = answer(http.post(secrets).bearer_auth(&admin).json(&json!({ "kind": "secret" }))).await?;
    let form = http
        .post(format!("{base_url}/oauth/token"))
        .basic_auth(&id, Some(text(&secret, "secret")?))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials");
    text(&answer(form).await?, "access_token")
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Value> {
    let response = request.send().await?;
    let (status, text) = (response.status(), response.text().await?);
    if !status.is_success() {
        bail!("{status}: {text}");
    }
    Ok(serde_json::from_str(&text)?)
}

fn text(value: &Value, field: &str) -> Result<String> {
    Ok(value[field].as_str().with_context(|| format!("the answer has no {field}: {value}"))?.to_owned())
}
