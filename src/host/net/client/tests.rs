//! The client against servers of this machine that behave badly.

use super::*;
use crate::host::net::address::Subnet;
use data_encoding::BASE64;
use expect_test::expect;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// Enough for what answers, and short enough to wait for what does not.
const SHORT: Duration = Duration::from_millis(400);

/// A name server that says the next of its answers, and the last one for ever; an empty list of answers: no such name.
struct Names {
    answers: Vec<Vec<IpAddr>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    fn saying(answers: &[&[IpAddr]]) -> Arc<Self> {
        Arc::new(Self { answers: answers.iter().map(|answer| answer.to_vec()).collect(), asked: Mutex::default() })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panicked").clone()
    }
}

impl Lookup for Names {
    fn addresses(&self, name: &str) -> Boxed<'static, io::Result<Vec<IpAddr>>> {
        let mut asked = self.asked.lock().expect("nobody panicked");
        let answer = self.answers.get(asked.len()).or(self.answers.last()).cloned();
        asked.push(name.to_owned());
        Box::pin(async move { answer.ok_or(io::Error::from(io::ErrorKind::NotFound)) })
    }
}

/// A server: its port, how many connections it saw, and what they said.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers every connection by `answer`, which may keep it or drop it; runs until the process ends.
    fn on(address: IpAddr, port: u16, answer: impl Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((address, port)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let server = Self { port, connections: Arc::clone(&connections), requests: Arc::clone(&requests) };
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                connections.fetch_add(1, Ordering::SeqCst);
                let (requests, answer) = (Arc::clone(&requests), Arc::clone(&answer));
                // Kept-alive connections bring several requests.
                thread::spawn(move || {
                    while let Ok(Some(request)) = read_request(&mut stream) {
                        requests.lock().expect("nobody panicked").push(request);
                        if answer(&mut stream).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        server
    }

    fn answering(answer: &'static str) -> Self {
        Self::on(HERE, 0, move |stream| stream.write_all(answer.as_bytes()))
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn requests(&self) -> Vec<String> {
        let port = format!(":{}", self.port);
        self.requests.lock().expect("nobody panicked").iter().map(|text| text.replace(&port, ":PORT")).collect()
    }
}

/// One request with its body; `None` at the end of the connection.
fn read_request(stream: &mut impl Read) -> io::Result<Option<String>> {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        text.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&text).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    text.extend(body);
    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
}

/// A network that may reach 127.0.0.1 and nothing else near.
fn network(names: &Arc<Names>) -> Network {
    let guard = Guard::default().open(Subnet::private("127.0.0.1/32").expect("a network"));
    Network::with_lookup(guard, b"", names).expect("a client")
}

fn request(purpose: Purpose, port: u16) -> Request {
    let mut request = Request::new(purpose, Method::Get, format!("http://hooks.example.com:{port}/in?key=1#part"));
    request.timeout = SHORT;
    request
}

/// What comes of one exchange with a server.
async fn outcome(purpose: Purpose, server: &Server) -> Result<Response, NetError> {
    network(&Names::saying(&[&[HERE]])).call(request(purpose, server.port)).await
}

const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Word: Yes\r\n\r\nok";

#[tokio::test]
async fn request_arrives_as_written_and_the_answer_comes_back_whole() {
    let server = Server::answering(FINE);
    let mut request = request(Purpose::Webhook, server.port).header("webhook-id", "evt_1_2");
    (request.method, request.body) = (Method::Post, b"{}".to_vec());
    let response = network(&Names::saying(&[&[HERE]])).call(request).await.expect("an answer");
    assert_eq!((response.status, response.body.as_slice()), (200, b"ok".as_slice()));
    assert_eq!(
        response.headers,
        [("content-length", "2"), ("x-word", "Yes")].map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    expect![[r#"
        POST /in?key=1 HTTP/1.1
        webhook-id: evt_1_2
        accept: */*
        user-agent: callsheet/0.1.0
        host: hooks.example.com:PORT
        content-length: 2

        {}"#]]
    .assert_eq(&server.requests().concat().replace('\r', ""));
}

#[tokio::test]
async fn redirects_are_answers() {
    let inside = Server::answering(FINE);
    for code in [301, 302, 303, 307, 308] {
        let answer = format!("HTTP/1.1 {code} Moved\r\nLocation: http://127.0.0.1:{}/\r\nContent-Length: 0\r\n\r\n", inside.port);
        let server = Server::on(HERE, 0, move |stream| stream.write_all(answer.as_bytes()));
        for purpose in [Purpose::Webhook, Purpose::Feed, Purpose::Bots, Purpose::Provider] {
            assert_eq!(outcome(purpose, &server).await.expect("an answer").status, code);
        }
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn there_are_no_cookies() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nSet-Cookie: canary=1; Path=/\r\nContent-Length: 0\r\n\r\n");
    let network = network(&Names::saying(&[&[HERE]]));
    for purpose in [Purpose::Bots, Purpose::Bots, Purpose::Feed, Purpose::Feed] {
        network.call(request(purpose, server.port)).await.expect("an answer");
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    assert!(!requests.concat().to_lowercase().contains("cookie"), "{requests:?}");
}

#[tokio::test]
async fn bodies_are_bounded_whatever_their_header_says() {
    let announced = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nx");
    assert_eq!(outcome_within(Purpose::Bots, &announced, 1000).await, Err(NetError::TooLarge));
    // Goes on for ever; its thread ends when the client hangs up.
    let endless = || {
        Server::on(HERE, 0, |stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            loop {
                stream.write_all(b"1000\r\n")?;
                stream.write_all(&[b'x'; 0x1000])?;
                stream.write_all(b"\r\n")?;
            }
        })
    };
    for purpose in [Purpose::Feed, Purpose::Bots, Purpose::Provider] {
        assert_eq!(outcome_within(purpose, &endless(), 100_000).await, Err(NetError::TooLarge));
    }
    // A receiver has answered with its status.
    let cut = outcome_within(Purpose::Webhook, &endless(), 10_000).await.expect("an answer");
    assert_eq!((cut.status, cut.body.len()), (200, 10_000));
    let exact = Server::answering(FINE);
    assert!(outcome_within(Purpose::Bots, &exact, 2).await.is_ok());
    assert_eq!(outcome_within(Purpose::Bots, &exact, 1).await, Err(NetError::TooLarge));
}

async fn outcome_within(purpose: Purpose, server: &Server, max: usize) -> Result<Response, NetError> {
    let mut request = request(purpose, server.port);
    (request.answer_bytes_max, request.timeout) = (max, Duration::from_secs(5));
    network(&Names::saying(&[&[HERE]])).call(request).await
}

#[tokio::test]
async fn gzip_is_unpacked_and_a_bomb_is_not() {
    let pack = |bytes: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(bytes).expect("memory");
        packer.finish().expect("memory")
    };
    let serve = |packed: Vec<u8>| {
        Server::on(HERE, 0, move |stream| {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.len())?;
            stream.write_all(&packed)
        })
    };
    let small = outcome_within(Purpose::Feed, &serve(pack(b"BEGIN:VCALENDAR")), 100).await.expect("an answer");
    assert_eq!(small.body, b"BEGIN:VCALENDAR");
    let bomb = pack(&vec![0; 20_000_000]);
    assert!(bomb.len() < 50_000);
    assert_eq!(outcome_within(Purpose::Feed, &serve(bomb.clone()), 1_000_000).await, Err(NetError::TooLarge));
    // Of a receiver nothing is unpacked.
    let packed = outcome_within(Purpose::Webhook, &serve(bomb.clone()), 1_000_000).await.expect("an answer");
    assert_eq!(packed.body, bomb);
    let broken = outcome_within(Purpose::Feed, &serve(b"no gzip at all, and long enough to see it".to_vec()), 1_000_000).await;
    assert_eq!(broken, Err(NetError::Ambiguous));
}

#[tokio::test]
async fn servers_that_dawdle_are_left_in_doubt() {
    let silent = Server::on(HERE, 0, |_| {
        thread::park();
        Ok(())
    });
    assert_eq!(outcome(Purpose::Bots, &silent).await, Err(NetError::Ambiguous));
    let dripping = |first: &'static str| {
        Server::on(HERE, 0, move |stream| {
            stream.write_all(first.as_bytes())?;
            loop {
                thread::sleep(Duration::from_millis(20));
                stream.write_all(b"x")?;
            }
        })
    };
    for first in ["HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", "HTTP/1.1 200 OK\r\nX-Slow: ", ""] {
        for purpose in [Purpose::Webhook, Purpose::Feed] {
            assert_eq!(outcome(purpose, &dripping(first)).await, Err(NetError::Ambiguous), "{first:?}");
        }
    }
}

#[tokio::test]
async fn connections_that_break_leave_doubt() {
    let closed = Server::on(HERE, 0, |_| Err(io::ErrorKind::Other.into()));
    assert_eq!(outcome(Purpose::Bots, &closed).await, Err(NetError::Ambiguous));
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf";
    let broken = Server::on(HERE, 0, move |stream| {
        stream.write_all(half.as_bytes())?;
        Err(io::ErrorKind::Other.into())
    });
    assert_eq!(outcome(Purpose::Bots, &broken).await, Err(NetError::Ambiguous));
    // Closes with bytes unread, which the system turns into a reset.
    let listener = TcpListener::bind((HERE, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let rude = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        stream.read_exact(&mut [0; 100]).expect("a part of the request");
    });
    let mut large = request(Purpose::Bots, port);
    (large.method, large.body) = (Method::Post, vec![b'x'; 1_000_000]);
    assert_eq!(network(&Names::saying(&[&[HERE]])).call(large).await, Err(NetError::Ambiguous));
    rude.join().expect("it ran");
}

#[tokio::test]
async fn what_never_connected_was_not_sent() {
    let listener = TcpListener::bind((HERE, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let here = Names::saying(&[&[HERE]]);
    assert_eq!(network(&here).call(request(Purpose::Webhook, port)).await, Err(NetError::NotSent));
    assert_eq!(network(&Names::saying(&[])).call(request(Purpose::Webhook, port)).await, Err(NetError::NotSent));
    assert_eq!(network(&Names::saying(&[&[]])).call(request(Purpose::Webhook, port)).await, Err(NetError::NotSent));
    let forged = request(Purpose::Webhook, port).header("x-word", "a\r\nx-other: b");
    assert_eq!(network(&here).call(forged).await, Err(NetError::NotSent));
    let file = Request::new(Purpose::Feed, Method::Get, "file:///etc/passwd");
    assert_eq!(network(&here).call(file).await, Err(NetError::BadUrl));
}

#[tokio::test]
async fn headers_are_bounded() {
    let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(HEADER_BYTES_MAX));
    let server = Server::on(HERE, 0, move |stream| stream.write_all(long.as_bytes()));
    assert_eq!(outcome(Purpose::Webhook, &server).await, Err(NetError::TooLarge));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(HEADERS_MAX + 1));
    let server = Server::on(HERE, 0, move |stream| stream.write_all(many.as_bytes()));
    assert_eq!(outcome(Purpose::Webhook, &server).await, Err(NetError::Ambiguous));
    let endless = Server::on(HERE, 0, |stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nX: ")?;
        loop {
            stream.write_all(&[b'x'; 4096])?;
        }
    });
    assert_eq!(outcome_within(Purpose::Webhook, &endless, 1000).await, Err(NetError::Ambiguous));
}

/// 127.0.0.1 stands for a public address and 127.0.0.2 for one inside, with a listener on either.
#[tokio::test]
async fn name_that_changes_its_address_leads_to_the_judged_one_only() {
    let open = Server::answering(FINE);
    let inside = Server::on(THERE, open.port, |stream| stream.write_all(FINE.as_bytes()));
    let names = Names::saying(&[&[HERE], &[THERE]]);
    let network = network(&names);
    for purpose in [Purpose::Webhook, Purpose::Feed] {
        let asked = names.asked().len();
        let first = network.call(request(purpose, open.port)).await;
        assert_eq!(first.map(|response| response.status), if asked == 0 { Ok(200) } else { Err(NetError::Forbidden) });
        // One lookup for each exchange, and a fresh one for the next: no kept connection saves it.
        assert_eq!(names.asked().len(), asked + 1);
        assert_eq!(network.call(request(purpose, open.port)).await, Err(NetError::Forbidden));
        assert_eq!(names.asked().len(), asked + 2);
    }
    assert_eq!((open.connections(), inside.connections()), (1, 0));
}

#[tokio::test]
async fn one_forbidden_address_refuses_all() {
    let open = Server::answering(FINE);
    let inside = Server::on(THERE, open.port, |stream| stream.write_all(FINE.as_bytes()));
    for answer in [[HERE, THERE], [THERE, HERE]] {
        let network = network(&Names::saying(&[&answer]));
        assert_eq!(network.call(request(Purpose::Webhook, open.port)).await, Err(NetError::Forbidden));
    }
    assert_eq!((open.connections(), inside.connections()), (0, 0));
}

/// Nothing opened: only the port is allowed, so that something could listen.
#[tokio::test]
async fn by_default_names_of_this_machine_are_never_connected_to() {
    let server = Server::answering(FINE);
    let metadata: IpAddr = "169.254.169.254".parse().expect("an address");
    let mapped: IpAddr = "::ffff:127.0.0.1".parse().expect("an address");
    let wrapped: IpAddr = "64:ff9b::7f00:1".parse().expect("an address");
    for address in
        [HERE, THERE, mapped, wrapped, metadata, "::1".parse().expect("an address"), "0.0.0.0".parse().expect("an address")]
    {
        let names = Names::saying(&[&[address]]);
        let network = Network::with_lookup(Guard::default().allow_port(server.port), b"", &names).expect("a client");
        for purpose in [Purpose::Webhook, Purpose::Feed] {
            let url = format!("https://hooks.example.com:{}/", server.port);
            assert_eq!(network.call(Request::new(purpose, Method::Get, url)).await, Err(NetError::Forbidden), "{address}");
        }
        assert_eq!(names.asked(), ["hooks.example.com."; 2]);
        for url in ["http://hooks.example.com", "https://127.0.0.1", "https://localhost", "https://2130706433"] {
            let url = format!("{url}:{}/", server.port);
            assert!(network.call(Request::new(Purpose::Webhook, Method::Get, url)).await.is_err());
        }
        assert_eq!(names.asked().len(), 2, "what the text alone refuses is not looked up");
        // The operator's plain HTTP goes no further than this machine.
        let near = network.call(request(Purpose::Bots, 9)).await;
        assert_eq!(
            near,
            Err(if address.to_canonical().is_loopback() { NetError::NotSent } else { NetError::Forbidden }),
            "{address}"
        );
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn connections_to_the_operators_hosts_are_kept_and_those_to_strangers_are_not() {
    for (purpose, connections) in [(Purpose::Bots, 1), (Purpose::Provider, 1), (Purpose::Feed, 3), (Purpose::Webhook, 3)] {
        let server = Server::answering(FINE);
        let network = network(&Names::saying(&[&[HERE]]));
        for _ in 0..3 {
            network.call(request(purpose, server.port)).await.expect("an answer");
        }
        assert_eq!(server.connections(), connections, "{purpose:?}");
    }
}

/// The names that TLS clients asked for, in their order.
type NamesSeen = Arc<Mutex<Vec<Option<String>>>>;

/// A server with a certificate of its own making: its port, the certificate in PEM, and the names that clients asked for.
fn tls_server(name: &str) -> (u16, Vec<u8>, NamesSeen) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64.encode(made.cert.der()));
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a key that fits");
    let config = Arc::new(config);
    let listener = TcpListener::bind((HERE, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let names = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&names);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).expect("a session");
            let mut stream = rustls::StreamOwned::new(connection, stream.expect("a connection"));
            let request = read_request(&mut stream);
            if matches!(request, Ok(Some(_))) {
                seen.lock().expect("nobody panicked").push(stream.conn.server_name().map(str::to_owned));
                // The client may be gone; the next one will not be.
                let answer = FINE.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).and_then(|()| stream.flush());
            }
        }
    });
    (port, pem.into_bytes(), names)
}

#[tokio::test]
async fn certificates_are_checked_against_the_name() {
    let (port, pem, names) = tls_server("hooks.example.com");
    let guard = || Guard::default().open(Subnet::private("127.0.0.1/32").expect("a network")).allow_port(port);
    let here = Names::saying(&[&[HERE]]);
    let https = |purpose, host: &str| Request::new(purpose, Method::Get, format!("https://{host}:{port}/"));
    let strict = Network::with_lookup(guard(), b"", &here).expect("a client");
    for purpose in [Purpose::Webhook, Purpose::Feed, Purpose::Bots, Purpose::Provider] {
        assert_eq!(strict.call(https(purpose, "hooks.example.com")).await, Err(NetError::NotSent), "{purpose:?}");
    }
    assert!(names.lock().expect("nobody panicked").is_empty());
    let trusting = Network::with_lookup(guard(), &pem, &here).expect("a client");
    for purpose in [Purpose::Webhook, Purpose::Feed, Purpose::Bots, Purpose::Provider] {
        let answer = trusting.call(https(purpose, "hooks.example.com")).await;
        assert_eq!(answer.map(|response| response.status), Ok(200), "{purpose:?}");
        assert_eq!(trusting.call(https(purpose, "other.example.com")).await, Err(NetError::NotSent), "{purpose:?}");
    }
    assert_eq!(*names.lock().expect("nobody panicked"), vec![Some("hooks.example.com".to_owned()); 4]);
}

#[tokio::test]
async fn roots_that_cannot_be_read_are_said_at_the_start() {
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(Network::with_lookup(Guard::default(), broken, &Names::saying(&[])).is_err());
}
