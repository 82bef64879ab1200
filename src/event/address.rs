//! Mail addresses and domains: one strict reading, compared by A-labels.
//!
//! A domain is compared exactly or at a label boundary, in lower-case ASCII after IDNA (UTS 46, non-transitional, STD3);
//! substrings and regexes on addresses do not exist. An address that this module cannot read belongs to nobody's side:
//! it is neither internal nor external (`R14.5`).

use std::fmt;

/// A mail address that could be read: local part and domain, both in lower case, the domain as A-labels.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    text: String,
    at: usize,
}

impl Address {
    /// Reads `written`, which holds an address and nothing else.
    ///
    /// `None` for anything else: display names, comments, quoted local parts that hold an `@`, domains that are none.
    ///
    /// ```
    /// use callsheet::event::Address;
    /// assert_eq!(Address::parse("Dana@Bücher.Example.").unwrap().to_string(), "dana@xn--bcher-kva.example");
    /// assert!(Address::parse("\"a@customer.com\"@evil.net").is_none());
    /// ```
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        let (local, domain) = written.rsplit_once('@')?;
        if !local_part_is_plain(local) {
            return None;
        }
        let domain = domain_to_ascii(domain)?;
        let mut text = local.to_lowercase();
        let at = text.len();
        text.push('@');
        text.push_str(&domain);
        Some(Self { text, at })
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// The domain as A-labels in lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a local part is an atom of RFC 5321 or its internationalised form: nothing quoted, no white space, no second `@`.
fn local_part_is_plain(local: &str) -> bool {
    let special = |c: char| {
        c.is_control() || c.is_whitespace() || matches!(c, '"' | '(' | ')' | '<' | '>' | '@' | ',' | ';' | ':' | '\\' | '[' | ']')
    };
    !local.is_empty() && local.len() <= 64 && !local.chars().any(special)
}

/// The domain as lower-case A-labels, without a trailing dot; `None` where it is no domain.
///
/// A label `xn--…` that decodes to plain ASCII is refused: it would be a second spelling of another domain.
#[must_use]
pub fn domain_to_ascii(domain: &str) -> Option<String> {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let ascii = idna::domain_to_ascii_strict(domain).ok()?;
    let two_labels = ascii.contains('.') && ascii.split('.').all(|label| !label.is_empty());
    two_labels.then_some(ascii)
}

/// Which domains a pattern of a rule covers: `@acme.com` exactly that one, `@*.acme.com` only those below it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DomainPattern {
    domain: String,
    below: bool,
}

impl DomainPattern {
    /// Reads `@domain` or `@*.domain`.
    ///
    /// # Errors
    /// Says in the author's words what is wrong: no `@`, no domain, or a public suffix such as `co.uk`, which would cover
    /// everyone's addresses.
    pub fn parse(written: &str) -> Result<Self, PatternError> {
        let rest = written.strip_prefix('@').ok_or(PatternError::NoAt)?;
        let (below, name) = match rest.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, rest),
        };
        // A single label is no domain for an address, but it can be a suffix that deserves the better message.
        let ascii = domain_to_ascii(name)
            .or_else(|| idna::domain_to_ascii_strict(name).ok().filter(|label| is_public_suffix(label)))
            .ok_or(PatternError::NotADomain)?;
        if is_public_suffix(&ascii) {
            return Err(PatternError::PublicSuffix(ascii));
        }
        Ok(Self { domain: ascii, below })
    }

    /// Whether an address at `domain` (A-labels, lower case) is covered.
    ///
    /// ```
    /// use callsheet::event::address::DomainPattern;
    /// let below = DomainPattern::parse("@*.bigco.com").unwrap();
    /// assert!(below.covers("mail.bigco.com"));
    /// assert!(!below.covers("bigco.com") && !below.covers("notbigco.com"));
    /// ```
    #[must_use]
    pub fn covers(&self, domain: &str) -> bool {
        if !self.below {
            return domain == self.domain;
        }
        domain.strip_suffix(self.domain.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
    }

    /// Every pattern that covers `address`: its own domain, and all domains above it with `@*.`.
    ///
    /// ```
    /// use callsheet::event::{Address, address::DomainPattern};
    /// let address = Address::parse("ann@mail.bigco.com").unwrap();
    /// let patterns: Vec<String> = DomainPattern::covering(&address).map(|pattern| pattern.to_string()).collect();
    /// assert_eq!(patterns, ["@mail.bigco.com", "@*.bigco.com", "@*.com"]);
    /// ```
    pub fn covering(address: &Address) -> impl Iterator<Item = Self> {
        let domain = address.domain();
        let above = domain.match_indices('.').map(|(dot, _)| &domain[dot + 1..]);
        std::iter::once(Self { domain: domain.to_owned(), below: false })
            .chain(above.map(|domain| Self { domain: domain.to_owned(), below: true }))
    }

    /// A pattern that is only there to be looked up, to be filled with [`DomainPattern::look_up`]. It covers nothing.
    #[must_use]
    pub fn blank() -> Self {
        Self { domain: String::new(), below: false }
    }

    /// Makes this the pattern of `domain`, in the memory it has, for looking that up in a set.
    pub fn look_up(&mut self, domain: &str, below: bool) -> &Self {
        self.domain.clear();
        self.domain.push_str(domain);
        self.below = below;
        self
    }

    /// The domain named, without `@` and `*.`.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Whether only the sub-domains are covered.
    #[must_use]
    pub fn is_below(&self) -> bool {
        self.below
    }
}

impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}{}", if self.below { "*." } else { "" }, self.domain)
    }
}

/// Why a domain pattern was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing marks it as a domain.
    #[error("a domain is written with `@` in front")]
    NoAt,
    /// Not a domain after IDNA.
    #[error("not a domain name")]
    NotADomain,
    /// A suffix under which anyone can register.
    #[error("anyone can register a domain under `{0}`")]
    PublicSuffix(String),
}

/// Whether anyone can register names directly under `domain` (the ICANN part of the public suffix list).
fn is_public_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes())
        .is_some_and(|suffix| suffix.typ() == Some(psl::Type::Icann) && suffix.as_bytes() == domain.as_bytes())
}
