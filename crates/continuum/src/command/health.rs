//! `continuum health`: for containers, which have no other program to ask with.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::tell;

const PATIENCE: Duration = Duration::from_secs(5);

/// Ask the instance on this machine whether it is ready; exit with 1 if it is not.
#[derive(clap::Args)]
pub struct Health {
    /// The address that the instance listens on.
    #[arg(long, env = "CONTINUUM_LISTEN", default_value = "127.0.0.1:8080")]
    listen: String,
}

impl Health {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let address = self.listen.to_socket_addrs()?.next().context("the address names no host")?;
        let address =
            if address.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], address.port())) } else { address };
        let mut stream =
            TcpStream::connect_timeout(&address, PATIENCE).with_context(|| format!("nobody answers at {address}"))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.take(16 * 1024).read_to_string(&mut answer)?;
        let ready = answer.starts_with("HTTP/1.1 200 ");
        tell(answer.rsplit("\r\n\r\n").next().unwrap_or_default());
        Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
