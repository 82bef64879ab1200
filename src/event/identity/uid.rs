//! The one spelling of a UID: what Exchange wraps comes out, what Google splits is told.

use crate::time::Date;

/// A UID in the spelling that is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NormalUid {
    /// The UID to compare; `None` for an empty one.
    pub norm: Option<String>,
    /// The instance that an Exchange UID names.
    pub instance_date: Option<Date>,
    /// The UID of the series that this one was split from: "this and following" at Google (`G2.5`).
    pub series_family: Option<String>,
}

/// How often one UID may be wrapped in another; nested wraps occur in real data.
const WRAPS_MAX: usize = 4;

/// The first 16 bytes of every Exchange identifier, as hex.
const PREFIX: &str = "040000008200E00074C5B7101A82E008";
/// The hex digits before the data: prefix, instance date, creation, zeroes, length.
const HEADER_DIGITS: usize = 80;
/// What data begins with that holds somebody else's UID.
const FOREIGN_MARK: &[u8] = b"vCal-Uid\x01\x00\x00\x00";

/// Brings `uid` into the spelling that is compared. Total: what cannot be decoded is a UID of its own.
///
/// ```
/// use callsheet::event::identity::normalise_uid;
/// let wrapped = "040000008200E00074C5B7101A82E00807EA03090000000000000000000000000000000032000000\
///                7643616C2D55696401000000376B756B7571726665646C6D3266397430766B3275397130616240676F6F676C652E636F6D00";
/// let uid = normalise_uid(wrapped);
/// assert_eq!(uid.norm.as_deref(), Some("7kukuqrfedlm2f9t0vk2u9q0ab@google.com"));
/// assert_eq!(uid.instance_date.map(|date| date.to_string()).as_deref(), Some("2026-03-09"));
/// ```
#[must_use]
pub fn normalise_uid(uid: &str) -> NormalUid {
    let mut norm = uid.trim().to_owned();
    let mut instance_date = None;
    for _ in 0..WRAPS_MAX {
        let Some(exchange) = Exchange::read(&norm) else { break };
        // The outermost date is the one of the calendar that was read.
        instance_date = instance_date.or(exchange.instance_date);
        match exchange.foreign {
            Some(foreign) => norm = foreign.trim().to_owned(),
            None => {
                norm = exchange.undated;
                break;
            }
        }
    }
    let series_family = google_family(&norm);
    NormalUid { norm: Some(norm).filter(|norm| !norm.is_empty()), instance_date, series_family }
}

/// A decoded Exchange identifier (MS-OXCICAL 2.1.3.1.1.20.26).
struct Exchange {
    instance_date: Option<Date>,
    /// The organizer's own UID, where the identifier was made for one.
    foreign: Option<String>,
    /// The identifier in upper case, its date zeroed.
    undated: String,
}

impl Exchange {
    fn read(uid: &str) -> Option<Self> {
        let shaped =
            uid.len() >= HEADER_DIGITS && uid.len().is_multiple_of(2) && uid.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !shaped || !uid[..PREFIX.len()].eq_ignore_ascii_case(PREFIX) {
            return None;
        }
        let mut undated = uid.to_ascii_uppercase();
        let date_digits = PREFIX.len()..PREFIX.len() + 8;
        let instance_date = date(&undated[date_digits.clone()]);
        undated.replace_range(date_digits, "00000000");
        let data = bytes(&undated[HEADER_DIGITS..]);
        // The length field lies in real data, so that it is not believed.
        let foreign = data.strip_prefix(FOREIGN_MARK).map(|foreign| {
            let end = foreign.iter().position(|byte| *byte == 0).unwrap_or(foreign.len());
            readable(&foreign[..end])
        });
        Some(Self { instance_date, foreign, undated })
    }
}

/// Year, month and day as big-endian hex; `None` for zeroes and for what is no date.
fn date(digits: &str) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| i16::from_str_radix(&digits[range], 16).ok();
    let (month, day) = (i8::try_from(number(4..6)?).ok()?, i8::try_from(number(6..8)?).ok()?);
    Date::new(number(0..4)?, month, day).ok()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
    hex.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// The bytes as text, escaped where they are none.
fn readable(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.escape_ascii().to_string())
}

/// The UID without `_R` and a local time before `@google.com`.
fn google_family(uid: &str) -> Option<String> {
    let stem = uid.strip_suffix("@google.com")?;
    let (series, split) = stem.rsplit_once("_R")?;
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = match split.split_once('T') {
        Some((date, time)) => digits(date, 8) && digits(time, 6),
        None => digits(split, 8),
    };
    (is_time && !series.is_empty()).then(|| format!("{series}@google.com"))
}
