//! The way to the database, which a test may cut or have fall silent.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

/// How the way is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Everything passes.
    Open,
    /// Every connection breaks; new ones are taken and broken off, as by a proxy whose server is gone.
    Cut,
    /// Nothing passes, and nothing breaks: as behind a firewall that has forgotten its connections.
    Silent,
}

/// A proxy before the database.
pub struct Network {
    way: watch::Sender<Way>,
    port: u16,
    carrying: JoinHandle<()>,
}

/// Where the database listens.
#[derive(Clone)]
enum Server {
    Socket(String),
    Port(String),
}

impl Network {
    /// The way to the server of this URL, which listens at a port, or at a socket in a folder.
    pub async fn to(database: &str) -> Self {
        let url = Url::parse(database).unwrap();
        let port = url.port().unwrap_or(5432);
        let folder = url.query_pairs().find(|(name, _)| name == "host").map(|(_, folder)| folder.into_owned());
        let server = match folder {
            Some(folder) => Server::Socket(format!("{folder}/.s.PGSQL.{port}")),
            None => Server::Port(format!("{}:{port}", url.host_str().unwrap())),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let way = watch::Sender::new(Way::Open);
        let told = way.clone();
        let carrying = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, server.clone(), told.subscribe()));
            }
        });
        Self { way, port, carrying }
    }

    /// From now on.
    pub fn is(&self, way: Way) {
        self.way.send_replace(way);
    }

    /// The same database, by this way.
    pub fn url(&self, database: &str) -> String {
        let mut url = Url::parse(database).unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(self.port)).unwrap();
        url.set_query(Some("sslmode=disable"));
        url.into()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

async fn carry(near: TcpStream, server: Server, mut way: watch::Receiver<Way>) {
    let (there, back) = (way.clone(), way.clone());
    let both = async {
        match server {
            Server::Socket(path) => both_ways(near, UnixStream::connect(path).await?, there, back).await,
            Server::Port(address) => both_ways(near, TcpStream::connect(address).await?, there, back).await,
        }
    };
    tokio::select! {
        _ = both => {}
        _ = way.wait_for(|way| *way == Way::Cut) => {}
    }
}

async fn both_ways(
    near: TcpStream,
    far: impl AsyncRead + AsyncWrite,
    there: watch::Receiver<Way>,
    back: watch::Receiver<Way>,
) -> std::io::Result<()> {
    let ((near_in, near_out), (far_in, far_out)) = (split(near), split(far));
    tokio::try_join!(pump(near_in, far_out, there), pump(far_in, near_out, back)).map(drop)
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut way: watch::Receiver<Way>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 65536];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        drop(way.wait_for(|way| *way != Way::Silent).await);
        to.write_all(&buffer[..count]).await?;
    }
}
