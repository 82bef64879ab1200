//! A browser, as far as flows need one: it keeps cookies, and follows nothing by itself.

use reqwest::Method;
use std::collections::BTreeMap;

/// What came back.
#[derive(Clone, Debug)]
pub struct Seen {
    pub status: u16,
    pub location: Option<String>,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Seen {
    /// The status, and the title of the page or where it leads, without the number of the flow.
    pub fn told(&self) -> String {
        let title = self.body.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or_default();
        match &self.location {
            Some(url) => format!(
                "{} to {}",
                self.status,
                url.split("://").nth(1).and_then(|url| url.split("&flow=").next()).unwrap_or_default()
            ),
            None => format!("{} {title}", self.status),
        }
    }
}

/// A browser with its cookies, by host and port.
#[derive(Clone, Default)]
pub struct Browser {
    pub cookies: BTreeMap<String, BTreeMap<String, String>>,
    client: reqwest::Client,
}

impl Browser {
    pub fn new() -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { cookies: BTreeMap::new(), client }
    }

    pub async fn get(&mut self, url: &str) -> Seen {
        self.send(Method::GET, url, &[]).await
    }

    pub async fn post(&mut self, url: &str) -> Seen {
        self.send(Method::POST, url, &[("sec-fetch-site", "same-origin"), ("origin", "null")]).await
    }

    pub async fn send(&mut self, method: Method, url: &str, headers: &[(&str, &str)]) -> Seen {
        let read = url::Url::parse(url).expect("a URL");
        let place = format!("{}:{}", read.host_str().unwrap_or_default(), read.port_or_known_default().unwrap_or_default());
        let mut request = self.client.request(method, url);
        let own = self.cookies.entry(place.clone()).or_default();
        if !own.is_empty() {
            let line: Vec<String> = own.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", line.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("the host answers");
        let mut seen = Seen { status: answer.status().as_u16(), location: None, headers: BTreeMap::new(), body: String::new() };
        for (name, value) in answer.headers() {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            if name == "set-cookie" {
                let pair = value.split(';').next().unwrap_or_default();
                let (name, cookie) = pair.split_once('=').expect("a cookie");
                self.cookies.entry(place.clone()).or_default().insert(name.to_owned(), cookie.to_owned());
            }
            seen.headers.insert(name.to_string(), value);
        }
        seen.location = seen.headers.get("location").cloned();
        seen.body = answer.text().await.expect("a body");
        seen
    }
}
