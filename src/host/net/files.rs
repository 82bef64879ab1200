//! Feeds that are files on this machine: only those that the operator named.
//!
//! A file answers like a feed on the network, with an `ETag` of its content, so that one machine reads both.

use crate::host::clock::Boxed;
use crate::host::http::{Egress, NetError, Purpose, Request, Response};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Answers for files, and passes everything else on.
pub struct Files {
    named: BTreeSet<PathBuf>,
    rest: Arc<dyn Egress>,
}

impl Files {
    /// The files that may be read as feeds; `rest` takes every other request.
    #[must_use]
    pub fn new(named: impl IntoIterator<Item = PathBuf>, rest: Arc<dyn Egress>) -> Self {
        Self { named: named.into_iter().collect(), rest }
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
            Some(Ok(path)) if request.purpose == Purpose::Feed && self.named.contains(&path) => {
                Box::pin(async move { answer(&path, &request) })
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
        let files = Files::new([named.clone()], Arc::new(Nothing));
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
}
