//! What the operator sets: a file in TOML, then the environment, then the command line; checked as a whole before anything
//! starts.
//!
//! ```toml
//! store = "sqlite:callsheet.db"        # or postgres://…
//! listen = "127.0.0.1:8462"            # health, metrics
//! horizon_days = 14
//! keep_days = 30                       # past meetings, events and deliveries
//!
//! [bots]
//! kind = "callsheet"                   # the contract of docs/bot-backend.md
//! url = "https://bots.example/"
//! token_file = "bots.token"
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

use crate::event::Address;
use crate::event::address::DomainPattern;
use crate::time::Zone;
use serde::Deserialize;

/// The configuration as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the host keeps its state.
    pub store: Option<String>,
    /// Where it listens for health checks, metrics and notifications.
    pub listen: Option<String>,
    /// How far ahead meetings are planned.
    pub horizon_days: Option<u16>,
    /// How long past meetings are kept, with their bots, events and deliveries.
    pub keep_days: Option<u16>,
    /// Who sends the bots.
    pub bots: Option<Bots>,
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

/// Who sends the bots.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bots {
    /// Which contract it speaks.
    #[serde(default = "default_kind")]
    pub kind: String,
    /// Where it listens.
    pub url: String,
    /// A file that holds the token to show.
    pub token_file: Option<String>,
}

impl Bots {
    /// A service at this address that keeps callsheet's own contract.
    #[must_use]
    pub fn at(url: String) -> Self {
        Self { kind: default_kind(), url, token_file: None }
    }
}

fn default_kind() -> String {
    "callsheet".to_owned()
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

/// A calendar feed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
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

/// A webhook receiver.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where it listens.
    pub url: String,
    /// A file that holds the signing secret, `whsec_…`.
    pub secret_file: String,
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
pub const VARIABLES: &[(&str, &str)] =
    &[("store", "CALLSHEET_STORE"), ("listen", "CALLSHEET_LISTEN"), ("bots.url", "CALLSHEET_BOTS_URL")];

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
        if let Some(url) = set("bots.url") {
            let rest = config.bots.take().unwrap_or_else(|| Bots::at(String::new()));
            config.bots = Some(Bots { url, ..rest });
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
        if let Some(bots) = &self.bots {
            check_url("bots.url", &bots.url)?;
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
            "horizon_days = 0",
            "keep_days = 1",
            "horizon = 14",
            "[bots]\nkind = \"callsheet\"",
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

            `horizon_days` must be 1 to 60

            `keep_days` must be 7 to 3660

            TOML parse error at line 1, column 1
              |
            1 | horizon = 14
              | ^^^^^^^
            unknown field `horizon`, expected one of `store`, `listen`, `horizon_days`, `keep_days`, `bots`, `tenant`, `feed`, `webhook`

            TOML parse error at line 1, column 1
              |
            1 | [bots]
              | ^^^^^^
            missing field `url`

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
}
