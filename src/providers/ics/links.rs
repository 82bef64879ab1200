//! Where a component can hold a meeting link, in the order of trust (`I10.17`).

use crate::event::link::{Link, LinkSource, find};
use crate::providers::ics::lines::Property;
use crate::providers::ics::wire::Component;
use crate::value::Fact;

/// Most bytes of one text that are searched, the markup of Outlook's HTML included.
const SEARCHED_BYTES_MAX: usize = 256 * 1024;
/// Most properties of one name that are searched.
const PROPERTIES_MAX: usize = 20;

/// The meeting link of a VEVENT.
pub fn link(entry: &Component) -> Fact<Option<Link>> {
    let texts = |name: &'static str| entry.all(name).take(PROPERTIES_MAX).map(searched);
    let conferences: Vec<String> = conferences(entry).map(searched).collect();
    let addresses: Vec<String> =
        ["X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-MICROSOFT-ONLINEMEETINGCONFLINK", "URL"]
            .into_iter()
            .flat_map(texts)
            .collect();
    let places: Vec<String> = texts("LOCATION").collect();
    let html: Vec<String> = ["X-ALT-DESC", "STYLED-DESCRIPTION", "DESCRIPTION"].into_iter().flat_map(texts).collect();
    let urls = conferences.iter().chain(&addresses).map(|text| LinkSource::Url(text));
    let texts = places.iter().map(|text| LinkSource::Text(text));
    let sources: Vec<LinkSource<'_>> = urls.chain(texts).chain(html.iter().map(|text| LinkSource::Html(text))).collect();
    find(&sources)
}

/// The CONFERENCE properties that show pictures, then those that do not say what they do (RFC 7986 §5.11).
fn conferences(entry: &Component) -> impl Iterator<Item = &Property> {
    let features = |property: &Property| property.param("FEATURE").unwrap_or_default().to_ascii_uppercase();
    let video = entry.all("CONFERENCE").filter(move |property| features(property).contains("VIDEO"));
    video.chain(entry.all("CONFERENCE").filter(move |property| features(property).is_empty())).take(PROPERTIES_MAX)
}

fn searched(property: &Property) -> String {
    let mut text = property.text();
    text.truncate(text.floor_char_boundary(SEARCHED_BYTES_MAX));
    text
}
