//! What the items of a list are, where nothing but their spelling says it.

use crate::value::words::ListKind;

/// The kind of list that an item of a bare array belongs to.
///
/// People: what begins with `@` (a domain), and what has the shape of a mail address: one `@`, no white space, something on
/// both sides. Dates: `YYYY-MM-DD`, whether or not a calendar has the day. Texts: anything else.
///
/// ```
/// use callsheet::syntax::json::item_kind;
/// use callsheet::value::words::ListKind;
/// assert_eq!(["@*.bigco.com", "ceo@partner.example"].map(item_kind), [ListKind::People; 2]);
/// assert_eq!(["面接", "meet @ noon", "a@b@c", "a@"].map(item_kind), [ListKind::Texts; 4]);
/// assert_eq!(item_kind("2026-12-24"), ListKind::Dates);
/// ```
#[must_use]
pub fn item_kind(written: &str) -> ListKind {
    if written.starts_with('@') || is_address_shaped(written) {
        ListKind::People
    } else if is_date_shaped(written) {
        ListKind::Dates
    } else {
        ListKind::Texts
    }
}

fn is_address_shaped(written: &str) -> bool {
    let Some((local, domain)) = written.split_once('@') else { return false };
    !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !written.contains(char::is_whitespace)
}

fn is_date_shaped(written: &str) -> bool {
    let fits = |(place, byte): (usize, u8)| if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    written.len() == "YYYY-MM-DD".len() && written.bytes().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_tells_the_kind_of_an_item() {
        let kinds = |items: &[&str]| items.iter().map(|item| item_kind(item)).collect::<Vec<_>>();
        assert_eq!(kinds(&["@", "@home", "@a b", "@@", "a@b", "面@接"]), [ListKind::People; 6]);
        assert_eq!(kinds(&["2026-12-24", "2026-02-30", "0000-00-00"]), [ListKind::Dates; 3]);
        let texts =
            ["", "a@", "a@b@c", "a@ b", "a\u{3000}@b", "----------", "20261224--", "2026-12-2", "2026-12-24 ", "２026-1-1"];
        assert_eq!(kinds(&texts), [ListKind::Texts; 10]);
    }
}
