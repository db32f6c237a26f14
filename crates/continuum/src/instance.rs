//! One instance: the API, its metrics, its worker.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::net::TcpListener;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::{Server, ServerHandle};
use actix_web::web::Data;
use anyhow::{Context as _, Result, bail};
use api::{Beside, Front, RateLimits};
use arc_swap::ArcSwapOption;
use auth::Tokens;
use auth::oidc::{Provider, Settings};
use auth::password::{Cost, Passwords};
use domain::clock::{Clock, Ids};
use domain::siret::Siret;
use fetch::Fetcher;
use files::{Files, Settings as FileSettings};
use geocoder::Geocoder;
use ipnet::IpNet;
use notify::Worker;
use notify::post::Signature;
use notify::transport::Transport;
use secrecy::{ExposeSecret as _, SecretString};
use store::{Connect, Store};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use url::Url;
use usecases::{Context, Readers};

use crate::command::asked_to_stop;
use crate::keys::Keys;
use crate::letters::Letters;
use crate::{metrics_page, periodic};

/// How many exports of tickets an instance writes at once.
const EXPORTS: usize = 4;

/// How long what is under way is waited for when the process is to stop: longer than it is given, shorter than a database that does
/// not answer is waited for.
pub(crate) const STOP: Duration = Duration::from_secs(15);

/// Where e-mail goes.
#[derive(Clone)]
pub enum Mail {
    /// To a server: `smtp://`, `smtps://`, with login and `?tls=required` if wanted.
    Smtp(SecretString),
    /// Into a folder, one file each.
    Folder(PathBuf),
}

/// The signature under e-mails (DKIM).
#[derive(Clone)]
pub struct Dkim {
    /// Under which name the public key is published: `continuum` for `continuum._domainkey.ville.example`.
    pub selector: String,
    /// Whose signature it is.
    pub domain: String,
    /// The private key, PEM.
    pub key: SecretString,
}

impl Dkim {
    pub(crate) fn signature(&self) -> Result<Signature> {
        Ok(Signature::new(&self.selector, &self.domain, self.key.expose_secret())?)
    }
}

/// An identity provider (OpenID Connect), such as ProConnect.
#[derive(Clone)]
pub struct Oidc {
    /// What people call it.
    pub name: String,
    /// Its issuer URL, to the letter as its metadata name it.
    pub issuer: String,
    /// Under which name it knows us.
    pub client_id: String,
    /// What shows it that we are that client.
    pub client_secret: SecretString,
    /// The establishments whose people may sign in; `None` does not look at the establishment.
    pub sirets: Option<BTreeSet<Siret>>,
    /// What is asked for, when it is not what ProConnect has.
    pub scopes: Option<Vec<String>>,
    /// Whether PKCE (RFC 7636) is used, which ProConnect does not know.
    pub pkce: bool,
    /// How firmly people have to prove who they are (`acr_values`), best first; empty when it is left to the provider.
    pub acr_values: Vec<String>,
}

impl Oidc {
    /// The provider, to which the browser comes back at this instance's public address.
    fn provider(&self, public_url: &Url) -> Result<Provider> {
        let (issuer, client_id, secret) = (self.issuer.clone(), self.client_id.clone(), self.client_secret.clone());
        let (callback, signed_out) = (public_url.join("sign-in/callback")?, public_url.join("signed-out")?);
        let sirets = self.sirets.clone();
        let settings =
            Settings::proconnect(issuer, client_id, secret, callback, signed_out, sirets.clone().unwrap_or_default());
        let scopes = self.scopes.clone().unwrap_or(settings.scopes.clone());
        Ok(Provider::new(Settings {
            sirets,
            scopes,
            pkce: self.pkce,
            acr_values: self.acr_values.clone(),
            ..settings
        })?)
    }
}

/// How long a client may leave waiting what it is sent.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// What an instance needs to know.
#[derive(Clone)]
pub struct Config {
    /// The database.
    pub database: Connect,
    /// The address to listen on; port 0 takes any free one.
    pub listen: String,
    /// The address of the metrics page, if there shall be one.
    pub metrics_listen: Option<String>,
    /// The base of every link, and the issuer of access tokens; where the instance listens, when absent.
    pub public_url: Option<Url>,
    /// The keys.
    pub keys: Keys,
    /// Where e-mail goes.
    pub mail: Mail,
    /// The signature under e-mails, if there is one.
    pub dkim: Option<Dkim>,
    /// Where attachments are kept, and what they may be.
    pub files: FileSettings,
    /// The networks that are not public to which programs may have events sent all the same.
    pub private_targets: Vec<IpNet>,
    /// The base URL of what looks addresses up, if anything does.
    pub geocoder: Option<Url>,
    /// How much hashing a password costs.
    pub password_cost: Cost,
    /// The networks of the proxies that are believed when they say for whom they ask.
    pub proxies: Vec<IpNet>,
    /// The web origins whose scripts may use the API.
    pub origins: Vec<String>,
    /// The addresses to which a browser goes back with the code of a sign-in.
    pub return_urls: Vec<Url>,
    /// Where people sign in with OpenID Connect, if anywhere.
    pub oidc: Option<Oidc>,
    /// How often a caller may ask; as often as they like, when absent.
    pub rate_limits: Option<RateLimits>,
    /// How many threads answer requests; one a processor, when absent.
    pub threads: Option<usize>,
    /// How long a client may leave waiting what it is sent: [`PATIENCE`], but in tests.
    pub patience: Duration,
    /// Whether this instance drains the outbox.
    pub worker: bool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn Ids>,
}

/// An instance that answers requests.
pub struct Instance {
    /// Where it answers, without a slash at the end.
    pub base_url: String,
    /// Where its metrics are.
    pub metrics_url: Option<String>,
    /// What its use cases need.
    pub context: Context,
    /// What drains the outbox when it is asked to.
    pub worker: Arc<Worker>,
    servers: Vec<ServerHandle>,
    tasks: Vec<JoinHandle<()>>,
    /// These end by themselves once they are told to.
    ending: Vec<JoinHandle<()>>,
}

/// Makes an instance: migrates the database, reads the city, listens.
///
/// # Errors
/// When the address is taken, the database does not answer or is newer than this program, or the key at hand is not the
/// one that sealed what residents left.
pub async fn build(config: Config) -> Result<Instance> {
    let listener = listen(&config.listen)?;
    hang_up_after(&listener, config.patience)?;
    let metrics_listener = config.metrics_listen.as_deref().map(listen).transpose()?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let public_url = config.public_url.clone().map_or_else(|| Url::parse(&base_url), Ok)?;
    let https = public_url.scheme() == "https";
    let context = context(&config, &public_url).await?;
    let transport = transport(&config.mail)?;
    let (store, clock, ids) = (context.store.clone(), config.clock.clone(), config.ids.clone());
    let worker = Worker::new(store, transport, clock, ids, context.wake.clone(), public_url);
    let worker = Arc::new(worker.signing(config.dkim.as_ref().map(Dkim::signature).transpose()?));
    let mut servers = Vec::new();
    let front = Data::new(
        Front::new(config.proxies.clone(), config.origins.clone(), config.rate_limits)
            .with_sign_in(config.oidc.as_ref().map(|oidc| oidc.name.clone()), config.return_urls.clone())
            .with_https(https),
    );
    let mut tasks = vec![
        tokio::spawn(periodic::follow_city(context.clone())),
        tokio::spawn(periodic::follow_feed(context.clone())),
        tokio::spawn(periodic::forget_idle(front.clone())),
    ];
    if let Some(folder) = config.keys.folder.clone() {
        tasks.push(tokio::spawn(periodic::follow_keys(context.clone(), folder)));
    }
    let mut ending = Vec::new();
    if config.worker {
        ending.push(tokio::spawn({
            let (worker, stopping) = (worker.clone(), context.stopping.clone());
            async move { worker.run(&stopping).await }
        }));
        let (schema, keys) = (config.database.schema.clone(), config.keys.seal.clone());
        ending.push(tokio::spawn(periodic::work(context.clone(), schema, keys)));
    } else {
        tasks.push(tokio::spawn(periodic::announce_messages(context.clone())));
    }
    let mut metrics_url = None;
    if let Some(listener) = metrics_listener {
        metrics_url = Some(format!("http://{}/metrics", listener.local_addr()?));
        let (server, upkeep) = metrics_page::server(context.clone(), listener)?;
        start(server, &mut servers, &mut tasks);
        tasks.push(tokio::spawn(upkeep));
    }
    start(api_server(context.clone(), front, listener, config.threads)?, &mut servers, &mut tasks);
    Ok(Instance { base_url, metrics_url, context, worker, servers, tasks, ending })
}

/// What hands e-mail over.
pub(crate) fn transport(mail: &Mail) -> Result<Transport> {
    Ok(match mail {
        Mail::Smtp(url) => Transport::smtp(url.expose_secret())?,
        Mail::Folder(folder) => Transport::folder(folder)?,
    })
}

/// What use cases need, with the database migrated and the city read.
///
/// # Errors
/// See [`build`].
pub async fn context(config: &Config, public_url: &Url) -> Result<Context> {
    let store = Store::connect(&config.database, config.keys.sealing.clone())?;
    store.migrate(&config.database.schema).await?;
    if let Some((name, id)) = store.foreign_key().await? {
        let or = if name == "residents" {
            format!(
                "; or, if it lies there as residents-{id}.key, or `continuum keys replace-residents` was broken off, \
                 run that"
            )
        } else {
            String::new()
        };
        bail!(
            "the key {name}.key at hand is not the one that sealed what the database holds ({id}): put that key back \
             into the keys folder{or}"
        );
    }
    let issuer = public_url.as_str().trim_end_matches('/').to_owned();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let context = Context {
        store,
        clock: config.clock.clone(),
        ids: config.ids.clone(),
        letters: Arc::new(Letters { public_url: public_url.clone() }),
        tokens: Arc::new(Tokens::new(issuer, &config.keys.token)?),
        provider: config.oidc.as_ref().map(|oidc| oidc.provider(public_url)).transpose()?.map(Arc::new),
        passwords: Arc::new(Passwords::new(config.password_cost)?),
        files: Arc::new(Files::new(config.files.clone())?),
        fetcher: Arc::new(Fetcher::new(&config.private_targets)?),
        geocoder: config.geocoder.as_ref().map(Geocoder::new).transpose()?.map(Arc::new),
        hashing: Arc::new(Semaphore::new(processors)),
        looking: Arc::new(Semaphore::new(1)),
        exports: Arc::new(Semaphore::new(EXPORTS)),
        city: Arc::new(ArcSwapOption::empty()),
        readers: Readers::default(),
        counted: Arc::default(),
        learnt: Arc::default(),
        source: public_url.as_str().into(),
        fed: Arc::new(Notify::new()),
        wake: Arc::new(Notify::new()),
        stopping: CancellationToken::new(),
    };
    usecases::city::reload(&context).await?;
    Ok(context)
}

pub(crate) fn listen(address: &str) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).with_context(|| format!("{address} cannot be listened on"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Ends the connections to a listener whose clients have taken nothing of what they are sent for that long. Whoever writes to one
/// only waits; what they wait for is Linux's to give up.
fn hang_up_after(listener: &TcpListener, patience: Duration) -> Result<()> {
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(listener).set_tcp_user_timeout(Some(patience))?;
    #[cfg(not(target_os = "linux"))]
    let _ = (listener, patience);
    Ok(())
}

/// Beside the API.
const BESIDE: &[Beside] = &[
    Beside { prefix: open311::PREFIX, routes: open311::routes, refuse: open311::refuse },
    Beside { prefix: ogc::PREFIX, routes: ogc::routes, refuse: ogc::refuse },
];

fn api_server(context: Context, front: Data<Front>, listener: TcpListener, threads: Option<usize>) -> Result<Server> {
    let server = HttpServer::new(move || api::app(context.clone(), front.clone(), BESIDE))
        .disable_signals()
        .shutdown_timeout(10)
        // Who sends their headers one by one, or never hangs up, is not waited for.
        .client_request_timeout(Duration::from_secs(10))
        .client_disconnect_timeout(Duration::from_secs(5))
        .keep_alive(Duration::from_secs(75));
    let server = match threads {
        Some(threads) => server.workers(threads),
        None => server,
    };
    Ok(server.listen(listener)?.run())
}

fn start(server: Server, servers: &mut Vec<ServerHandle>, tasks: &mut Vec<JoinHandle<()>>) {
    servers.push(server.handle());
    tasks.push(tokio::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "a server has ended");
        }
    }));
}

/// Waits until one of them ends, and forgets it; for ever, when there are none.
async fn first_end(tasks: &mut Vec<JoinHandle<()>>) {
    let ended = poll_fn(|context| {
        let ended = tasks.iter_mut().position(|task| Pin::new(task).poll(context).is_ready());
        ended.map_or(Poll::Pending, Poll::Ready)
    })
    .await;
    tasks.swap_remove(ended);
}

impl Instance {
    /// Waits until the process is asked to stop.
    ///
    /// # Errors
    /// When the worker has ended by itself, as it does when something in it panics: whoever looks after the process is to start it
    /// again, rather than leave one that answers and sends nothing.
    pub(crate) async fn asked_to_stop(&mut self) -> Result<()> {
        tokio::select! {
            asked = asked_to_stop() => asked,
            () = first_end(&mut self.ending) => bail!("the worker ended without being asked to"),
        }
    }

    /// Stops: requests and deliveries under way are finished, within ten seconds, those who follow events are told to connect
    /// again, and leases are given back; then the connections to the database are closed.
    pub async fn stop(self) {
        let until = Instant::now() + STOP;
        self.context.stopping.cancel();
        // Each begins to stop when it is asked, not when it is waited for.
        let stopping: Vec<_> = self.servers.iter().map(|server| server.stop(true)).collect();
        for server in stopping {
            server.await;
        }
        let ended = async {
            for ending in self.ending {
                drop(ending.await);
            }
        };
        drop(timeout_at(until, ended).await);
        for task in &self.tasks {
            task.abort();
        }
        self.context.store.close().await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_noticed_and_the_others_can_still_be_waited_for() {
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, first_end(&mut Vec::new())).await.is_err(), "there is none");
        let fault = async { std::panic::resume_unwind(Box::new("as a fault of the worker would")) };
        let mut tasks: Vec<JoinHandle<()>> =
            vec![tokio::spawn(pending()), tokio::spawn(fault), tokio::spawn(pending())];
        first_end(&mut tasks).await;
        assert_eq!(tasks.len(), 2);
        assert!(tokio::time::timeout(soon, first_end(&mut tasks)).await.is_err(), "the others go on");
        for task in tasks {
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
    }
}
