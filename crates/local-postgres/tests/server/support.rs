//! What the tests need beside the crate: a client of a few lines, other programs that hold a server, and waiting.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use local_postgres::Server;

/// Set for a child: what it does.
const ROLE: &str = "LOCAL_POSTGRES_TEST_ROLE";
const FOLDER: &str = "LOCAL_POSTGRES_TEST_FOLDER";
/// Marks what a child has to say among the words of its test harness.
const MARK: &str = "@@ ";
const PATIENCE: Duration = Duration::from_mins(1);

/// First column of every row, in the simple query protocol.
pub(crate) fn query(url: &str, sql: &str) -> Vec<String> {
    let mut stream = UnixStream::connect(socket_folder(url).join(".s.PGSQL.5432")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let parameters = b"user\0continuum\0database\0postgres\0\0";
    let mut startup = u32::try_from(parameters.len() + 8).unwrap().to_be_bytes().to_vec();
    startup.extend(196_608_u32.to_be_bytes());
    startup.extend(parameters);
    stream.write_all(&startup).unwrap();
    answers(&mut stream);
    let mut message = vec![b'Q'];
    message.extend(u32::try_from(sql.len() + 5).unwrap().to_be_bytes());
    message.extend(sql.as_bytes());
    message.push(0);
    stream.write_all(&message).unwrap();
    answers(&mut stream)
}

/// Reads up to `ReadyForQuery`; a row is its count of columns, then the first one's length and content.
fn answers(stream: &mut UnixStream) -> Vec<String> {
    let mut rows = Vec::new();
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut body = vec![0; length as usize - 4];
        stream.read_exact(&mut body).unwrap();
        match head[0] {
            b'Z' => return rows,
            b'E' => panic!("{}", String::from_utf8_lossy(&body)),
            b'R' => assert_eq!(body, [0; 4], "AuthenticationOk, without a password"),
            b'D' => {
                let end = 6 + u32::from_be_bytes([body[2], body[3], body[4], body[5]]) as usize;
                rows.push(String::from_utf8_lossy(&body[6..end]).into_owned());
            }
            _ => {}
        }
    }
}

pub(crate) fn socket_folder(url: &str) -> PathBuf {
    let host = url.split_once("host=").unwrap().1.split('&').next().unwrap();
    let mut pieces = host.split('%');
    let mut path = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        path.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        path.extend(&piece.as_bytes()[2..]);
    }
    PathBuf::from(String::from_utf8(path).unwrap())
}

/// Pid of the server, from its lock file, which lies beside its socket.
pub(crate) fn server_pid(url: &str) -> u32 {
    let lock = fs::read_to_string(socket_folder(url).join("postmaster.pid")).unwrap();
    lock.lines().next().unwrap().parse().unwrap()
}

pub(crate) fn kill_9(pid: u32) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
}

/// A process that has ended and waits for its parent to notice counts as ended.
pub(crate) fn runs(pid: u32) -> bool {
    let state = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().unwrap().stdout;
    !state.is_empty() && !state.starts_with(b"Z")
}

pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Another program that starts a server and keeps it until it is killed or dropped.
pub(crate) struct Program {
    process: Child,
    input: Option<ChildStdin>,
    /// Open as long as the program may write.
    _output: BufReader<ChildStdout>,
    said: String,
}

impl Program {
    /// `role` is `keep` or `throwaway`; returns when its server is up or has failed.
    pub(crate) fn run(role: &str, folder: &Path, environment: &[(&str, &str)]) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "another_program", "--nocapture"])
            .env(ROLE, role)
            .env(FOLDER, folder)
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut lines = output.by_ref().lines().map(Result::unwrap);
        let said = lines.find_map(|line| line.split_once(MARK).map(|(_, said)| said.to_owned())).unwrap();
        Self { process, input, _output: output, said }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The URL of its server, or why it has none.
    pub(crate) fn said(&self) -> &str {
        &self.said
    }

    pub(crate) fn kill_9(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // At the end of its input it stops its server, whose folder can then be removed.
        self.input.take();
        self.process.wait().ok();
    }
}

/// What [`Program`] runs; nothing in an ordinary test run.
pub(crate) fn play_role() {
    let Ok(role) = env::var(ROLE) else {
        return;
    };
    let server = match role.as_str() {
        "keep" => Server::start(Path::new(&env::var_os(FOLDER).unwrap())),
        "throwaway" => Server::start_throwaway(),
        other => panic!("{other}"),
    };
    match &server {
        Ok(server) => println!("\n{MARK}{}", server.url("postgres")),
        Err(error) => println!("\n{MARK}{}", error.to_string().replace('\n', " | ")),
    }
    // Until the parent closes its end, or kills this program.
    std::io::stdin().read_to_end(&mut Vec::new()).ok();
}
