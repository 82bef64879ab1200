//! Lists that a tenant keeps outside of the rule file.

use crate::event::address::{DomainPattern, PatternError};
use crate::event::{Address, PROVIDED_ITEMS_MAX, ProvidedList};
use crate::time::Date;
use crate::value::fold;
use crate::value::words::ListKind;
use sha2::{Digest, Sha256};

/// Why a provided list was refused, with the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Neither an address nor a domain.
    #[error("line {line}: neither an address like `ceo@partner.example` nor a domain like `@customer.com`")]
    NotAPerson {
        /// From 1.
        line: usize,
    },
    /// A domain that is none, or that covers everyone.
    #[error("line {line}: {why}")]
    BadDomain {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        why: PatternError,
    },
    /// Not a date.
    #[error("line {line}: not a date like 2026-12-24")]
    NotADate {
        /// From 1.
        line: usize,
    },
    /// Too long.
    #[error("more than {PROVIDED_ITEMS_MAX} items")]
    TooLong,
}

/// Reads a provided list: one item a line, empty lines and lines that begin with `#` left out.
///
/// The version is the SHA-256 of the text, so that equal lists have equal versions.
///
/// # Errors
/// [`ListError`] for the first line that is no item of the list's kind, and past [`PROVIDED_ITEMS_MAX`] items.
pub fn parse_provided_list(kind: ListKind, text: &str) -> Result<ProvidedList, ListError> {
    let digest = Sha256::digest(text);
    let version = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut list = ProvidedList { version, ..ProvidedList::default() };
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let items =
        lines.map(|(index, line)| (index + 1, line.trim())).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    for (count, (line, item)) in items.enumerate() {
        if count == PROVIDED_ITEMS_MAX {
            return Err(ListError::TooLong);
        }
        match kind {
            ListKind::Texts => list.texts.push(fold(item)),
            ListKind::Dates => {
                list.dates.insert(item.parse::<Date>().map_err(|_| ListError::NotADate { line })?);
            }
            ListKind::People if item.starts_with('@') => {
                list.domains.insert(DomainPattern::parse(item).map_err(|why| ListError::BadDomain { line, why })?);
            }
            ListKind::People => {
                list.addresses.insert(Address::parse(item).ok_or(ListError::NotAPerson { line })?);
            }
        }
    }
    Ok(list)
}
