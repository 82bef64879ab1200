//! Logs: one line of JSON for each event, made of fields on a list.
//!
//! What is not on [`FIELDS`] is not written, whoever logs it, and what is written is a number, a truth value or a short text
//! out of which addresses, URLs and quotations were taken. So a careless field, an error text of a library or a debug line of a dependency brings
//! nobody's title, address or token into a log. Messages are written only where they are this crate's own: those are fixed texts,
//! which a test holds (`messages_are_fixed_texts_and_fields_are_listed`).
//!
//! Deliberately absent: files and rotation. Lines go to standard error; whoever runs the host keeps them.

use super::clock::{Clock, SystemClock};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::Arc;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The fields that are written: ids that mean something inside the host only, counts, and words of fixed sets. Sorted.
///
/// Not on it, and never to be put on it: titles, names, addresses, URLs, provider ids of events, headers, bodies, tokens.
pub const FIELDS: &[&str] = &[
    "answers",
    "attempts",
    "bytes",
    "calendar",
    "calendars",
    "client",
    "commits",
    "connection",
    "connections",
    "count",
    "deliveries",
    "dispatches",
    "due",
    "duty",
    "elapsed_ms",
    "endpoint",
    "entries",
    "epoch",
    "error",
    "event",
    "events",
    "failures",
    "fence",
    "flow",
    "full",
    "grant",
    "host",
    "hosts",
    "key",
    "kind",
    "late_ms",
    "left",
    "meetings",
    "migration",
    "origin",
    "outcome",
    "pages",
    "panicked",
    "phase",
    "port",
    "provider",
    "purpose",
    "reason",
    "removed",
    "request",
    "retries",
    "route",
    "rows",
    "sightings",
    "signal",
    "state",
    "status",
    "store",
    "table",
    "tenant",
    "tenants",
    "version",
    "wait_ms",
    "wait_secs",
    "why",
];
/// Longest text of a field or message, in characters.
pub const TEXT_CHARS_MAX: usize = 200;
/// Longest word in a text: tokens are longer.
const WORD_CHARS_MAX: usize = 48;
/// Stands where something was taken out.
const TAKEN_OUT: &str = "…";
/// Whose messages are fixed texts.
const OWN_TARGET: &str = env!("CARGO_PKG_NAME");

/// Why logging cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is none.
    #[error("not a log filter, for example `info` or `callsheet=debug`")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    /// Somebody logs already.
    #[error("logging has begun already")]
    Begun(#[source] tracing_subscriber::util::TryInitError),
}

/// Begins to write lines to standard error, for the rest of the process. `filter` is as in `RUST_LOG`, but given.
///
/// # Errors
/// [`LogError`].
pub fn begin(filter: &str) -> Result<(), LogError> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter).map_err(LogError::Filter)?;
    let lines = Lines::new(io::stderr, Arc::new(SystemClock));
    tracing_subscriber::registry().with(filter).with(lines).try_init().map_err(LogError::Begun)
}

/// The layer that writes the lines.
pub struct Lines<W> {
    writer: W,
    clock: Arc<dyn Clock>,
}

impl<W> Lines<W> {
    /// Lines to `writer`, with the time of `clock`.
    pub fn new(writer: W, clock: Arc<dyn Clock>) -> Self {
        Self { writer, clock }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.kept.extend(outer.kept.clone());
                fields.dropped += outer.dropped;
            }
        }
        event.record(&mut fields);
        let line = self.line(event, fields);
        // A log that cannot be written must not stop the host, and there is nowhere to say so.
        let _ = self.writer.make_writer_for(event.metadata()).write_all(line.as_bytes());
    }
}

impl<W> Lines<W> {
    fn line(&self, event: &Event<'_>, fields: Fields) -> String {
        let metadata = event.metadata();
        let target = metadata.target();
        let own = target.strip_prefix(OWN_TARGET).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        let mut line = Map::new();
        line.insert("time".to_owned(), self.clock.now().to_string().into());
        line.insert("level".to_owned(), metadata.level().as_str().to_ascii_lowercase().into());
        line.insert("target".to_owned(), target.into());
        if let Some(message) = fields.message.filter(|_| own) {
            line.insert("message".to_owned(), message.into());
        }
        line.extend(fields.kept.into_iter().map(|(name, value)| (name.to_owned(), value)));
        if fields.dropped > 0 {
            line.insert("dropped".to_owned(), fields.dropped.into());
        }
        escaped(&Value::Object(line).to_string()) + "\n"
    }
}

/// What an event or span brings, the list applied.
#[derive(Default)]
struct Fields {
    kept: BTreeMap<&'static str, Value>,
    message: Option<String>,
    dropped: u32,
}

impl Fields {
    fn keep(&mut self, field: &Field, value: Value) {
        if FIELDS.binary_search(&field.name()).is_ok() {
            self.kept.insert(field.name(), value);
        } else {
            self.dropped += 1;
        }
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.keep(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = Some(scrubbed(value));
        } else {
            self.keep(field, scrubbed(value).into());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// A text without quotations, addresses, URLs and long words, and not longer than [`TEXT_CHARS_MAX`].
fn scrubbed(text: &str) -> String {
    let telling = |word: &str| word.contains('@') || word.contains("://") || word.chars().count() > WORD_CHARS_MAX;
    let unquoted: String =
        text.split('"').enumerate().map(|(place, part)| if place % 2 == 0 { part } else { TAKEN_OUT }).collect();
    let words: Vec<&str> = unquoted.split(' ').map(|word| if telling(word) { TAKEN_OUT } else { word }).collect();
    words.join(" ").chars().take(TEXT_CHARS_MAX).collect()
}

/// A line of JSON in which nothing moves a cursor, hides text or turns its direction: what JSON leaves as it is besides C0.
fn escaped(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    for c in json.chars() {
        let steers =
            matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if c.is_control() || steers {
            line += &format!("\\u{:04x}", u32::from(c));
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::clock::Boxed;
    use crate::time::Instant;
    use expect_test::{Expect, expect};
    use std::path::Path;
    use std::sync::Mutex;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Instant {
            Instant::from_second(1_800_000_000).expect("an instant")
        }

        fn sleep_until(&self, _: Instant) -> Boxed<'_, ()> {
            Box::pin(std::future::ready(()))
        }
    }

    /// A writer that keeps what it is given.
    #[derive(Clone)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `act` logs.
    fn lines(act: impl FnOnce()) -> String {
        let written = Arc::new(Mutex::new(Vec::new()));
        let kept = Kept(Arc::clone(&written));
        let subscriber = tracing_subscriber::registry().with(Lines::new(move || kept.clone(), Arc::new(Still)));
        tracing::subscriber::with_default(subscriber, act);
        let bytes = written.lock().expect("nobody panicked").clone();
        String::from_utf8(bytes).expect("text")
    }

    fn check(act: impl FnOnce(), expected: Expect) {
        expected.assert_eq(&lines(act));
    }

    #[test]
    fn listed_fields_of_event_and_spans_make_a_line() {
        let act = || {
            let outer = tracing::info_span!("sync", tenant = 7, calendar = 3, pages = tracing::field::Empty);
            let _outer = outer.enter();
            outer.record("pages", 2);
            let _inner = tracing::info_span!("page", calendar = 4).entered();
            tracing::warn!(status = 503, full = true, state = "failing", outcome = ?Some(1), error = %"no answer", "could not be read");
        };
        check(
            act,
            expect![[r#"
            {"time":"2027-01-15T08:00:00Z","level":"warn","target":"callsheet::host::log::tests","message":"could not be read","calendar":4,"error":"no answer","full":true,"outcome":"Some(1)","pages":2,"state":"failing","status":503,"tenant":7}
        "#]],
        );
    }

    #[test]
    fn canaries_in_unlisted_fields_errors_and_foreign_messages_are_not_written() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "shown by Debug")]
        struct Meeting {
            title: &'static str,
        }
        let text = lines(|| {
            let _span = tracing::info_span!("sync", title = "canary-1", tenant = 7).entered();
            tracing::info!(
                title = "canary-2",
                attendee = "canary-3@example.com",
                url = "https://x.example/?token=canary-4",
                count = 1,
                "read"
            );
            tracing::info!(meeting = ?Meeting { title: "canary-5" }, event = ?Meeting { title: "canary-6" }, "seen");
            tracing::error!(
                error = "invalid input \"canary-7\" of canary-8@example.com at https://canary-9.example/x?y=1",
                "failed"
            );
            tracing::info!(reason = format!("Bearer {}canary-10", "x".repeat(60)), "failed");
            tracing::info!(target: "sqlx::query", count = 3, "select canary-11 from meetings");
            tracing::info!(target: "callsheetish", "canary-12");
            tracing::info!(error = format!("{}canary-13", "word ".repeat(60)), "failed");
            tracing::info!(error = "unfinished \"canary-14", "failed");
        });
        assert!(!text.contains("canary"), "{text}");
        assert_eq!(text.lines().count(), 8);
        let dropped: Vec<u64> = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["dropped"].as_u64().unwrap_or(0))
            .collect();
        // The span's title counts on every line.
        assert_eq!(dropped, [4, 2, 1, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn nothing_in_a_line_steers_a_terminal() {
        let act = || {
            tracing::info!(reason = "a\nb\r\u{1b}[31mred\u{7f}\u{9b}2J\u{202e}evil\u{2028}\u{200b}\u{feff}\0", "one\ntwo");
        };
        check(
            act,
            expect![[r#"
            {"time":"2027-01-15T08:00:00Z","level":"info","target":"callsheet::host::log::tests","message":"one\ntwo","reason":"a\nb\r\u001b[31mred\u007f\u009b2J\u202eevil\u2028\u200b\ufeff\u0000"}
        "#]],
        );
        assert_eq!(lines(act).lines().count(), 1);
    }

    #[test]
    fn list_is_sorted() {
        assert!(FIELDS.is_sorted());
    }

    /// Reads the host's own code: a message with a placeholder, or a field that is not on the list, never gets so far.
    #[test]
    fn messages_are_fixed_texts_and_fields_are_listed() {
        let mut wrong = Vec::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/host")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else if entry.extension().is_some_and(|extension| extension == "rs") && !entry.ends_with("log.rs") {
                    let text = std::fs::read_to_string(&entry).expect("a source file");
                    wrong.extend(
                        calls(&text).filter_map(|call| fault(call).map(|why| format!("{}: {why}: {call}", entry.display()))),
                    );
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(fault(r#"tenant = %id, "read {title}""#).as_deref(), Some("a placeholder"));
        assert_eq!(fault(r#"title = %title, "read""#).as_deref(), Some("`title` is not on the list"));
        assert_eq!(fault(r#"%title, "read""#).as_deref(), Some("`title` is not on the list"));
        assert_eq!(fault(r#"tenant = %id, count, "read""#), None);
    }

    /// What stands between the parentheses of every logging macro.
    fn calls(text: &str) -> impl Iterator<Item = &str> {
        let levels = ["error!(", "warn!(", "info!(", "debug!(", "trace!("];
        text.split("tracing::").skip(1).filter_map(move |rest| {
            let call = levels.iter().find_map(|level| rest.strip_prefix(level))?;
            let mut open = 1;
            let end = call.find(|c| {
                open += i32::from(c == '(') - i32::from(c == ')');
                open == 0
            });
            Some(&call[..end.unwrap_or(call.len())])
        })
    }

    fn fault(call: &str) -> Option<String> {
        let (fields, message) = call.split_once('"').unwrap_or((call, ""));
        if message.contains('{') {
            return Some("a placeholder".to_owned());
        }
        let name = |part: &str| part.split('=').next().unwrap_or_default().trim().trim_start_matches(['%', '?']).to_owned();
        let plain = |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let named = fields.split(',').map(name).filter(plain).find(|name| FIELDS.binary_search(&name.as_str()).is_err());
        named.map(|name| format!("`{name}` is not on the list"))
    }
}
