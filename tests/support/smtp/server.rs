//! The server's process: `smtp-server --dir DIR [--port N] [--tls starttls|implicit] [--login USER:PASSWORD]
//! [--until-stdin-closes]`.
//!
//! It listens on 127.0.0.1, writes its port to `DIR/port` and `port N` to its output, and each accepted e-mail to
//! `DIR/NNNN.eml` with its envelope in `DIR/NNNN.json`, then `stored N` to its output. `DIR/behaviour.json`, if there
//! is one, is read at each command.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mailin::response::{INVALID_CREDENTIALS, OK};
use mailin::{Action, AuthMechanism, Handler, Response, SessionBuilder, response};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{Behaviour, Encryption, Envelope, certificate};

struct Server {
    folder: PathBuf,
    tls: Encryption,
    config: Option<Arc<ServerConfig>>,
    login: Option<(String, String)>,
    /// How many e-mails were accepted, also by an earlier process.
    stored: Mutex<usize>,
    /// How it behaves, as it was last read.
    known: Mutex<(Vec<u8>, Arc<Behaviour>)>,
}

/// The process's main; `args` are those after `smtp-server`. Ends only when killed, or when its input closes if that
/// was asked for.
///
/// # Panics
/// On any trouble: the test that started it then fails.
pub fn run(args: impl IntoIterator<Item = String>) -> ExitCode {
    let (mut folder, mut port, mut tls, mut login, mut watched) = (None, 0_u16, Encryption::None, None, false);
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_else(|| panic!("{arg} needs a value"));
        match arg.as_str() {
            "--dir" => folder = Some(PathBuf::from(value())),
            "--port" => port = value().parse().expect("--port N"),
            "--tls" => {
                tls = match value().as_str() {
                    "starttls" => Encryption::StartTls,
                    "implicit" => Encryption::Implicit,
                    other => panic!("--tls starttls or implicit, not {other}"),
                }
            }
            "--login" => {
                let value = value();
                let (user, password) = value.split_once(':').expect("--login USER:PASSWORD");
                login = Some((user.to_owned(), password.to_owned()));
            }
            "--until-stdin-closes" => watched = true,
            other => panic!("{other} means nothing"),
        }
    }
    if watched {
        thread::spawn(|| {
            io::copy(&mut io::stdin(), &mut io::sink()).ok();
            std::process::exit(0);
        });
    }
    listen(folder.expect("--dir DIR"), port, tls, login)
}

fn listen(folder: PathBuf, port: u16, tls: Encryption, login: Option<(String, String)>) -> ExitCode {
    let config = (tls != Encryption::None).then(|| certificate::config(&folder));
    let ends_in_eml = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|end| end == "eml");
    let stored = fs::read_dir(&folder).expect("DIR").filter(|entry| entry.as_ref().is_ok_and(ends_in_eml)).count();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a port");
    let port = listener.local_addr().expect("a port").port();
    fs::write(folder.join("port"), port.to_string()).expect("DIR/port");
    say("port", port.into());
    let server = Arc::new(Server { folder, tls, config, login, stored: Mutex::new(stored), known: Mutex::default() });
    for stream in listener.incoming() {
        let (server, stream) = (Arc::clone(&server), stream.expect("a connection"));
        // A client that goes away, or that does not trust the certificate, is none of the server's concern.
        thread::spawn(move || server.serve(&stream).ok());
    }
    ExitCode::SUCCESS
}

fn say(what: &str, number: usize) {
    let mut out = io::stdout().lock();
    writeln!(out, "{what} {number}").and_then(|()| out.flush()).expect("the output is read");
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

impl Server {
    fn serve(&self, tcp: &TcpStream) -> io::Result<()> {
        let mut names = SessionBuilder::new("smtp.tests.example");
        if self.tls == Encryption::StartTls {
            names.enable_start_tls();
        }
        if self.login.is_some() {
            names.enable_auth(AuthMechanism::Plain).enable_auth(AuthMechanism::Login);
        }
        let state = Rc::new(State::default());
        let mail = Mail { server: self, state: Rc::clone(&state) };
        let mut session = names.build(IpAddr::V4(Ipv4Addr::LOCALHOST), mail);
        let mut stream: BufReader<Box<dyn Stream>> = BufReader::new(Box::new(tcp.try_clone()?));
        if self.tls == Encryption::Implicit {
            stream = self.encrypted(tcp)?;
            state.tls.set(true);
            session.tls_active();
        }
        let greeting = session.greeting();
        self.answer(&mut stream, &greeting)?;
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line)? > 0 {
            if let Some(words) = &self.behaviour().reject_all {
                write!(stream.get_mut(), "{words}\r\n")?;
                return stream.get_mut().flush();
            }
            let reply = session.process(&line);
            line.clear();
            if state.hangs.get() {
                io::copy(&mut stream, &mut io::sink())?;
                return Ok(());
            }
            self.answer(&mut stream, &reply)?;
            match reply.action {
                Action::Close => return Ok(()),
                Action::UpgradeTls => {
                    stream = self.encrypted(tcp)?;
                    state.tls.set(true);
                    session.tls_active();
                }
                Action::Reply | Action::NoReply => {}
            }
        }
        Ok(())
    }

    fn answer(&self, stream: &mut BufReader<Box<dyn Stream>>, reply: &Response) -> io::Result<()> {
        let words = self.behaviour().reject_all.as_ref().map(|words| format!("{words}\r\n").into_bytes());
        stream.get_mut().write_all(&words.map_or_else(|| reply.buffer(), Ok)?)?;
        stream.get_mut().flush()
    }

    fn encrypted(&self, tcp: &TcpStream) -> io::Result<BufReader<Box<dyn Stream>>> {
        let config = self.config.clone().expect("a server with TLS has a certificate");
        let connection = ServerConnection::new(config).map_err(io::Error::other)?;
        Ok(BufReader::new(Box::new(StreamOwned::new(connection, tcp.try_clone()?))))
    }

    fn behaviour(&self) -> Arc<Behaviour> {
        let text = fs::read(self.folder.join("behaviour.json")).unwrap_or_default();
        let mut known = self.known.lock().expect("no thread fails while it reads");
        // Asked at each line of each e-mail.
        if known.0 != text {
            let read = serde_json::from_slice(&text).expect("behaviour.json can be read");
            *known = (text, Arc::new(read));
        }
        known.1.clone()
    }

    fn store(&self, envelope: &Envelope, raw: &[u8]) -> io::Result<()> {
        let mut stored = self.stored.lock().expect("no thread fails while it counts");
        let path = self.folder.join(format!("{:04}", *stored + 1));
        fs::write(path.with_extension("eml"), raw)?;
        let unfinished = path.with_extension("tmp");
        fs::write(&unfinished, serde_json::to_vec(envelope)?)?;
        fs::rename(unfinished, path.with_extension("json"))?;
        *stored += 1;
        say("stored", *stored);
        Ok(())
    }
}

/// What the connection's loop and the handler both know.
#[derive(Default)]
struct State {
    tls: Cell<bool>,
    hangs: Cell<bool>,
    authenticated: Cell<bool>,
    from: RefCell<String>,
    to: RefCell<Vec<String>>,
    data: RefCell<Vec<u8>>,
}

struct Mail<'a> {
    server: &'a Server,
    state: Rc<State>,
}

impl Mail<'_> {
    fn login(&self, user: &str, password: &str) -> Response {
        let right = self.server.login.as_ref().is_some_and(|(u, p)| (u.as_str(), p.as_str()) == (user, password));
        self.state.authenticated.set(right);
        if right { response::AUTH_OK } else { INVALID_CREDENTIALS }
    }
}

impl Handler for Mail<'_> {
    fn mail(&mut self, _ip: IpAddr, _domain: &str, from: &str) -> Response {
        from.clone_into(&mut self.state.from.borrow_mut());
        self.state.to.borrow_mut().clear();
        self.state.data.borrow_mut().clear();
        OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        let behaviour = self.server.behaviour();
        if let Some(words) = behaviour.refuse.get(to).or_else(|| behaviour.defer.get(to)) {
            let (code, text) = words.split_once(' ').expect("an answer is a code and words");
            return Response::custom(code.parse().expect("a code"), text.to_owned());
        }
        self.state.to.borrow_mut().push(to.to_owned());
        OK
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        self.state.data.borrow_mut().extend_from_slice(line);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let envelope = Envelope {
            from: self.state.from.borrow().clone(),
            to: self.state.to.borrow().clone(),
            tls: self.state.tls.get(),
            authenticated: self.state.authenticated.get(),
        };
        self.server.store(&envelope, &self.state.data.borrow()).expect("the e-mail can be stored");
        let behaviour = self.server.behaviour();
        self.state.hangs.set(behaviour.hang_after_data);
        if let Some(wait) = envelope.to.iter().find_map(|to| behaviour.slow.get(to)) {
            thread::sleep(Duration::from_millis(*wait));
        }
        OK
    }

    fn auth_plain(&mut self, _authorization: &str, user: &str, password: &str) -> Response {
        self.login(user, password)
    }

    fn auth_login(&mut self, user: &str, password: &str) -> Response {
        self.login(user, password)
    }
}
