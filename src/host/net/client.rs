//! The client: sends what may be sent, to the addresses that were judged, and gives up in time.
//!
//! Promises, each with a test of its name: redirects are answers; there are no cookies, proxies or retries; one exchange looks
//! its name up once and connects to these very addresses; nothing is sent before all of them are judged; time, body (as
//! decoded) and headers are bounded. An error is [`NetError::NotSent`] only where no byte of the request left.
//!
//! TLS is rustls with the machine's roots, TLS 1.2 or newer; receivers that speak older ciphers only are not served.
//!
//! Deliberately absent: files. Whoever reads a calendar file of this machine does so without a URL.

use super::guard::{Guard, Reach, Target};
use crate::host::clock::Boxed;
use crate::host::http::{Egress, Method, NetError, Purpose, Request, Response};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long looking up, connecting and the TLS handshake may take together. What ends by this surely was not sent.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Most bytes of an answer's headers.
pub const HEADER_BYTES_MAX: usize = 16 * 1024;
/// Most headers of an answer.
pub const HEADERS_MAX: usize = 100;
/// Most addresses of one name that are tried.
pub const ADDRESSES_MAX: usize = 8;
/// Most names that are looked up at once for one kind of caller: each occupies a thread for as long as its name servers please.
pub const LOOKUPS_MAX: usize = 32;
/// How long an idle connection to a provider or the bot backend is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const USER_AGENT: &str = concat!("callsheet/", env!("CARGO_PKG_VERSION"));

/// Finds the addresses of a name. A trait, so that tests can lie as name servers do.
pub trait Lookup: Send + Sync {
    /// The addresses, in the order in which to try them. A name that ends in a dot is absolute.
    fn addresses(&self, name: &str) -> Boxed<'static, io::Result<Vec<IpAddr>>>;
}

/// The machine's own way of looking names up.
#[derive(Debug)]
pub struct SystemLookup {
    permits: Arc<Semaphore>,
}

impl Default for SystemLookup {
    fn default() -> Self {
        Self { permits: Arc::new(Semaphore::new(LOOKUPS_MAX)) }
    }
}

impl Lookup for SystemLookup {
    fn addresses(&self, name: &str) -> Boxed<'static, io::Result<Vec<IpAddr>>> {
        let (permits, name) = (Arc::clone(&self.permits), name.to_owned());
        Box::pin(async move {
            let permit = permits.acquire_owned().await.map_err(io::Error::other)?;
            let found = tokio::task::spawn_blocking(move || {
                // Held by the thread, which goes on after its caller has given up.
                let _permit = permit;
                (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|address| address.ip()).collect())
            });
            found.await.map_err(io::Error::other)?
        })
    }
}

/// Looks a name up and hands out its addresses only where all of them are allowed; the client connects to these and asks no
/// second time.
struct Judge {
    guard: Arc<Guard>,
    lookup: Arc<dyn Lookup>,
    reach: Reach,
}

impl Resolve for Judge {
    fn resolve(&self, name: Name) -> Resolving {
        // Names of strangers are absolute: the machine's search domains and host file would turn them into names of its own.
        let dot = if self.reach == Reach::Public { "." } else { "" };
        let found = self.lookup.addresses(&format!("{}{dot}", name.as_str()));
        let (guard, reach) = (Arc::clone(&self.guard), self.reach);
        Box::pin(async move {
            let found = found.await.map_err(|_| NetError::NotSent)?;
            guard.check_addresses(reach, &found)?;
            // Port 0: that of the URL.
            let pinned: Vec<SocketAddr> =
                found.into_iter().take(ADDRESSES_MAX).map(|address| SocketAddr::new(address, 0)).collect();
            Ok(Box::new(pinned.into_iter()) as Addrs)
        })
    }
}

/// Why the network cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The operator's additional roots cannot be read.
    #[error("the additional root certificates cannot be read")]
    Roots(#[source] reqwest::Error),
    /// The TLS library found no roots, or the like.
    #[error("the HTTP client cannot start")]
    Client(#[source] reqwest::Error),
}

/// Who wrote the URL: decides what is shared and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Operator,
    Feed,
    Webhook,
}

impl Kind {
    fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Provider | Purpose::Bots => Self::Operator,
            Purpose::Feed => Self::Feed,
            Purpose::Webhook => Self::Webhook,
        }
    }
}

/// The network: the [`Egress`] that really sends.
pub struct Network {
    guard: Arc<Guard>,
    clients: BTreeMap<(Kind, Reach), reqwest::Client>,
}

impl Network {
    /// The network with the machine's name lookup. `roots_pem`: certificates in PEM that are trusted besides the machine's; may
    /// be empty.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new(guard: Guard, roots_pem: &[u8]) -> Result<Self, StartError> {
        // Two, so that strangers' slow name servers never keep the providers waiting.
        Self::build(guard, roots_pem, &Arc::new(SystemLookup::default()), &Arc::new(SystemLookup::default()))
    }

    /// The network with another way of looking names up.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn with_lookup<L: Lookup + 'static>(guard: Guard, roots_pem: &[u8], lookup: &Arc<L>) -> Result<Self, StartError> {
        Self::build(guard, roots_pem, lookup, lookup)
    }

    fn build<L: Lookup + 'static>(
        guard: Guard,
        roots_pem: &[u8],
        operator: &Arc<L>,
        stranger: &Arc<L>,
    ) -> Result<Self, StartError> {
        let roots = if roots_pem.is_empty() {
            Vec::new()
        } else {
            reqwest::Certificate::from_pem_bundle(roots_pem).map_err(StartError::Roots)?
        };
        let guard = Arc::new(guard);
        let mut kinds = vec![
            (Kind::Operator, Reach::Configured),
            (Kind::Operator, Reach::Near),
            (Kind::Feed, Reach::Public),
            (Kind::Webhook, Reach::Public),
        ];
        if guard.opens_networks() {
            kinds.extend([(Kind::Feed, Reach::Opened), (Kind::Webhook, Reach::Opened)]);
        }
        let mut clients = BTreeMap::new();
        for (kind, reach) in kinds {
            let lookup = if kind == Kind::Operator { operator } else { stranger };
            let judge = Judge { guard: Arc::clone(&guard), lookup: Arc::clone(lookup) as Arc<dyn Lookup>, reach };
            clients.insert((kind, reach), client(kind, judge, &roots).map_err(StartError::Client)?);
        }
        Ok(Self { guard, clients })
    }

    async fn exchange(&self, request: Request) -> Result<Response, NetError> {
        let target = self.guard.check_url(request.purpose, &request.url)?;
        let client = self.clients.get(&(Kind::of(request.purpose), target.reach())).ok_or(NetError::Forbidden)?;
        let (max, cut) = (request.answer_bytes_max, request.purpose == Purpose::Webhook);
        let mut answer = client.execute(outgoing(request, &target)?).await.map_err(|error| why(&error))?;
        let headers = read_headers(&answer)?;
        let body = read_body(&mut answer, max, cut).await?;
        Ok(Response { status: answer.status().as_u16(), headers, body })
    }
}

impl Egress for Network {
    fn call(&self, request: Request) -> Boxed<'_, Result<Response, NetError>> {
        Box::pin(async move {
            let limit = request.timeout;
            // Whatever ran out of time may have arrived.
            tokio::time::timeout(limit, self.exchange(request)).await.unwrap_or(Err(NetError::Ambiguous))
        })
    }
}

fn client(kind: Kind, judge: Judge, roots: &[reqwest::Certificate]) -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .no_proxy()
        .dns_resolver(judge)
        .tls_certs_merge(roots.iter().cloned())
        .connect_timeout(CONNECT_TIMEOUT)
        .http1_max_headers(HEADERS_MAX)
        .http2_max_header_list_size(HEADER_BYTES_MAX as u32);
    let builder = match kind {
        Kind::Operator => builder.pool_idle_timeout(IDLE_TIMEOUT),
        // Every exchange with a stranger is judged anew (W13.11), so its connection is not kept for the next.
        Kind::Feed => builder.pool_max_idle_per_host(0),
        // Nothing of a receiver's answer is worth unpacking.
        Kind::Webhook => builder.pool_max_idle_per_host(0).no_gzip(),
    };
    builder.build()
}

fn outgoing(request: Request, target: &Target) -> Result<reqwest::Request, NetError> {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut outgoing = reqwest::Request::new(method, target.url().clone());
    for (name, value) in &request.headers {
        let name = reqwest::header::HeaderName::from_bytes(name.as_bytes()).map_err(|_| NetError::NotSent)?;
        let value = reqwest::header::HeaderValue::from_str(value).map_err(|_| NetError::NotSent)?;
        outgoing.headers_mut().append(name, value);
    }
    if !request.body.is_empty() {
        *outgoing.body_mut() = Some(request.body.into());
    }
    Ok(outgoing)
}

fn read_headers(answer: &reqwest::Response) -> Result<Vec<(String, String)>, NetError> {
    let bytes: usize = answer.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum();
    if bytes > HEADER_BYTES_MAX {
        return Err(NetError::TooLarge);
    }
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    Ok(answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect())
}

/// Reads the body as it comes out of the decoder, so that what a bomb unpacks to is never held.
async fn read_body(answer: &mut reqwest::Response, max: usize, cut: bool) -> Result<Vec<u8>, NetError> {
    let announced = answer.content_length().unwrap_or(0);
    if !cut && announced > max as u64 {
        return Err(NetError::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| NetError::Ambiguous)? {
        let room = max - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return if cut { Ok(body) } else { Err(NetError::TooLarge) };
        }
    }
    Ok(body)
}

/// What an error of the client means: our own verdict where it is one, not sent where no connection came about, else unknown.
fn why(error: &reqwest::Error) -> NetError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(ours) = inner.downcast_ref::<NetError>() {
            return *ours;
        }
        cause = inner.source();
    }
    if error.is_connect() { NetError::NotSent } else { NetError::Ambiguous }
}

#[cfg(test)]
mod tests;
