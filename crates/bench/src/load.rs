//! Requests at the server, by a load generator that people know: `wrk`. What is answered one at a time is downloaded.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use continuum::TimeOrderedIds;
use domain::clock::Ids as _;
use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use serde::Deserialize;

use crate::operation::{Request, Sending};

const SCRIPT: &str = include_str!("load.lua");
const ONCE: &str = include_str!("once.lua");

/// How long an answer may take.
const PATIENCE: &str = "60s";

/// What came of it.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Load {
    /// Answers, whatever they say.
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
    /// Milliseconds that half of the answers took at most.
    pub(crate) p50: f64,
    /// Milliseconds that 99 of 100 answers took at most.
    pub(crate) p99: f64,
    /// Bytes of all answers.
    pub(crate) bytes: u64,
    /// Answers other than 2xx and 3xx.
    pub(crate) refused: u64,
    /// Connections that failed or broke, and requests without an answer in time.
    pub(crate) lost: u64,
}

impl Load {
    /// Requests a second that were answered as they should be.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    pub(crate) fn rate(self) -> f64 {
        (self.requests - self.refused) as f64 / self.seconds
    }

    /// Requests that were not answered as they should be.
    pub(crate) const fn failed(self) -> u64 {
        self.refused + self.lost
    }

    /// Bytes of an answer, on the average.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    pub(crate) fn answer(self) -> f64 {
        self.bytes as f64 / self.requests as f64
    }
}

/// Where requests are sent, and as whom.
pub(crate) struct Target<'a> {
    pub(crate) base_url: &'a str,
    pub(crate) authorization: Option<&'a str>,
    /// For the files that the load generator reads.
    pub(crate) folder: &'a Path,
}

impl Target<'_> {
    /// Sends requests for so many seconds.
    pub(crate) async fn load(
        &self,
        requests: &[Request],
        sending: Sending,
        connections: u32,
        seconds: u32,
    ) -> Result<Load> {
        match sending {
            Sending::Alone => self.download(requests, seconds).await,
            Sending::Repeated | Sending::Different => self.wrk(requests, SCRIPT, connections, seconds),
            Sending::Once => self.wrk(requests, &format!("{SCRIPT}{ONCE}"), connections, seconds),
        }
    }

    fn wrk(&self, requests: &[Request], script: &str, connections: u32, seconds: u32) -> Result<Load> {
        let line = |request: &Request| {
            let version = request.version.map(|version| version.to_string()).unwrap_or_default();
            format!("{}\t{}\t{version}\t{}\n", request.method, request.path, request.body)
        };
        let (lines, lua) = (self.folder.join("requests"), self.folder.join("load.lua"));
        fs::write(&lines, requests.iter().map(line).collect::<String>())?;
        fs::write(&lua, script)?;
        let mut wrk = Command::new("wrk");
        wrk.args(["-t2", &format!("-c{connections}"), &format!("-d{seconds}s"), "--timeout", PATIENCE, "-s"]).arg(lua);
        if let Some(authorization) = self.authorization {
            wrk.arg("-H").arg(format!("Authorization: {authorization}"));
        }
        wrk.arg(self.base_url).arg("--").arg(lines).arg("2");
        let output = wrk.output().context("wrk cannot be run: apt-get install wrk")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            bail!("wrk failed: {said}{}", String::from_utf8_lossy(&output.stderr));
        }
        let last = said.trim_end().lines().next_back().unwrap_or_default();
        serde_json::from_str(last).with_context(|| format!("wrk says {said}"))
    }

    async fn download(&self, requests: &[Request], seconds: u32) -> Result<Load> {
        let http = reqwest::Client::new();
        let began = Instant::now();
        let (mut times, mut bytes, mut refused) = (Vec::new(), 0, 0);
        for request in requests.iter().cycle() {
            let sent = Instant::now();
            match self.send(&http, request).await? {
                Some(answer) => bytes += answer,
                None => refused += 1,
            }
            times.push(sent.elapsed());
            if began.elapsed() >= Duration::from_secs(seconds.into()) {
                break;
            }
        }
        let seconds = began.elapsed().as_secs_f64();
        let (p50, p99) = (milliseconds(&mut times, 50), milliseconds(&mut times, 99));
        Ok(Load { requests: times.len() as u64, seconds, p50, p99, bytes, refused, lost: 0 })
    }

    /// Sends each request once, for so long at most. Milliseconds that 99 of 100 answers took at most.
    pub(crate) async fn once(&self, requests: &[Request], connections: u32, at_most: Duration) -> Result<f64> {
        let (http, until) = (reqwest::Client::new(), Instant::now() + at_most);
        let answers =
            stream::iter(requests).take_while(|_| future::ready(Instant::now() < until)).map(async |request| {
                let sent = Instant::now();
                ensure!(self.send(&http, request).await?.is_some(), "{} {} is refused", request.method, request.path);
                Ok(sent.elapsed())
            });
        let mut times: Vec<Duration> = answers.buffer_unordered(connections as usize).try_collect().await?;
        ensure!(!times.is_empty(), "there is nothing to ask for");
        Ok(milliseconds(&mut times, 99))
    }

    /// Sends one request, and reads the answer to its end. How many bytes it has, if it is a good one.
    pub(crate) async fn send(&self, http: &reqwest::Client, request: &Request) -> Result<Option<u64>> {
        let method = reqwest::Method::from_bytes(request.method.as_bytes())?;
        let mut sent = http.request(method, format!("{}{}", self.base_url, request.path));
        if let Some(authorization) = self.authorization {
            sent = sent.header("Authorization", authorization);
        }
        if let Some(version) = request.version {
            sent = sent.header("If-Match", format!("\"{version}\""));
        }
        if request.method != "GET" {
            sent = sent.header("Idempotency-Key", format!("bench-{}", TimeOrderedIds.next()));
        }
        if !request.body.is_empty() {
            sent = sent.header("Content-Type", "application/json").body(request.body.clone());
        }
        let mut answer = sent.send().await?;
        let (good, mut bytes) = (answer.status().is_success(), 0);
        while let Some(piece) = answer.chunk().await? {
            bytes += piece.len() as u64;
        }
        Ok(good.then_some(bytes))
    }
}

/// What so many of a hundred took at most.
fn milliseconds(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0
}
