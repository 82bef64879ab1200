//! Names of zones: Windows names against CLDR and computed instants, odd names found in real files.

use crate::support::{fixtures, json_lines};
use callsheet::providers::zones::resolve_name;
use callsheet::time::{Civil, Instant};
use expect_test::expect;

#[test]
fn every_windows_name_is_its_zone_for_the_whole_world() {
    let Some(folder) = fixtures() else { return };
    let text = std::fs::read_to_string(folder.join("tz/windowsZones.json")).expect("the CLDR table");
    let table: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let rows = table["supplemental"]["windowsZones"]["mapTimezones"].as_array().expect("rows");
    let mut seen = 0;
    for row in rows.iter().map(|row| &row["mapZone"]).filter(|row| row["_territory"] == "001") {
        let windows = row["_other"].as_str().expect("a Windows name");
        let zone = resolve_name(windows).unwrap_or_else(|| panic!("{windows}"));
        let expected = resolve_name(row["_type"].as_str().expect("a zone")).expect("an IANA name");
        assert_eq!(zone, expected, "{windows}");
        seen += 1;
    }
    assert!(seen > 130, "only {seen} Windows names");
}

#[test]
fn windows_zones_give_the_computed_instants() {
    let Some(folder) = fixtures() else { return };
    let rows = json_lines(&folder.join("tz/instants.jsonl"));
    for row in &rows {
        let zone = resolve_name(row["windows"].as_str().expect("a name")).expect("a zone");
        let local: Civil = row["local"].as_str().expect("a time").parse().expect("a civil time");
        let utc: Instant = row["utc"].as_str().expect("a time").parse().expect("an instant");
        assert_eq!(zone.instant(local), utc, "{row}");
    }
    assert!(rows.len() >= 640);
}

#[test]
fn odd_names_mean_what_a_reader_would_say() {
    let names = [
        "(GMT +01:00)",
        "(UTC+07:00) Bangkok, Hanoi, Jakarta",
        "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
        "(UTC-06:00) Saskatchewan",
        "(UTC-05:00) Eastern Time (US & Canada)",
        "(GMT-08.00) Pacific Time (US & Canada)/Tijuana",
        "(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi",
        "(no TZ description)",
        "/Europe/CUSTOM",
        "/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires",
        "/softwarestudio.org/Olson_20011030_5/Pacific/Auckland",
        "Canberra, Melbourne, Sydney",
        "Customized Time Zone 1",
        "Eastern",
        "Europe/Germany",
        "TZID=Europe/Germany",
        "Kuala Lumpur, Singapore",
        "MyTimezone",
        "Pacific Time (US & Canada), Tijuana",
        "UTC+11",
        "UTC-0330",
        "W. Europe Standard Time:20200609T090000",
        "W. Europe",
        "custom_America/New_York",
        "custom_America/New_York_Forward_reference",
        "posix/Europe/Vaduz",
        "tzone://Microsoft/Custom",
        "tzone://Microsoft/Utc",
        "america/new_york",
        "Pacific Daylight Time",
        "GMT+99",
        "",
        "🕘",
    ];
    let told: String = names
        .iter()
        .map(|name| format!("{name:?} is {}\n", resolve_name(name).map_or("nothing".to_owned(), |zone| zone.name().to_owned())))
        .collect();
    expect![[r#"
        "(GMT +01:00)" is +01:00
        "(UTC+07:00) Bangkok, Hanoi, Jakarta" is Asia/Bangkok
        "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna" is Europe/Amsterdam
        "(UTC-06:00) Saskatchewan" is America/Regina
        "(UTC-05:00) Eastern Time (US & Canada)" is America/New_York
        "(GMT-08.00) Pacific Time (US & Canada)/Tijuana" is America/Los_Angeles
        "(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi" is Asia/Kolkata
        "(no TZ description)" is nothing
        "/Europe/CUSTOM" is nothing
        "/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires" is America/Argentina/Buenos_Aires
        "/softwarestudio.org/Olson_20011030_5/Pacific/Auckland" is Pacific/Auckland
        "Canberra, Melbourne, Sydney" is Australia/Canberra
        "Customized Time Zone 1" is nothing
        "Eastern" is America/New_York
        "Europe/Germany" is Europe/Berlin
        "TZID=Europe/Germany" is Europe/Berlin
        "Kuala Lumpur, Singapore" is Asia/Kuala_Lumpur
        "MyTimezone" is nothing
        "Pacific Time (US & Canada), Tijuana" is America/Los_Angeles
        "UTC+11" is +11:00
        "UTC-0330" is -03:30
        "W. Europe Standard Time:20200609T090000" is Europe/Berlin
        "W. Europe" is Europe/Berlin
        "custom_America/New_York" is America/New_York
        "custom_America/New_York_Forward_reference" is nothing
        "posix/Europe/Vaduz" is Europe/Vaduz
        "tzone://Microsoft/Custom" is nothing
        "tzone://Microsoft/Utc" is UTC
        "america/new_york" is America/New_York
        "Pacific Daylight Time" is America/Los_Angeles
        "GMT+99" is nothing
        "" is nothing
        "🕘" is nothing
    "#]]
    .assert_eq(&told);
}
