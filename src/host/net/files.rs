//! Feeds that are files on this machine: only those that the operator named, in the configuration or to `callsheet admin`.
//!
//! Who named a file to `callsheet admin` did so on the store, while the host ran or before: a file that is asked for and not known
//! yet is looked up there, among the calendars of connections that operators make. What tenants connect never leads to a file,
//! whatever URL it holds.
//!
//! A file answers like a feed on the network, with an `ETag` of its content, so that one machine reads both.

use crate::host::clock::Boxed;
use crate::host::http::{Egress, NetError, Purpose, Request, Response};
use crate::host::model::Origin;
use crate::host::operations::connections::CLIENT as BY_HAND;
use crate::host::setup::CONFIGURED;
use crate::host::store::{Store, StoreError};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The clients of connections that only operators make.
const OPERATORS: [&str; 2] = [BY_HAND, CONFIGURED];

/// Answers for files, and passes everything else on.
pub struct Files {
    named: Mutex<BTreeSet<PathBuf>>,
    store: Store,
    rest: Arc<dyn Egress>,
}

impl Files {
    /// The files that may be read as feeds, besides those that the operator named to `store`; `rest` takes every other request.
    #[must_use]
    pub fn new(named: impl IntoIterator<Item = PathBuf>, store: Store, rest: Arc<dyn Egress>) -> Self {
        Self { named: Mutex::new(named.into_iter().collect()), store, rest }
    }

    /// Whether the file may be read. A file that was named once counts as named until the host ends: a calendar that is gone asks
    /// for none.
    async fn is_named(&self, path: &Path) -> bool {
        if self.named().contains(path) {
            return true;
        }
        let is_stored = self.is_stored(path).await.unwrap_or(false);
        if is_stored {
            self.named().insert(path.to_owned());
        }
        is_stored
    }

    fn named(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an operator connected the file.
    async fn is_stored(&self, path: &Path) -> Result<bool, StoreError> {
        let Some(reference) = file_url(path) else { return Ok(false) };
        for tenant in self.store.tenants().await? {
            let calendars = self.store.calendars(tenant.id).await?;
            for calendar in calendars.iter().filter(|row| row.origin == Origin::Feed && row.reference == reference) {
                let connection = self.store.connection(tenant.id, calendar.connection).await?;
                if connection.is_some_and(|row| OPERATORS.contains(&row.client.as_str())) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// The URL of a file, as a calendar refers to it. `None` for a path that is not absolute.
#[must_use]
pub fn file_url(path: &Path) -> Option<String> {
    url::Url::from_file_path(path).ok().map(String::from)
}

impl Egress for Files {
    fn call(&self, request: Request) -> Boxed<'_, Result<Response, NetError>> {
        let path = url::Url::parse(&request.url).ok().filter(|url| url.scheme() == "file").map(|url| url.to_file_path());
        match path {
            None => self.rest.call(request),
            Some(Ok(path)) if request.purpose == Purpose::Feed => {
                Box::pin(
                    async move { if self.is_named(&path).await { answer(&path, &request) } else { Err(NetError::Forbidden) } },
                )
            }
            Some(_) => Box::pin(async { Err(NetError::Forbidden) }),
        }
    }
}

fn answer(path: &Path, request: &Request) -> Result<Response, NetError> {
    let Ok(file) = std::fs::File::open(path) else { return Ok(Response::empty(404)) };
    let mut body = Vec::new();
    let most = request.answer_bytes_max as u64 + 1;
    file.take(most).read_to_end(&mut body).map_err(|_| NetError::NotSent)?;
    if body.len() > request.answer_bytes_max {
        return Err(NetError::TooLarge);
    }
    let digest = Sha256::digest(&body);
    let etag = format!("\"{}\"", digest[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let headers = vec![("etag".to_owned(), etag.clone()), ("content-type".to_owned(), "text/calendar".to_owned())];
    if request.find_header("if-none-match") == Some(etag.as_str()) {
        return Ok(Response { status: 304, headers, body: Vec::new() });
    }
    Ok(Response { status: 200, headers, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::http::Method;
    use crate::host::model::{Calendar, CalendarId, Connection, ConnectionId, ConnectionState, Tenant, TenantId};
    use crate::host::store::{Commit, Memory, Write};

    struct Nothing;

    impl Egress for Nothing {
        fn call(&self, _: Request) -> Boxed<'_, Result<Response, NetError>> {
            Box::pin(async { Ok(Response::empty(599)) })
        }
    }

    fn get(purpose: Purpose, url: &str) -> Request {
        Request::new(purpose, Method::Get, url)
    }

    #[tokio::test]
    async fn only_files_that_were_named_are_read_and_unchanged_ones_say_so() {
        let folder = std::env::temp_dir().join(format!("callsheet-files-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let (named, other) = (folder.join("named.ics"), folder.join("other.ics"));
        std::fs::write(&named, "BEGIN:VCALENDAR\nEND:VCALENDAR\n").expect("written");
        std::fs::write(&other, "secret").expect("written");
        let files = Files::new([named.clone()], Store::Memory(Memory::new()), Arc::new(Nothing));
        let url = file_url(&named).expect("absolute");
        let first = files.call(get(Purpose::Feed, &url)).await.expect("an answer");
        assert_eq!(first.status, 200);
        let etag = first.find_header("etag").expect("a tag").to_owned();
        let again = files.call(get(Purpose::Feed, &url).header("if-none-match", etag)).await.expect("an answer");
        assert_eq!((again.status, again.body.len()), (304, 0));
        let foreign = file_url(&other).expect("absolute");
        assert_eq!(files.call(get(Purpose::Feed, &foreign)).await, Err(NetError::Forbidden));
        assert_eq!(files.call(get(Purpose::Webhook, &url)).await, Err(NetError::Forbidden));
        assert_eq!(files.call(get(Purpose::Feed, "https://x.example/a.ics")).await.map(|answer| answer.status), Ok(599));
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    /// A connection of this client with a calendar that is the file.
    fn connected(number: u64, client: &str, path: &Path) -> Commit {
        let (tenant, id) = (TenantId(1), ConnectionId(number));
        let row =
            Tenant { id: tenant, name: "Acme".into(), own_domains: vec![], bots: vec![], plan_version: 0, ..Tenant::default() };
        let connection = Connection {
            tenant,
            id,
            user: "ana".into(),
            origin: Origin::Feed,
            client: client.into(),
            addresses: vec![],
            zone: None,
            state: ConnectionState::Active,
            token_file: None,
        };
        let reference = file_url(path).expect("absolute");
        let calendar = Calendar::unread(tenant, CalendarId(number + 100), id, Origin::Feed, reference);
        Commit { tenant, writes: vec![Write::Tenant(row), Write::Connection(connection), Write::Calendar(calendar)] }
    }

    #[tokio::test]
    async fn a_file_that_an_operator_connects_while_the_host_runs_is_read_and_one_of_a_tenant_is_not() {
        let file = std::env::temp_dir().join(format!("callsheet-connected-{}.ics", std::process::id()));
        std::fs::write(&file, "BEGIN:VCALENDAR\nEND:VCALENDAR\n").expect("written");
        let store = Store::Memory(Memory::new());
        let files = Files::new([], store.clone(), Arc::new(Nothing));
        let url = file_url(&file).expect("absolute");
        let asked = async || files.call(get(Purpose::Feed, &url)).await.map(|answer| answer.status);
        assert_eq!(asked().await, Err(NetError::Forbidden));
        store.commit(connected(1, "house", &file)).await.expect("new rows");
        assert_eq!(asked().await, Err(NetError::Forbidden));
        store.commit(connected(2, BY_HAND, &file)).await.expect("new rows");
        assert_eq!(asked().await, Ok(200));
        assert_eq!(files.call(get(Purpose::Webhook, &url)).await, Err(NetError::Forbidden));
        std::fs::remove_file(&file).expect("removed");
    }
}
