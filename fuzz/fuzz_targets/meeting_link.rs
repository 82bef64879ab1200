//! Whatever texts an event holds: no panic, and a link that names its meeting without its secrets.
#![no_main]

use callsheet::event::link::{LinkSource, find};
use callsheet::value::Fact;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str, &str)| {
    let sources = [LinkSource::Url(texts.0), LinkSource::Text(texts.1), LinkSource::Html(texts.2)];
    if let Fact::Known(Some(link)) = find(&sources) {
        assert!(!link.id.is_empty() && !link.url.is_empty());
        assert_eq!(find(&[LinkSource::Url(&link.url)]).known().and_then(Option::as_ref).map(|again| &again.id), Some(&link.id));
    }
});
