//! The guides name what there is.

use callsheet::host::config::Config;
use callsheet::host::metrics::Metrics;
use callsheet::time::Elapsed;

/// The keys that a table of the configuration takes, as its own error names them.
fn keys(table: &str) -> Vec<String> {
    let text = if table.is_empty() { "no_such_key = 1".to_owned() } else { format!("{table}\nno_such_key = 1") };
    let error = Config::parse(&text, |_| None).expect_err("there is no such key").to_string();
    let (_, expected) = error.rsplit_once("expected ").expect("it tells what there is");
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_key_of_the_configuration_is_in_the_guide_and_its_example_is_read() {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/running.md")).expect("the guide");
    let example = guide.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let config = Config::parse(example, |_| None).expect("the example is a configuration");
    assert!(config.oauth.microsoft.is_some() && config.secrets.check().expect("a root key").0.is_some());
    let tables =
        ["", "[bots]", "[api]", "[oauth]", "[oauth.google]", "[providers]", "[secrets]", "[tenant]", "[[feed]]", "[[webhook]]"];
    let (mut known, mut missing) = (0, Vec::new());
    for table in tables {
        for key in keys(table) {
            known += 1;
            let words: Vec<&str> = example.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
            if !words.contains(&key.as_str()) {
                missing.push(format!("{table} {key}"));
            }
        }
    }
    assert!(known > 40, "{known} keys");
    assert!(missing.is_empty(), "not in the guide: {missing:?}");
}

#[test]
fn every_metric_is_in_the_guide_and_no_other() {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/running.md")).expect("the guide");
    let metrics = Metrics::default();
    // Counters are shown once they have counted.
    for count in [
        Metrics::pass,
        Metrics::dispatch,
        Metrics::delivery,
        Metrics::preflight,
        Metrics::push,
        Metrics::channel,
        Metrics::clock,
        Metrics::token,
        Metrics::api_limited,
    ] {
        count(&metrics, "any");
    }
    metrics.api(("GET", "/v1/rules"), 200, Elapsed::ZERO);
    metrics.unreadable_rows(&[("meetings", 1)].into());
    let text = metrics.text();
    let known: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(known.len() > 15, "{text}");
    let told: Vec<&str> = guide.split('`').skip(1).step_by(2).filter(|word| word.starts_with("callsheet_")).collect();
    let missing: Vec<_> = known.iter().filter(|name| !told.contains(name)).collect();
    let gone: Vec<_> = told.iter().filter(|name| !known.contains(name)).collect();
    assert!(missing.is_empty() && gone.is_empty(), "missing {missing:?}, gone {gone:?}");
}
