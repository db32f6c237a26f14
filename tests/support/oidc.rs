//! A real `OpenID` Connect provider, as a process of its own: `oidc-provider`, which is certified, behaving like
//! `ProConnect` or like a city's own. It needs Node.js; its packages are installed on first use, under the target
//! folder, from `oidc/package-lock.json`.
//!
//! [`OidcProvider`] is the handle that tests hold, [`Browser`] the person who signs in there.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use reqwest::header::{LOCATION, SET_COOKIE};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::node::{WHAT_TO_INSTALL, modules, sources};

/// The establishment of those whom the provider calls `amelie` and `newcomer`.
pub const CITY: &str = "73282932000074";

/// Whom the provider resembles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Signed user info, RS256, secret in the body, no parameter that it does not know; people of several
    /// establishments.
    ProConnect,
    /// What follows the standards and no more, such as a city's own: ES256, secret in the header, PKCE, no
    /// establishments.
    Ordinary,
}

/// A running provider. It ends with the handle, and with the test's process.
#[derive(Debug)]
pub struct OidcProvider {
    /// Its issuer URL.
    pub issuer: String,
    /// Under which name it knows the program.
    pub client_id: String,
    /// What shows that it is the program.
    pub client_secret: String,
    process: Child,
}

#[derive(Deserialize)]
struct Started {
    issuer: String,
    client_id: String,
    client_secret: String,
}

impl OidcProvider {
    /// Where the browser comes back to, unless [`OidcProvider::register`] says otherwise. Nobody listens there.
    pub const REDIRECT_URL: &str = "http://127.0.0.1:9/callback";

    /// Where the browser comes back to after a logout, likewise.
    pub const POST_LOGOUT_REDIRECT_URL: &str = "http://127.0.0.1:9/logged-out";

    /// A provider of that kind.
    pub fn start(kind: Kind) -> Self {
        let kind = match kind {
            Kind::ProConnect => "proconnect",
            Kind::Ordinary => "ordinary",
        };
        let mut command = Command::new("node");
        command.arg(sources("oidc").join("provider.mjs")).arg(modules("oidc")).arg(kind).env_remove("DEBUG");
        // Its warning about versions that its authors no longer try.
        command.stderr(Stdio::null()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{WHAT_TO_INSTALL} ({error})"));
        let mut output = BufReader::new(process.stdout.take().expect("its output is a pipe"));
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            drop(output.read_line(&mut line).map(|_| tell.send(line)));
        });
        let line = told.recv_timeout(Duration::from_mins(1)).expect("the provider says where it is");
        let Started { issuer, client_id, client_secret } =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("the provider does not start. {WHAT_TO_INSTALL}"));
        Self { issuer, client_id, client_secret, process }
    }

    /// Has the browser come back there, after a sign-in and after a logout.
    pub async fn register(&self, redirect_url: &str, post_logout_redirect_url: &str) {
        let urls = json!({ "redirect_url": redirect_url, "post_logout_redirect_url": post_logout_redirect_url });
        self.post("register", urls.to_string()).await;
    }

    /// Has the provider do something (`rotate_keys`, `expire_codes`), or do something wrong from now on (`down` and the
    /// others of `oidc/faults.mjs`) until it is told `none`.
    pub async fn control(&self, what: &str) {
        self.post(what, String::new()).await;
    }

    async fn post(&self, what: &str, body: String) {
        let url = Url::parse(&self.issuer).unwrap().join(&format!("/control/{what}")).unwrap();
        let answer = reqwest::Client::new().post(url).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{what}");
    }

    /// Ends the provider's process; its port refuses from then on.
    pub fn stop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            self.process.kill().expect("the provider's process can be killed");
            self.process.wait().expect("the provider's process ends");
        }
    }
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What a page says that is neither a form nor the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its HTTP status.
    pub status: u16,
    /// What it says.
    pub body: String,
}

/// A person's browser: follows redirects, keeps cookies, fills in forms, runs no JavaScript.
#[derive(Debug, Default)]
pub struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// Goes to an authorization URL and signs in as that account, if asked; `nobody` gives up. The answer is the URL
    /// that leads back to the program, where the browser does not go.
    ///
    /// # Errors
    /// The page on which the provider says no.
    pub async fn sign_in(&mut self, url: Url, account: &str) -> Result<Url, Page> {
        self.visit(url, ("account", account)).await
    }

    /// Goes to a logout URL and confirms.
    ///
    /// # Errors
    /// The page on which the provider says no.
    pub async fn sign_out(&mut self, url: Url) -> Result<Url, Page> {
        self.visit(url, ("logout", "yes")).await
    }

    async fn visit(&mut self, mut url: Url, button: (&str, &str)) -> Result<Url, Page> {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let home = url.origin();
        let mut form: Option<String> = None;
        for _ in 0..10 {
            if url.origin() != home {
                return Ok(url);
            }
            let request = match form.take() {
                Some(body) => {
                    client.post(url.clone()).header("content-type", "application/x-www-form-urlencoded").body(body)
                }
                None => client.get(url.clone()),
            };
            let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let answer = request.header("cookie", cookies.join("; ")).send().await.unwrap();
            self.keep(answer.headers().get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()));
            if let Some(next) = answer.headers().get(LOCATION) {
                url = url.join(next.to_str().unwrap()).unwrap();
                continue;
            }
            let (status, body) = (answer.status().as_u16(), answer.text().await.unwrap());
            match filled_in(&body, button) {
                Some((action, fields)) if status == 200 => {
                    url = url.join(&action).unwrap();
                    form = Some(fields);
                }
                _ => return Err(Page { status, body }),
            }
        }
        panic!("the provider leads in circles: {url}");
    }

    fn keep<'a>(&mut self, set: impl Iterator<Item = &'a str>) {
        for cookie in set {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// Where the form of a page goes, and what goes there when that button is pressed.
fn filled_in(page: &str, (name, value): (&str, &str)) -> Option<(String, String)> {
    let tags = || page.split('<').map(|rest| rest.split('>').next().unwrap_or_default());
    let form = tags().find(|tag| tag.starts_with("form "))?;
    let hidden = tags().filter(|tag| tag.starts_with("input ") && attribute(tag, "type") == Some("hidden"));
    let mut fields = url::form_urlencoded::Serializer::new(String::new());
    for field in hidden {
        fields.append_pair(attribute(field, "name")?, attribute(field, "value")?);
    }
    Some((attribute(form, "action")?.to_owned(), fields.append_pair(name, value).finish()))
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!("{name}=\""))?.1.split('"').next()
}
