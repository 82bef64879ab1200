//! Names of time zones as calendars write them: IANA names, Windows names, vendor paths, display names, bare offsets.
//!
//! Shared by every provider (`I10.11`). Only names are read here; what a calendar file defines for itself (VTIMEZONE) is
//! the business of [`crate::providers::ics`].

use crate::time::{Date, Zone, zone_names};
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::LazyLock;
use windows_timezones::WindowsTimezone;

/// Longest zone name that is looked at, in bytes; the longest real ones are display names of some eighty.
const NAME_BYTES_MAX: usize = 256;

/// The zone that `name` means, or `None` where nobody could tell.
///
/// In this order: an IANA name in any case; a Windows name (its zone for the whole world, CLDR territory 001); a path or
/// an invented name that ends in an IANA name; a display name (`(UTC+01:00) Amsterdam, Berlin`, `Eastern Time (US & Canada)`);
/// an offset (`UTC+11`, `(GMT -03:30)`).
///
/// ```
/// use callsheet::providers::zones::resolve_name;
/// let name = |written: &str| resolve_name(written).map(|zone| zone.name().to_owned());
/// assert_eq!(name("Pacific Standard Time").as_deref(), Some("America/Los_Angeles"));
/// assert_eq!(name("/freeassociation.sourceforge.net/Europe/Berlin").as_deref(), Some("Europe/Berlin"));
/// assert_eq!(name("UTC+11").as_deref(), Some("+11:00"));
/// assert_eq!(name("Customized Time Zone"), None);
/// ```
#[must_use]
pub fn resolve_name(name: &str) -> Option<Zone> {
    let name = tidy(name)?;
    exact_name(name).or_else(|| suffix(name)).or_else(|| display_name(name))
}

/// The zone of an IANA or Windows name, and of nothing that has to be interpreted.
///
/// A calendar file's own definition gives way to these, and to these only: both are kept by somebody who follows the law
/// of the land, while a definition in a file says what its writer knew.
#[must_use]
pub fn exact_name(name: &str) -> Option<Zone> {
    let name = tidy(name)?;
    iana(name).or_else(|| windows(name))
}

/// `name` without white space and quotes around it; `None` where it cannot be a name.
fn tidy(name: &str) -> Option<&str> {
    let name = name.trim().trim_matches('"').trim();
    (!name.is_empty() && name.len() <= NAME_BYTES_MAX).then_some(name)
}

/// An IANA name. `Etc/Unknown` is in the database, as the name for not knowing; UTC is there under many names.
fn iana(name: &str) -> Option<Zone> {
    let zone = Zone::named(name)?;
    match zone.name() {
        "Etc/Unknown" => None,
        "Etc/UTC" | "Etc/UCT" | "Etc/Universal" | "Etc/Zulu" | "UCT" | "Universal" | "Zulu" => Some(Zone::utc()),
        _ => Some(zone),
    }
}

/// A Windows name, which may also be written for the summer: `Pacific Daylight Time`.
fn windows(name: &str) -> Option<Zone> {
    let known = |name: &str| WindowsTimezone::from_str(name).ok();
    let zone = known(name).or_else(|| known(&name.replace(" Daylight Time", " Standard Time")))?;
    iana(zone.tzdb_id())
}

/// The longest ending of a path that is an IANA name with a region, or one that follows an invented prefix.
///
/// A path is a vendor's (`/mozilla.org/20070129_1/America/New_York`), a folder of the zone database (`posix/Europe/Vaduz`)
/// or made up (`custom_America/New_York`).
fn suffix(name: &str) -> Option<Zone> {
    let name = name.split_once(':').filter(|(_, after)| !after.starts_with("//")).map_or(name, |(before, _)| before);
    if let Some(zone) = exact_name(name) {
        return Some(zone);
    }
    let starts = name.char_indices().filter(|(_, c)| matches!(c, '/' | '_' | '=' | ' ')).map(|(at, _)| at + 1);
    starts.map(|start| &name[start..]).find_map(|rest| match rest {
        "UTC" | "Utc" | "GMT" => Some(Zone::utc()),
        _ if rest.contains('/') => iana(rest).or_else(|| alias(rest)),
        _ => None,
    })
}

/// A name written for people: an offset in parentheses before, cities or a region after.
fn display_name(name: &str) -> Option<Zone> {
    let (offset_secs, words) = split_offset(name);
    let named = alias(words).or_else(|| city(words)).filter(|zone| offset_secs.is_none_or(|offset| keeps(zone, offset)));
    named.or_else(|| Zone::fixed(offset_secs?))
}

/// `(UTC+07:00) Bangkok` and `(GMT -03:30)`: seconds east and the words behind; `UTC+11` and `+0100`: seconds east alone.
fn split_offset(name: &str) -> (Option<i32>, &str) {
    if let Some((inside, words)) = name.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        return match offset_secs(inside) {
            Some(offset) => (Some(offset), words.trim()),
            None => (None, words.trim()),
        };
    }
    match offset_secs(name) {
        Some(offset) => (Some(offset), ""),
        None => (None, name),
    }
}

/// Reads `UTC+11`, `GMT -03:30`, `+0530`, `UTC`.
fn offset_secs(text: &str) -> Option<i32> {
    let upper = text.trim().to_ascii_uppercase().replace(['\u{2212}', '\u{2013}'], "-");
    let rest = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT"));
    let marked = rest.is_some();
    let rest = rest.unwrap_or(&upper).trim();
    if rest.is_empty() {
        return marked.then_some(0);
    }
    let (sign, digits) = rest.strip_prefix('+').map(|digits| (1, digits)).or_else(|| Some((-1, rest.strip_prefix('-')?)))?;
    let digits = digits.trim();
    let (hours, minutes) = match digits.split_once([':', '.']) {
        Some(parts) => parts,
        None if digits.len() > 2 && digits.is_ascii() => digits.split_at(digits.len() - 2),
        None => (digits, "0"),
    };
    let plain = |part: &str| (part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<i32>().ok())?;
    let (hours, minutes) = (plain(hours)?, plain(minutes)?);
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Whether clocks of `zone` are ever `offset_secs` off: display names carry the winter offset, of whatever year.
fn keeps(zone: &Zone, offset_secs: i32) -> bool {
    let days = [(2010, 1), (2010, 7), (2024, 1), (2024, 7)];
    days.iter().any(|(year, month)| {
        let noon = Date::constant(*year, *month, 1).at(12, 0, 0, 0);
        zone.offset_secs(zone.instant(noon)) == offset_secs
    })
}

/// Regions, countries and abbreviations that people and programs write instead of a zone's name, without their case.
const ALIASES: &[(&str, &str)] = &[
    ("alaska", "America/Anchorage"),
    ("arizona", "America/Phoenix"),
    ("atlantic", "America/Halifax"),
    ("azores", "Atlantic/Azores"),
    ("brasilia", "America/Sao_Paulo"),
    ("cape verde is.", "Atlantic/Cape_Verde"),
    ("cdt", "America/Chicago"),
    ("central", "America/Chicago"),
    ("central america", "America/Guatemala"),
    ("central asia", "Asia/Bishkek"),
    ("cest", "Europe/Berlin"),
    ("coordinated universal time", "Etc/UTC"),
    ("cst", "America/Chicago"),
    ("eastern", "America/New_York"),
    ("edt", "America/New_York"),
    ("eest", "Europe/Athens"),
    ("ekaterinburg", "Asia/Yekaterinburg"),
    ("europe/austria", "Europe/Vienna"),
    ("europe/belgium", "Europe/Brussels"),
    ("europe/denmark", "Europe/Copenhagen"),
    ("europe/england", "Europe/London"),
    ("europe/france", "Europe/Paris"),
    ("europe/germany", "Europe/Berlin"),
    ("europe/italy", "Europe/Rome"),
    ("europe/netherlands", "Europe/Amsterdam"),
    ("europe/poland", "Europe/Warsaw"),
    ("europe/spain", "Europe/Madrid"),
    ("europe/sweden", "Europe/Stockholm"),
    ("europe/switzerland", "Europe/Zurich"),
    ("greenland", "America/Godthab"),
    ("greenwich mean time", "Europe/London"),
    ("hawaii", "Pacific/Honolulu"),
    ("indiana (east)", "America/Indiana/Indianapolis"),
    ("international date line west", "Etc/GMT+12"),
    ("mid-atlantic", "Etc/GMT+2"),
    ("mdt", "America/Denver"),
    ("mountain", "America/Denver"),
    ("newfoundland", "America/St_Johns"),
    ("north america/eastern", "America/New_York"),
    ("nuku'alofa", "Pacific/Tongatapu"),
    ("pacific", "America/Los_Angeles"),
    ("pdt", "America/Los_Angeles"),
    ("pst", "America/Los_Angeles"),
    ("saskatchewan", "America/Regina"),
    ("solomon is.", "Pacific/Guadalcanal"),
    ("sri jayawardenepura", "Asia/Colombo"),
    ("us-central", "America/Chicago"),
    ("us-eastern", "America/New_York"),
    ("us-mountain", "America/Denver"),
    ("us-pacific", "America/Los_Angeles"),
    ("west central africa", "Africa/Lagos"),
    ("western/central europe", "Europe/Paris"),
    ("yangon (rangoon)", "Asia/Yangon"),
];

/// `Eastern Time (US & Canada)`, `Hawaii`, `PST`: the words up to the first comma or semicolon; or a Windows name cut short.
fn alias(words: &str) -> Option<Zone> {
    let first = words.split([',', ';']).next().unwrap_or_default().trim().to_lowercase();
    let region = first.split_once(" time (").map_or(first.as_str(), |(region, _)| region);
    let region = region.strip_suffix(" time").unwrap_or(region);
    let known = |name: &str| ALIASES.iter().find(|(alias, _)| *alias == name).and_then(|(_, zone)| iana(zone));
    known(region).or_else(|| known(&first)).or_else(|| windows(&format!("{words} Standard Time")))
}

/// Zones by the city in their name, in lower case.
static CITIES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let regions = ["Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];
    let in_region = |name: &&str| regions.iter().any(|region| name.split('/').next() == Some(region));
    let city = |name: &'static str| name.rsplit('/').next().map(|city| (city.replace('_', " ").to_lowercase(), name));
    zone_names().filter(in_region).filter_map(city).collect()
});

/// `Amsterdam, Berlin, Bern`: the zone of the first city that has one.
fn city(words: &str) -> Option<Zone> {
    words.split([',', ';', ':']).find_map(|city| iana(CITIES.get(&city.trim().to_lowercase())?))
}
