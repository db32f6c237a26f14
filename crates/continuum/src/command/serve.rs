//! `continuum serve`.

use std::fs;
use std::io::Write as _;
use std::num::NonZeroU32;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use api::RateLimits;
use auth::password::Cost;
use domain::siret::Siret;
use ipnet::IpNet;
use serde::Serialize;
use url::{Host, Url};

use super::database::DatabaseOptions;
use super::dkim::DkimOptions;
use super::files::FileOptions;
use super::tell;
use crate::instance::{Config, Instance, Mail, Oidc, build};
use crate::resident::stay_small;
use crate::secret;

/// What stands before the handlers.
#[derive(clap::Args)]
struct FrontOptions {
    /// The network of a proxy that is believed when it says for whom it asks (X-Forwarded-For): 10.0.0.0/8; several,
    /// separated by commas.
    #[arg(long = "trusted-proxy", env = "CONTINUUM_TRUSTED_PROXIES", value_delimiter = ',')]
    proxies: Vec<IpNet>,
    /// A web origin whose scripts may use the API, scheme, host and port; several, separated by commas.
    #[arg(long = "cors-origin", env = "CONTINUUM_CORS_ORIGINS", value_delimiter = ',', value_parser = origin)]
    origins: Vec<String>,
    /// How many requests a minute a person or a program may send to this instance.
    #[arg(long, env = "CONTINUUM_RATE_LIMIT", default_value = "600")]
    rate_limit: NonZeroU32,
    /// The same for an address from which nobody is recognised. An office is one address.
    #[arg(long, env = "CONTINUUM_RATE_LIMIT_ADDRESS", default_value = "300")]
    rate_limit_address: NonZeroU32,
}

/// Where events are sent.
#[derive(clap::Args)]
pub(crate) struct WebhookOptions {
    /// A network that is not public to which programs may have events sent, and from which photographs of Open311 are
    /// fetched, all the same, there without TLS too: 10.1.0.0/16;
    /// several, separated by commas.
    #[arg(long = "webhook-private-target", env = "CONTINUUM_WEBHOOK_PRIVATE_TARGETS", value_delimiter = ',')]
    pub(crate) private_targets: Vec<IpNet>,
}

/// How much hashing a password costs (argon2id, RFC 9106). When it changes, each password is hashed anew with its
/// owner's next login.
#[derive(clap::Args)]
struct PasswordOptions {
    /// Memory, KiB. Less than OWASP asks for is refused.
    #[arg(long, env = "CONTINUUM_ARGON2_MEMORY_KIB", default_value_t = Cost::default().memory)]
    argon2_memory_kib: u32,
    /// Passes over the memory.
    #[arg(long, env = "CONTINUUM_ARGON2_PASSES", default_value_t = Cost::default().passes)]
    argon2_passes: u32,
}

impl PasswordOptions {
    /// The cost; one at which stolen hashes would be guessed too fast is refused.
    fn cost(&self) -> Result<Cost> {
        let cost = Cost { memory: self.argon2_memory_kib, passes: self.argon2_passes };
        if !cost.is_enough() {
            bail!(
                "--argon2-memory-kib {} with --argon2-passes {} costs too little to protect passwords: OWASP asks for at \
                 least 47104 KiB with 1 pass, 19456 with 2, 12288 with 3, 9216 with 4, or 7168 with 5",
                cost.memory,
                cost.passes
            );
        }
        Ok(cost)
    }
}

/// Where people sign in (OpenID Connect); the client's secret comes from `OIDC_CLIENT_SECRET`, or from the file that
/// `OIDC_CLIENT_SECRET_FILE` names. Register `PUBLIC_URL/sign-in/callback` and `PUBLIC_URL/signed-out` there.
#[derive(clap::Args)]
struct OidcOptions {
    /// The issuer's URL, to the letter: for ProConnect, that of its documentation, ending in /api/v2.
    #[arg(long, env = "OIDC_ISSUER", requires = "oidc_client_id")]
    oidc_issuer: Option<String>,
    /// Under which name the provider knows this program.
    #[arg(long, env = "OIDC_CLIENT_ID")]
    oidc_client_id: Option<String>,
    /// What people call the provider.
    #[arg(long, env = "OIDC_NAME", default_value = "ProConnect")]
    oidc_name: String,
    /// An establishment whose people may sign in; several, separated by commas.
    #[arg(long = "oidc-siret", env = "OIDC_SIRETS", value_delimiter = ',')]
    oidc_sirets: Vec<Siret>,
    /// Do not look at the establishment: for a provider that has one city's people only.
    #[arg(long, env = "OIDC_ANY_SIRET", conflicts_with = "oidc_sirets")]
    oidc_any_siret: bool,
    /// What is asked for, beyond openid, when it is not what ProConnect has; several, separated by commas.
    #[arg(long = "oidc-scope", env = "OIDC_SCOPES", value_delimiter = ',')]
    oidc_scopes: Vec<String>,
    /// Use PKCE, which ProConnect does not know.
    #[arg(long, env = "OIDC_PKCE")]
    oidc_pkce: bool,
    /// How firmly people have to prove who they are: who does less is refused. Values of `acr`, best first, separated by commas,
    /// for a provider that takes `acr_values` (OpenID Connect Core, 3.1.2.1).
    #[arg(long = "oidc-acr", env = "OIDC_ACR_VALUES", value_delimiter = ',')]
    oidc_acr_values: Vec<String>,
    /// An address of a program to which the browser goes back with the code of a sign-in, to the letter; several, separated
    /// by commas.
    #[arg(long = "return-url", env = "CONTINUUM_RETURN_URLS", value_delimiter = ',', value_parser = return_url)]
    return_urls: Vec<Url>,
}

impl OidcOptions {
    /// The provider. One of which a part is missing is refused: nobody could sign in there, and nothing would say why.
    fn oidc(self) -> Result<Option<Oidc>> {
        let said = |value: Option<String>| value.filter(|value| !value.is_empty());
        let client_secret = secret::of_environment("OIDC_CLIENT_SECRET")?;
        let (issuer, client_id, client_secret) =
            match (said(self.oidc_issuer), said(self.oidc_client_id), client_secret) {
                (None, None, None) => return Ok(None),
                (Some(issuer), Some(client_id), Some(secret)) => (issuer, client_id, secret),
                _ => bail!(
                    "signing in at a provider needs --oidc-issuer, --oidc-client-id and OIDC_CLIENT_SECRET, or \
                     OIDC_CLIENT_SECRET_FILE: not all of them are there"
                ),
            };
        Ok(Some(Oidc {
            name: self.oidc_name,
            issuer,
            client_id,
            client_secret,
            sirets: (!self.oidc_any_siret).then(|| self.oidc_sirets.into_iter().collect()),
            scopes: Some(self.oidc_scopes).filter(|scopes| !scopes.is_empty()),
            pkce: self.oidc_pkce,
            acr_values: self.oidc_acr_values,
        }))
    }
}

/// A web origin (RFC 6454): scheme, host and port, nothing else. There is no `*`: who may is listed.
fn origin(text: &str) -> Result<String, String> {
    let origin = Url::parse(text).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
    let origin = origin.map(|origin| origin.ascii_serialization());
    origin.filter(|origin| origin == text).ok_or_else(|| "expected https://host, or https://host:port".to_owned())
}

/// An address that a browser is led to with a code: by https, or on the person's own device (RFC 8252, 7.3). As URLs are
/// written, since it is compared to the letter.
fn return_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let on_the_device = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    let safe = url.scheme() == "https" || (url.scheme() == "http" && on_the_device);
    if !safe || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err("expected https://host/path, without # and without a login".to_owned());
    }
    if url.as_str() != text {
        return Err(format!("it is compared to the letter: write {url}"));
    }
    Ok(url)
}

/// The State's own, which answers with the Base adresse nationale.
pub(crate) const NATIONAL_GEOCODER: &str = "https://data.geopf.fr/geocodage";

/// The geocoder's URL, if there is to be one.
pub(crate) fn geocoder(url: &str) -> Result<Option<Url>> {
    let url = Some(url.trim()).filter(|url| !url.is_empty());
    url.map(|url| url.parse().context("--geocoder is not a URL")).transpose()
}

/// The options of `continuum serve`.
#[derive(clap::Args)]
pub struct Serve {
    #[command(flatten)]
    database: DatabaseOptions,
    /// The address to listen on; port 0 takes any free one.
    #[arg(long, env = "CONTINUUM_LISTEN", default_value = "127.0.0.1:8080")]
    listen: String,
    /// The address of the metrics page.
    #[arg(long, env = "CONTINUUM_METRICS_LISTEN", default_value = "127.0.0.1:9464")]
    metrics_listen: String,
    /// The base of every link in e-mails. Default: where this instance listens.
    #[arg(long, env = "CONTINUUM_PUBLIC_URL")]
    public_url: Option<Url>,
    /// Leave the outbox to other processes.
    #[arg(long, env = "CONTINUUM_NO_WORKER", value_parser = clap::builder::FalseyValueParser::new())]
    no_worker: bool,
    #[command(flatten)]
    dkim: DkimOptions,
    #[command(flatten)]
    front: FrontOptions,
    #[command(flatten)]
    files: FileOptions,
    /// The base URL of the geocoder that addresses are looked up at (`GeoCodeJSON`); empty for none. Typed addresses go there.
    #[arg(long, env = "CONTINUUM_GEOCODER", default_value = NATIONAL_GEOCODER)]
    geocoder: String,
    #[command(flatten)]
    webhooks: WebhookOptions,
    #[command(flatten)]
    passwords: PasswordOptions,
    #[command(flatten)]
    oidc: OidcOptions,
    /// Once ready, write where this instance answers into this file, as JSON.
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

/// What a ready file holds.
#[derive(Serialize)]
pub(crate) struct Ready {
    base_url: String,
    docs_url: String,
    metrics_url: Option<String>,
    mail_dir: Option<PathBuf>,
    pid: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logins: Vec<Login>,
}

/// Somebody who can log in to the demonstration.
#[derive(Serialize, serde::Deserialize, Clone)]
pub(crate) struct Login {
    pub(crate) role: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) name: String,
    pub(crate) services: Vec<String>,
}

impl Ready {
    pub(crate) fn new(instance: &Instance, mail_dir: Option<PathBuf>, logins: Vec<Login>) -> Self {
        Self {
            base_url: instance.base_url.clone(),
            docs_url: format!("{}/docs/", instance.base_url),
            metrics_url: instance.metrics_url.clone(),
            mail_dir,
            pid: std::process::id(),
            logins,
        }
    }
}

/// Writes a file for its owner only, who never reads half of it.
pub(crate) fn write_json(path: &Path, content: &impl Serialize) -> Result<()> {
    let aside = path.with_extension("new");
    let json = serde_json::to_vec_pretty(content)?;
    let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside);
    file.and_then(|mut file| file.write_all(&json))
        .with_context(|| format!("{} cannot be written", aside.display()))?;
    fs::rename(&aside, path).with_context(|| format!("{} cannot be written", path.display()))
}

/// Removes one: of a process that was killed before this one is ready, and once this one is to end.
pub(crate) fn remove_ready_file(path: Option<&Path>) -> Result<()> {
    let Some(path) = path.filter(|path| path.exists()) else { return Ok(()) };
    fs::remove_file(path).with_context(|| format!("{} cannot be removed", path.display()))
}

impl Serve {
    pub(crate) async fn run(self) -> Result<()> {
        self.database.refuse_demo()?;
        let password_cost = self.passwords.cost()?;
        let dkim = self.dkim.dkim()?;
        let return_urls = self.oidc.return_urls.clone();
        let oidc = self.oidc.oidc()?;
        let mail = self.database.mail()?;
        let mail_dir = match &mail {
            Mail::Folder(folder) => Some(folder.clone()),
            Mail::Smtp(_) => None,
        };
        let database = self.database.open_to_serve().await?;
        let config = Config {
            listen: self.listen.clone(),
            metrics_listen: Some(self.metrics_listen.clone()),
            public_url: self.public_url.clone(),
            worker: !self.no_worker,
            password_cost,
            proxies: self.front.proxies,
            origins: self.front.origins,
            return_urls,
            files: self.files.settings(&self.database.data_dir)?,
            private_targets: self.webhooks.private_targets,
            geocoder: geocoder(&self.geocoder)?,
            dkim,
            oidc,
            rate_limits: Some(RateLimits { caller: self.front.rate_limit, address: self.front.rate_limit_address }),
            ..self.database.config(&database, mail)?
        };
        remove_ready_file(self.ready_file.as_deref())?;
        let mut instance = build(config).await?;
        tokio::spawn(stay_small());
        tell(format_args!("Continuum answers at {} with {}.", instance.base_url, database.describe()));
        tell(format_args!("{}.", instance.worker.describe()));
        if instance.context.city().is_err() {
            tell("No city is loaded yet: run `continuum city load cities/amiens`.");
        }
        if let Some(path) = &self.ready_file {
            write_json(path, &Ready::new(&instance, mail_dir, Vec::new()))?;
        }
        let asked = instance.asked_to_stop().await;
        remove_ready_file(self.ready_file.as_deref())?;
        instance.stop().await;
        database.stop().await?;
        asked
    }
}
