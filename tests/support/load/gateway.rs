//! A gateway on loopback, in front of a world: it passes requests on, or does to them what broken networks and servers do.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manner {
    /// It is answered as the world does.
    Pass,
    /// Nobody answers; the connection stays open.
    HalfOpen,
    /// The world carries it out, and nobody hears of it.
    Unanswered,
    /// The answer begins, and nothing follows.
    HeadersOnly,
    /// A byte every twenty milliseconds.
    Drip,
    /// A body that never ends.
    Endless,
    /// A gigabyte is announced.
    Gigabyte,
    /// The world carries it out; the connection is closed in the middle of its answer.
    Cut,
    /// The connection is closed at once.
    Closed,
    /// A page for people.
    Html,
    /// It is to be asked elsewhere, which is here.
    Loop,
    /// Some kilobytes that unpack to more than any answer may have.
    Bomb,
}

impl Manner {
    /// All that are wrong.
    pub const WRONG: [Self; 11] = [
        Self::HalfOpen,
        Self::Unanswered,
        Self::HeadersOnly,
        Self::Drip,
        Self::Endless,
        Self::Gigabyte,
        Self::Cut,
        Self::Closed,
        Self::Html,
        Self::Loop,
        Self::Bomb,
    ];
}

/// How long a silent connection is kept open: longer than any client of a test waits.
const SILENCE: Duration = Duration::from_secs(30);

/// The gateway; it serves until the process ends.
#[derive(Clone)]
pub struct Gateway {
    /// `http://127.0.0.1:8400` and the like.
    pub address: String,
    state: Arc<Mutex<State>>,
    bomb: Arc<Vec<u8>>,
}

#[derive(Default)]
struct State {
    /// Where the world is.
    world: String,
    /// For everything below a path.
    manner: BTreeMap<&'static str, Manner>,
    /// Below these paths, the first request of each name meets the manners in turn.
    first: Vec<&'static str>,
    seen: BTreeSet<String>,
    /// How often each was met, by the first part of the path.
    met: BTreeMap<(String, Manner), usize>,
}

impl Gateway {
    /// A gateway in front of nothing yet.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        let gateway = Self { address, state: Arc::default(), bomb: Arc::new(bomb()) };
        let server = gateway.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                // Whoever is treated badly may go at any time.
                thread::spawn(move || drop(server.serve(stream)));
            }
        });
        gateway
    }

    /// Passes requests on to the world at this address.
    pub fn lead_to(&self, world: &str) {
        self.state.lock().expect("nobody panics with it").world = world.trim_start_matches("http://").to_owned();
    }

    /// Treats everything below a path like that from now on.
    pub fn set(&self, path: &'static str, manner: Manner) {
        self.state.lock().expect("nobody panics with it").manner.insert(path, manner);
    }

    /// Treats the first request about each bot or webhook badly, each in another way.
    pub fn begin_badly(&self, paths: &[&'static str]) {
        self.state.lock().expect("nobody panics with it").first = paths.to_vec();
    }

    /// How often each manner was met below a path.
    pub fn met(&self, path: &str) -> BTreeMap<Manner, usize> {
        let state = self.state.lock().expect("nobody panics with it");
        state.met.iter().filter(|((known, _), _)| known == path).map(|((_, manner), count)| (*manner, *count)).collect()
    }

    fn manner(&self, request: &Asked) -> Manner {
        let mut state = self.state.lock().expect("nobody panics with it");
        let part = request.path.split('/').nth(1).unwrap_or_default().to_owned();
        let name = request.header("webhook-id").unwrap_or(&request.path).to_owned();
        let changes = request.method != "GET";
        let first = state.first.contains(&part.as_str()) && changes && state.seen.insert(format!("{} {name}", request.method));
        let manner = if first {
            let turn: usize = state.met.iter().filter(|((known, _), _)| *known == part).map(|(_, count)| count).sum();
            Manner::WRONG[turn % Manner::WRONG.len()]
        } else {
            state.manner.get(part.as_str()).copied().unwrap_or(Manner::Pass)
        };
        if manner != Manner::Pass {
            *state.met.entry((part, manner)).or_default() += 1;
        }
        manner
    }

    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let Some(request) = Asked::read(&mut client)? else { return Ok(()) };
        let manner = self.manner(&request);
        // A receiver that says 200 has taken what it got, whatever else it says.
        let says_200 = [Manner::HeadersOnly, Manner::Drip, Manner::Endless, Manner::Gigabyte, Manner::Html, Manner::Bomb];
        if request.path.starts_with("/hooks/") && says_200.contains(&manner) {
            self.carried_out(&request)?;
        }
        match manner {
            Manner::Pass => client.write_all(&self.carried_out(&request)?),
            Manner::HalfOpen => silence(client),
            Manner::Unanswered => {
                self.carried_out(&request)?;
                silence(client)
            }
            Manner::HeadersOnly => {
                client.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n")?;
                silence(client)
            }
            Manner::Drip => {
                client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")?;
                loop {
                    client.write_all(b"{")?;
                    thread::sleep(Duration::from_millis(20));
                }
            }
            Manner::Endless => endless(client, "transfer-encoding: chunked\r\n\r\n", b"2000\r\n", b"\r\n"),
            Manner::Gigabyte => endless(client, "content-length: 1073741824\r\n\r\n", b"", b""),
            Manner::Cut => {
                let answer = self.carried_out(&request)?;
                client.write_all(&answer[..answer.len().saturating_sub(2)])
            }
            Manner::Closed => Ok(()),
            Manner::Html => {
                let page = "<!doctype html><html><body><h1>Please sign in</h1></body></html>";
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n";
                client.write_all(format!("{head}content-length: {}\r\n\r\n{page}", page.len()).as_bytes())
            }
            Manner::Loop => {
                let here = format!("{}{}", self.address, request.path);
                let head = "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nconnection: close\r\n";
                client.write_all(format!("{head}location: {here}\r\n\r\n").as_bytes())
            }
            Manner::Bomb => {
                let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n";
                client.write_all(format!("{head}content-length: {}\r\n\r\n", self.bomb.len()).as_bytes())?;
                client.write_all(&self.bomb)
            }
        }
    }

    /// What the world answers.
    fn carried_out(&self, request: &Asked) -> io::Result<Vec<u8>> {
        let world = self.state.lock().expect("nobody panics with it").world.clone();
        let mut server = TcpStream::connect(world)?;
        server.write_all(&request.bytes)?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

/// A request, to be passed on over a connection of its own.
struct Asked {
    method: String,
    path: String,
    head: String,
    bytes: Vec<u8>,
}

impl Asked {
    fn read(client: &mut TcpStream) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if client.read(&mut byte)? == 0 {
                return Ok(None);
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut first = head.split(' ').map(str::to_owned);
        let (method, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
        let mut asked = Self { method, path, bytes: Vec::new(), head };
        let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        client.read_exact(&mut body)?;
        let lines = asked.head.trim_end().split("\r\n").filter(|line| !line.to_lowercase().starts_with("connection:"));
        let head = lines.collect::<Vec<_>>().join("\r\n");
        asked.bytes = [head.as_bytes(), b"\r\nconnection: close\r\n\r\n", &body].concat();
        Ok(Some(asked))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

fn silence(client: TcpStream) -> io::Result<()> {
    thread::sleep(SILENCE);
    drop(client);
    Ok(())
}

/// Writes until nobody reads any more.
fn endless(mut client: TcpStream, head: &str, before: &[u8], after: &[u8]) -> io::Result<()> {
    client.write_all(format!("HTTP/1.1 200 OK\r\ncontent-type: text/calendar\r\n{head}").as_bytes())?;
    let chunk = [before, &[b'x'; 0x2000], after].concat();
    loop {
        client.write_all(&chunk)?;
    }
}

/// Sixty-four megabytes of zeros, packed: more than any answer may have.
fn bomb() -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::fast());
    member.write_all(&vec![0; 64 * 1024 * 1024]).expect("it is memory");
    member.finish().expect("it is memory")
}
