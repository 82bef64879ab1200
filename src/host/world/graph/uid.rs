//! UIDs as Exchange writes them: GlobalObjectIds in hex (`B12`, MS-OXCICAL 2.1.3.1.1.20.26).

use crate::time::Date;

const PREFIX: &str = "040000008200E00074C5B7101A82E008";

/// The UID of a meeting that was called at Exchange, made of three numbers.
#[must_use]
pub fn own_uid(created: u64, high: u64, low: u64) -> String {
    // A FILETIME of this century, so that it looks like one; nobody reads it.
    let created = 0x01DC_0000_0000_0000 | (created >> 16);
    format!("{PREFIX}00000000{:016X}000000000000000010000000{high:016X}{low:016X}", created.swap_bytes())
}

/// How Exchange shows a UID: its own ones as they are, others wrapped; with the date of an occurrence where it names one.
#[must_use]
pub fn shown(uid: &str, date: Option<Date>) -> String {
    let wrapped = if uid.starts_with(PREFIX) { uid.to_owned() } else { wrap(uid) };
    match date {
        Some(date) => {
            let (head, tail) = (&wrapped[..PREFIX.len()], &wrapped[PREFIX.len() + 8..]);
            format!("{head}{:04X}{:02X}{:02X}{tail}", date.year(), date.month(), date.day())
        }
        None => wrapped,
    }
}

fn wrap(uid: &str) -> String {
    let mut data = b"vCal-Uid\x01\x00\x00\x00".to_vec();
    data.extend(uid.bytes());
    data.push(0);
    let length = u32::try_from(data.len()).unwrap_or(0).swap_bytes();
    let hex = data_encoding::HEXUPPER.encode(&data);
    format!("{PREFIX}00000000{:016X}{:016X}{length:08X}{hex}", 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::identity::normalise_uid;

    #[test]
    fn what_is_wrapped_here_is_unwrapped_there() {
        let date = Date::constant(2026, 3, 9);
        let google = "7kukuqrfedlm2f9t0vk2u9q0ab@google.com";
        let uid = normalise_uid(&shown(google, Some(date)));
        assert_eq!((uid.norm.as_deref(), uid.instance_date), (Some(google), Some(date)));
        assert_eq!(normalise_uid(&shown(google, None)).instance_date, None);
        let own = own_uid(7, 8, 9);
        assert_eq!(shown(&own, None), own);
        assert_eq!(normalise_uid(&shown(&own, Some(date))).norm, Some(own));
    }
}
