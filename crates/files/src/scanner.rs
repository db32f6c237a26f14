//! The virus scanner: clamd, asked by its `INSTREAM` command over TCP or a socket.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use clamav_client::tokio::{Socket, Tcp};
use futures_util::Stream;
use tokio::time::timeout;
use tokio_util::io::ReaderStream;

use crate::Error;

/// How long a scan may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `host:port`.
    Tcp(String),
    /// The path of its socket.
    Socket(PathBuf),
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with('/') {
            return Ok(Self::Socket(text.into()));
        }
        match text.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(Self::Tcp(text.to_owned())),
            _ => Err("expected host:port, or the path of a socket".to_owned()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Socket(path) => path.display().fmt(f),
        }
    }
}

/// What a scanner says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It knows nothing bad of it.
    Clean,
    /// It knows it, by this name.
    Infected(String),
}

pub(crate) async fn scan_file(clamd: &Address, file: File) -> Result<Verdict, Error> {
    scan_stream(clamd, ReaderStream::with_capacity(tokio::fs::File::from_std(file), 64 * 1024)).await
}

pub(crate) async fn scan_stream(
    clamd: &Address,
    stream: impl Stream<Item = std::io::Result<Bytes>>,
) -> Result<Verdict, Error> {
    let reply = async {
        match clamd {
            Address::Tcp(host_address) => {
                clamav_client::tokio::scan_stream(stream, Tcp { host_address: host_address.as_str() }, None).await
            }
            Address::Socket(socket_path) => {
                clamav_client::tokio::scan_stream(stream, Socket { socket_path }, None).await
            }
        }
    };
    let unavailable = |error: &dyn fmt::Display| Error::Unavailable(format!("clamd at {clamd}: {error}"));
    let reply = timeout(PATIENCE, reply).await.map_err(|error| unavailable(&error))?;
    let reply = reply.map_err(|error| unavailable(&error))?;
    let reply = String::from_utf8_lossy(&reply);
    verdict(&reply).ok_or_else(|| unavailable(&format_args!("{:?}", reply.trim_end_matches(['\0', '\n']))))
}

/// What a reply means: `stream: OK`, `stream: … FOUND`; none for everything else, such as a limit that was exceeded.
fn verdict(reply: &str) -> Option<Verdict> {
    let reply = reply.trim_end_matches(['\0', '\n', '\r']).strip_prefix("stream: ")?;
    if reply == "OK" {
        return Some(Verdict::Clean);
    }
    reply.strip_suffix(" FOUND").map(|name| Verdict::Infected(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_clamd_says_of_the_stream_is_a_verdict() {
        assert_eq!(verdict("stream: OK\0"), Some(Verdict::Clean));
        let found = Some(Verdict::Infected("Eicar-Test-Signature".to_owned()));
        assert_eq!(verdict("stream: Eicar-Test-Signature FOUND\0"), found);
        for reply in ["", "OK", "stream: ", "INSTREAM size limit exceeded. ERROR\0", "stream: Can't read file ERROR\0"]
        {
            assert_eq!(verdict(reply), None, "{reply}");
        }
    }

    #[test]
    fn an_address_is_a_host_with_a_port_or_a_path() {
        assert_eq!("clamav:3310".parse(), Ok(Address::Tcp("clamav:3310".to_owned())));
        assert_eq!("/run/clamd.ctl".parse(), Ok(Address::Socket("/run/clamd.ctl".into())));
        for wrong in ["clamav", "clamav:x", ":3310", ""] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
