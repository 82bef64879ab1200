//! What the operator sets: a file in TOML, then the environment, then the command line; checked as a whole before anything
//! starts.
//!
//! ```toml
//! store = "sqlite:callsheet.db"        # or postgres://…
//! listen = "127.0.0.1:8462"            # health, metrics
//! role = "all"                         # or "api", "worker": docs/secrets.md
//! horizon_days = 14
//! keep_days = 30                       # past meetings, events and deliveries
//!
//! [bots]
//! kind = "callsheet"                   # the contract of docs/bot-backend.md; or "recall", "attendee": docs/bot-services.md
//! url = "https://bots.example/"        # of "recall" its region instead: region = "eu-central-1"
//! token_file = "bots.token"            # else the variable CALLSHEET_BOTS_TOKEN
//!
//! [api]
//! public_url = "https://callsheet.example"
//! trusted_proxies = ["10.0.0.0/8"]     # whose X-Forwarded-For is believed
//!
//! [oauth.google]                       # docs/connecting.md
//! client_id = "….apps.googleusercontent.com"
//! client_secret_file = "google.secret"
//!
//! [secrets]                            # docs/secrets.md
//! root_key_file = "root.key"           # else the variable CALLSHEET_ROOT_KEY
//!
//! [tenant]
//! name = "Acme"
//! own_domains = ["@acme.example"]
//! rules = "team.rules"
//!
//! [[feed]]
//! user = "ana"
//! source = "https://calendars.example/ana.ics"
//! addresses = ["ana@acme.example"]
//! zone = "Europe/London"
//!
//! [[webhook]]
//! url = "https://hooks.example/callsheet"
//! secret_file = "webhook.secret"
//! ```
//!
//! Secrets come from files or the environment, never inline, so that a configuration can be shown to others.

mod role;
mod secrets;

pub use role::Role;
pub use secrets::{Keeper, RootAt, Secrets};

use crate::event::Address;
use crate::event::address::DomainPattern;
use crate::host::bots::{Backend, Region};
use crate::host::net::address::Subnet;
use crate::host::oauth::Endpoints;
use crate::time::Zone;
use serde::Deserialize;
use std::fmt;

/// The configuration as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the host keeps its state.
    pub store: Option<String>,
    /// Where it listens for health checks, metrics and notifications.
    pub listen: Option<String>,
    /// What this process does, one of [`Role`]'s words; `all` where nobody says.
    pub role: Option<String>,
    /// How far ahead meetings are planned.
    pub horizon_days: Option<u16>,
    /// How long past meetings are kept, with their bots, events and deliveries.
    pub keep_days: Option<u16>,
    /// Who sends the bots.
    pub bots: Option<Bots>,
    /// The programming interface.
    #[serde(default)]
    pub api: Api,
    /// The operator's own OAuth clients, for tenants that have none of their own.
    #[serde(default)]
    pub oauth: OauthClients,
    /// Where the providers' interfaces are, where they are not where everybody finds them.
    #[serde(default)]
    pub providers: Providers,
    /// Where the root key is that seals secrets.
    #[serde(default)]
    pub secrets: Secrets,
    /// Whose calendars they are.
    #[serde(default)]
    pub tenant: Tenant,
    /// The calendar feeds to keep in sync.
    #[serde(default)]
    pub feed: Vec<Feed>,
    /// The webhook receivers.
    #[serde(default)]
    pub webhook: Vec<Webhook>,
}

/// The programming interface, which is served where health checks are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Where the world reaches it, for links that are given out.
    pub public_url: Option<String>,
    /// Requests a second that one key may send.
    pub requests_per_second: Option<u32>,
    /// The networks of reverse proxies whose `X-Forwarded-For` says who asks, like `10.0.0.0/8`.
    #[serde(default)]
    pub trusted_proxies: Vec<String>,
    /// A file with 32 bytes in base64 that all hosts behind one address share, and processes of several roles must; it signs cursors of
    /// lists, and seals what tenants' keys lend to processes that open nothing.
    pub secret_file: Option<String>,
}

/// The operator's own OAuth clients: docs/connecting.md.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OauthClients {
    /// With Google.
    pub google: Option<OauthClient>,
    /// With Microsoft.
    pub microsoft: Option<OauthClient>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OauthClient {
    /// What the provider calls it.
    pub client_id: String,
    /// A file that holds its secret; for processes that exchange codes.
    pub client_secret_file: Option<String>,
    /// Of Microsoft: whose accounts may grant; `organizations` where nobody says.
    pub authority: Option<String>,
    /// Where the provider's authorization server is, as JSON, where it is not where it publishes to be.
    pub endpoints: Option<String>,
}

/// Where the providers' interfaces are: sovereign clouds, and tests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Providers {
    /// Google Calendar, like `https://www.googleapis.com/calendar/v3`.
    pub google: Option<String>,
    /// Microsoft Graph, like `https://graph.microsoft.com/v1.0`.
    pub graph: Option<String>,
}

/// Who sends the bots.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bots {
    /// Which contract it speaks, one of [`BotKind`]'s words; `callsheet` where nobody says.
    pub kind: Option<String>,
    /// Where it listens. Recall.ai is found by its region; a URL stands for another address of it, as of a proxy.
    pub url: Option<String>,
    /// The region of an account at Recall.ai.
    pub region: Option<String>,
    /// A file that holds the token to show.
    pub token_file: Option<String>,
}

impl Bots {
    /// A service at this address that keeps callsheet's own contract.
    #[must_use]
    pub fn at(url: String) -> Self {
        Self { kind: None, url: Some(url), region: None, token_file: None }
    }

    /// Checks every key, and says what they come to.
    ///
    /// # Errors
    /// [`ConfigError`] for the first that is wrong or missing.
    pub fn check(&self) -> Result<BotService, ConfigError> {
        let kind = self.kind.as_deref().unwrap_or(BotKind::Callsheet.word());
        let Some(kind) = BotKind::from_word(kind) else {
            let words: Vec<String> = BotKind::ALL.iter().map(|kind| format!("`{}`", kind.word())).collect();
            return Err(wrong("bots.kind", format!("must be one of {}", words.join(", "))));
        };
        if kind != BotKind::Recall && self.region.is_some() {
            return Err(wrong("bots.region", "is for `kind = \"recall\"` alone".to_owned()));
        }
        if let Some(url) = &self.url {
            check_url("bots.url", url)?;
        }
        let base_url = match (kind, &self.url, &self.region) {
            (BotKind::Recall, Some(_), Some(_)) => {
                return Err(wrong("bots.region", "and `bots.url` say both where the service is".to_owned()));
            }
            (BotKind::Recall, None, Some(region)) => match Region::from_word(region) {
                Some(region) => region.base_url(),
                None => {
                    let words: Vec<String> = Region::ALL.iter().map(|region| format!("`{}`", region.word())).collect();
                    return Err(wrong("bots.region", format!("must be one of {}", words.join(", "))));
                }
            },
            (_, Some(url), _) => url.trim_end_matches('/').to_owned(),
            (BotKind::Recall, None, None) => {
                return Err(ConfigError::Missing { key: "bots.region", why: "an account at Recall.ai lives in one" });
            }
            (_, None, _) => return Err(ConfigError::Missing { key: "bots.url", why: "it is where bots are asked for" }),
        };
        Ok(BotService { kind, base_url })
    }
}

/// The contracts of bot services that the host speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BotKind {
    /// callsheet's own: `docs/bot-backend.md`.
    Callsheet,
    /// Recall.ai.
    Recall,
    /// Attendee, hosted or one's own.
    Attendee,
}

impl BotKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Callsheet, Self::Recall, Self::Attendee];

    /// The word in a configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Callsheet => "callsheet",
            Self::Recall => "recall",
            Self::Attendee => "attendee",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A bot service as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotService {
    /// Which contract it speaks.
    pub kind: BotKind,
    /// Where it is, without a slash at its end.
    pub base_url: String,
}

impl BotService {
    /// The service with the token to show it.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] where a service that lets nobody in without a key has none.
    pub fn backend(self, token: String) -> Result<Backend, ConfigError> {
        if token.is_empty() && self.kind != BotKind::Callsheet {
            let why = "the service wants an API key, from that file or from CALLSHEET_BOTS_TOKEN";
            return Err(ConfigError::Missing { key: "bots.token_file", why });
        }
        let (base_url, token) = (self.base_url, token.into());
        Ok(match self.kind {
            BotKind::Callsheet => Backend::Callsheet { base_url, token },
            BotKind::Recall => Backend::Recall { base_url, token },
            BotKind::Attendee => Backend::Attendee { base_url, token },
        })
    }
}

/// The tenant of a host that serves one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// What people call it.
    pub name: Option<String>,
    /// Its own domains.
    #[serde(default)]
    pub own_domains: Vec<String>,
    /// Addresses of its recording bots.
    #[serde(default)]
    pub bots: Vec<String>,
    /// The file that holds the organisation's rules.
    pub rules: Option<String>,
}

/// A calendar feed. `Debug` shows neither whose it is nor its source, which opens it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Whose calendar it is.
    pub user: String,
    /// A URL, or a file on this machine.
    pub source: String,
    /// The user's own addresses.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// The user's zone.
    pub zone: Option<String>,
}

/// A webhook receiver. `Debug` does not show where it listens.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where it listens.
    pub url: String,
    /// A file that holds the signing secret, `whsec_…`.
    pub secret_file: String,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a feed")
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a webhook receiver")
    }
}

/// What is wrong with a configuration. Names the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not TOML, an unknown key, or a value of another type: with line, column and the place drawn.
    #[error("{0}")]
    Toml(String),
    /// A key has a value it cannot have.
    #[error("`{key}` {why}")]
    Value {
        /// The key, with its path.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// A key that is needed is missing.
    #[error("`{key}` is missing: {why}")]
    Missing {
        /// The key, with its path.
        key: &'static str,
        /// What it is needed for.
        why: &'static str,
    },
}

/// Keys that the environment can set, and the variables that do.
pub const VARIABLES: &[(&str, &str)] = &[
    ("store", "CALLSHEET_STORE"),
    ("listen", "CALLSHEET_LISTEN"),
    ("role", "CALLSHEET_ROLE"),
    ("bots.url", "CALLSHEET_BOTS_URL"),
];

/// Most days that a host plans ahead.
pub const HORIZON_DAYS_MAX: u16 = 60;
/// Fewest and most days that a host keeps what is past: deliveries may be tried for three days, and replayed after that.
pub const KEEP_DAYS: (u16, u16) = (7, 3660);

impl Config {
    /// Reads a configuration and checks every value; `variable` looks a name up in the environment.
    ///
    /// # Errors
    /// [`ConfigError`] for the first thing that is wrong.
    ///
    /// ```
    /// use callsheet::host::config::Config;
    /// let error = Config::parse("horizon_days = 900", |_| None).unwrap_err();
    /// assert_eq!(error.to_string(), "`horizon_days` must be 1 to 60");
    /// ```
    pub fn parse(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut config: Self =
            toml::from_str(text).map_err(|error| ConfigError::Toml(error.to_string().trim_end().to_owned()))?;
        let set = |name: &str| VARIABLES.iter().find(|(key, _)| *key == name).and_then(|(_, name)| variable(name));
        config.store = set("store").or(config.store);
        config.listen = set("listen").or(config.listen);
        config.role = set("role").or(config.role);
        if let Some(url) = set("bots.url") {
            let rest = config.bots.take().unwrap_or_else(|| Bots::at(String::new()));
            config.bots = Some(Bots { url: Some(url), ..rest });
        }
        config.check()?;
        Ok(config)
    }

    /// Checks every value.
    ///
    /// # Errors
    /// [`ConfigError`] for the first that is wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key: &str, why: &str| Err(ConfigError::Value { key: key.to_owned(), why: why.to_owned() });
        if self
            .store
            .as_ref()
            .is_some_and(|url| !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| url.starts_with(scheme)))
        {
            return wrong("store", "must begin with `sqlite:` or `postgres:`");
        }
        if self.listen.as_ref().is_some_and(|listen| listen.parse::<std::net::SocketAddr>().is_err()) {
            return wrong("listen", "must be an address and a port, like `127.0.0.1:8462`");
        }
        if self.horizon_days.is_some_and(|days| !(1..=HORIZON_DAYS_MAX).contains(&days)) {
            return wrong("horizon_days", &format!("must be 1 to {HORIZON_DAYS_MAX}"));
        }
        if self.keep_days.is_some_and(|days| !(KEEP_DAYS.0..=KEEP_DAYS.1).contains(&days)) {
            return wrong("keep_days", &format!("must be {} to {}", KEEP_DAYS.0, KEEP_DAYS.1));
        }
        self.check_role()?;
        if let Some(bots) = &self.bots {
            bots.check()?;
        }
        if let Some(url) = &self.api.public_url {
            check_url("api.public_url", url)?;
        }
        if self.api.requests_per_second.is_some_and(|count| !(1..=1_000_000).contains(&count)) {
            return wrong("api.requests_per_second", "must be 1 to 1000000");
        }
        for (number, text) in self.api.trusted_proxies.iter().enumerate() {
            if let Err(why) = Subnet::any(text) {
                return wrong(&format!("api.trusted_proxies[{number}]"), &format!("is no network: {why}"));
            }
        }
        self.secrets.check()?;
        for (key, client) in [("oauth.google", &self.oauth.google), ("oauth.microsoft", &self.oauth.microsoft)] {
            let Some(text) = client.as_ref().and_then(|client| client.endpoints.as_ref()) else { continue };
            if let Err(why) = Endpoints::parse(text) {
                return wrong(&format!("{key}.endpoints"), &format!("is not usable: {why}"));
            }
        }
        for (key, url) in [("providers.google", &self.providers.google), ("providers.graph", &self.providers.graph)] {
            url.as_ref().map_or(Ok(()), |url| check_url(key, url))?;
        }
        for (number, domain) in self.tenant.own_domains.iter().enumerate() {
            if let Err(error) = DomainPattern::parse(domain) {
                return wrong(&format!("tenant.own_domains[{number}]"), &format!("is no domain: {error}"));
            }
        }
        check_addresses("tenant.bots", &self.tenant.bots)?;
        for (number, feed) in self.feed.iter().enumerate() {
            check_addresses(&format!("feed[{number}].addresses"), &feed.addresses)?;
            if feed.zone.as_ref().is_some_and(|zone| Zone::named(zone).is_none()) {
                return wrong(&format!("feed[{number}].zone"), "is no zone of the IANA database, like `Europe/London`");
            }
        }
        for (number, webhook) in self.webhook.iter().enumerate() {
            check_url(&format!("webhook[{number}].url"), &webhook.url)?;
        }
        Ok(())
    }
}

fn wrong(key: &str, why: String) -> ConfigError {
    ConfigError::Value { key: key.to_owned(), why }
}

fn check_addresses(key: &str, addresses: &[String]) -> Result<(), ConfigError> {
    match addresses.iter().position(|address| Address::parse(address).is_none()) {
        Some(number) => {
            Err(ConfigError::Value { key: format!("{key}[{number}]"), why: "is no address, like `ana@acme.example`".into() })
        }
        None => Ok(()),
    }
}

/// Checks that a text is a URL that requests can be sent to; `key` names it in the error.
///
/// # Errors
/// [`ConfigError::Value`].
pub fn check_url(key: &str, text: &str) -> Result<(), ConfigError> {
    let usable = url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let why = || "must be a URL that begins with `https://` or `http://`".to_owned();
    if usable { Ok(()) } else { Err(ConfigError::Value { key: key.to_owned(), why: why() }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_wrong_key_is_named() {
        let texts = [
            "store = \"mysql:x\"",
            "listen = \"8462\"",
            "role = \"web\"",
            "role = \"api\"",
            "role = \"api\"\n[api]\nsecret_file = \"s\"\n[secrets]\nroot_key_file = \"root.key\"",
            "role = \"api\"\n[api]\nsecret_file = \"s\"\n[oauth.google]\nclient_id = \"a\"\nclient_secret_file = \"g\"",
            "[oauth.google]\nclient_id = \"a\"",
            "horizon_days = 0",
            "keep_days = 1",
            "horizon = 14",
            "[bots]\nkind = \"callsheet\"",
            "[bots]\nkind = \"attendee\"",
            "[bots]\nkind = \"recall\"",
            "[bots]\nkind = \"recall\"\nregion = \"moon\"",
            "[bots]\nkind = \"recall\"\nregion = \"us-east-1\"\nurl = \"https://bots.example\"",
            "[bots]\nregion = \"us-east-1\"\nurl = \"https://bots.example\"",
            "[bots]\nkind = \"robots\"\nurl = \"https://bots.example\"",
            "[bots]\nservice = \"recall\"",
            "[bots]\nurl = \"bots.example\"",
            "[tenant]\nown_domains = [\"@acme.example\", \"co.uk\"]",
            "[[feed]]\nuser = \"ana\"\nsource = \"a.ics\"\nzone = \"Europe/Germany\"",
            "[[feed]]\nuser = \"ana\"\nsource = \"a.ics\"\naddresses = [\"ana\"]",
            "[[webhook]]\nurl = \"ftp://x.example\"\nsecret_file = \"s\"",
        ];
        let report: String =
            texts.iter().map(|text| format!("{}\n\n", Config::parse(text, |_| None).expect_err("wrong"))).collect();
        expect![[r#"
            `store` must begin with `sqlite:` or `postgres:`

            `listen` must be an address and a port, like `127.0.0.1:8462`

            `role` must be one of `all`, `api`, `worker`

            `api.secret_file` is missing: `role = "api"` shares it with the workers, which lend by it what it seals with

            `secrets` is not for `role = "api"`, which must hold nothing that opens secrets

            `oauth.google.client_secret_file` is not for `role = "api"`: workers exchange codes, and need it alone

            `oauth.google.client_secret_file` is missing: codes are exchanged with it

            `horizon_days` must be 1 to 60

            `keep_days` must be 7 to 3660

            TOML parse error at line 1, column 1
              |
            1 | horizon = 14
              | ^^^^^^^
            unknown field `horizon`, expected one of `store`, `listen`, `role`, `horizon_days`, `keep_days`, `bots`, `api`, `oauth`, `providers`, `secrets`, `tenant`, `feed`, `webhook`

            `bots.url` is missing: it is where bots are asked for

            `bots.url` is missing: it is where bots are asked for

            `bots.region` is missing: an account at Recall.ai lives in one

            `bots.region` must be one of `us-east-1`, `us-west-2`, `eu-central-1`, `ap-northeast-1`

            `bots.region` and `bots.url` say both where the service is

            `bots.region` is for `kind = "recall"` alone

            `bots.kind` must be one of `callsheet`, `recall`, `attendee`

            TOML parse error at line 2, column 1
              |
            2 | service = "recall"
              | ^^^^^^^
            unknown field `service`, expected one of `kind`, `url`, `region`, `token_file`

            `bots.url` must be a URL that begins with `https://` or `http://`

            `tenant.own_domains[1]` is no domain: a domain is written with `@` in front

            `feed[0].zone` is no zone of the IANA database, like `Europe/London`

            `feed[0].addresses[0]` is no address, like `ana@acme.example`

            `webhook[0].url` must be a URL that begins with `https://` or `http://`

        "#]]
        .assert_eq(&report);
    }

    #[test]
    fn the_environment_outranks_the_file() {
        let variable = |name: &str| (name == "CALLSHEET_STORE").then(|| "sqlite:other.db".to_owned());
        let config = Config::parse("store = \"sqlite:one.db\"", variable).expect("a configuration");
        assert_eq!(config.store.as_deref(), Some("sqlite:other.db"));
    }

    /// The configuration's service and a token; or what is wrong.
    fn backend(text: &str, token: &str) -> String {
        let config = Config::parse(&format!("[bots]\n{text}"), |_| None).expect("a configuration");
        let service = config.bots.expect("it is there").check().expect("it was checked");
        match service.backend(token.to_owned()) {
            Ok(backend) => format!("{backend:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_kind_chooses_who_is_spoken_to_and_how() {
        let told = [
            backend("url = \"https://bots.example/\"", ""),
            backend("kind = \"callsheet\"\nurl = \"https://bots.example/v1/\"", "s3cret"),
            backend("kind = \"recall\"\nregion = \"eu-central-1\"", "s3cret"),
            backend("kind = \"recall\"\nurl = \"http://127.0.0.1:8001\"", "s3cret"),
            backend("kind = \"attendee\"\nurl = \"https://app.attendee.dev\"", "s3cret"),
            backend("kind = \"attendee\"\nurl = \"https://app.attendee.dev\"", ""),
        ];
        expect![[r#"
            Callsheet { base_url: "https://bots.example", token: SecretBox<str>([REDACTED]) }
            Callsheet { base_url: "https://bots.example/v1", token: SecretBox<str>([REDACTED]) }
            Recall { base_url: "https://eu-central-1.recall.ai", token: SecretBox<str>([REDACTED]) }
            Recall { base_url: "http://127.0.0.1:8001", token: SecretBox<str>([REDACTED]) }
            Attendee { base_url: "https://app.attendee.dev", token: SecretBox<str>([REDACTED]) }
            `bots.token_file` is missing: the service wants an API key, from that file or from CALLSHEET_BOTS_TOKEN"#]]
        .assert_eq(&told.join("\n"));
    }
}
