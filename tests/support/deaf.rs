//! Clients that ask for a long answer, and do not read it.

use std::time::Duration;

use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::caller::Caller;

/// One that has read of an answer that it begins, and reads no more. It has room for next to nothing.
pub struct Deaf(TcpStream);

impl Deaf {
    pub async fn ask(who: &Caller, path: &str) -> Self {
        let request = who.request(Method::GET, path).build().unwrap();
        let (address, token) = (request.url().authority(), request.headers()["authorization"].to_str().unwrap());
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {token}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 200");
        Self(stream)
    }

    /// Within that time nobody is there any more who would hear what it says. What had arrived by then.
    pub async fn hung_up_on(mut self, within: Duration) -> Vec<u8> {
        let speaking = async {
            while self.0.write_all(b"\r\n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(within, speaking).await.expect("the connection has ended");
        let mut rest = Vec::new();
        drop(self.0.read_to_end(&mut rest).await);
        rest
    }
}
