//! Somebody who calls the API. Every answer is held against the OpenAPI document.

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::contract;

/// Somebody who calls the API.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    base_url: String,
    token: Option<String>,
}

/// What was answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Caller {
    pub fn new(base_url: &str, token: Option<&str>) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, base_url: base_url.to_owned(), token: token.map(ToOwned::to_owned) }
    }

    /// The same person at another instance.
    pub fn at(&self, base_url: &str) -> Self {
        Self { base_url: base_url.to_owned(), ..self.clone() }
    }

    /// The same program, used by who holds that access token.
    pub fn bearing(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A request, to be sent by [`Caller::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base_url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request, and holds the answer against the document.
    pub async fn send(&self, request: RequestBuilder) -> Reply {
        let request = request.build().unwrap();
        let (method, path) = (request.method().to_string(), request.url().path().to_owned());
        let response = self.http.execute(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap().to_vec();
        let reply = Reply { status, headers, text: String::from_utf8_lossy(&bytes).into_owned(), bytes };
        contract::check(&method, &path, &reply);
        reply
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Sends what a form of a page sends, as a browser does.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        let body = body.extend_pairs(fields).finish();
        let request = self.request(Method::POST, path).header("Accept", "text/html");
        self.send(request.header("Content-Type", "application/x-www-form-urlencoded").body(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// Changes something as it was seen in that version.
    pub async fn patch(&self, path: &str, version: &Value, body: &Value) -> Reply {
        self.send(self.request(Method::PATCH, path).header("If-Match", format!("\"{version}\"")).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Does an action on a ticket as the caller saw it.
    pub async fn act(&self, ticket: &Value, action: &str, body: &Value) -> Reply {
        let (id, version) = (ticket["id"].as_str().unwrap(), ticket["version"].as_i64().unwrap());
        let path = format!("/v1/tickets/{id}/{action}");
        self.send(self.request(Method::POST, &path).header("If-Match", format!("\"{version}\"")).json(body)).await
    }

    pub async fn acknowledge(&self, ticket: &Value) -> Reply {
        self.act(ticket, "acknowledge", &json!({})).await
    }

    pub async fn start(&self, ticket: &Value) -> Reply {
        self.act(ticket, "start", &json!({})).await
    }

    pub async fn refuse(&self, ticket: &Value) -> Reply {
        self.act(ticket, "refuse", &json!({ "reason": "not_competent" })).await
    }

    pub async fn resolve(&self, ticket: &Value) -> Reply {
        let body = json!({ "closure_reason": "work_done", "message_to_resident": "C’est fait." });
        self.act(ticket, "resolve", &body).await
    }

    pub async fn close(&self, ticket: &Value) -> Reply {
        self.act(ticket, "close", &json!({})).await
    }

    pub async fn reopen(&self, ticket: &Value) -> Reply {
        self.act(ticket, "reopen", &json!({ "note": "Ce n’est pas fait." })).await
    }

    /// The ticket as it is now.
    pub async fn ticket(&self, ticket: &Value) -> Value {
        self.get(&format!("/v1/tickets/{}", ticket["id"].as_str().unwrap())).await.ok()
    }

    /// The events of a ticket's timeline.
    pub async fn timeline(&self, ticket: &Value) -> Vec<Value> {
        let page = self.get(&format!("/v1/tickets/{}/timeline", ticket["id"].as_str().unwrap())).await.ok();
        page["items"].as_array().unwrap().clone()
    }
}

impl Reply {
    /// The body.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} is not JSON: {}", self.status, self.text))
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.text);
        self.json()
    }

    /// The body of a 201.
    #[track_caller]
    pub fn created(&self) -> Value {
        self.is(201).json()
    }

    /// Asserts that it was refused with a code. Returns the problem.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        problem
    }

    /// Asserts that it was refused because that right is missing. Returns the problem.
    #[track_caller]
    pub fn lacks(&self, right: &str) -> Value {
        let problem = self.refused(403, "missing_right");
        assert_eq!(problem["right"], right, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(right), "{problem}");
        let challenge = self.header("www-authenticate").unwrap();
        assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
        problem
    }

    /// Asserts that it was refused for these fields: pointer and code of each, in any order.
    #[track_caller]
    pub fn refused_fields(&self, status: u16, code: &str, fields: &[(&str, &str)]) {
        let problem = self.refused(status, code);
        let at = |error: &Value| {
            let place = ["pointer", "parameter", "header"].iter().find_map(|key| error[*key].as_str());
            (place.unwrap_or_default().to_owned(), error["code"].as_str().unwrap().to_owned())
        };
        let mut found: Vec<_> = problem["errors"].as_array().into_iter().flatten().map(at).collect();
        let mut expected: Vec<_> = fields.iter().map(|(p, c)| ((*p).to_owned(), (*c).to_owned())).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{problem}");
    }
}
