//! Hears every line that is logged on this thread, all fields, before the log's own list of fields is asked.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};
use std::sync::LazyLock;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

thread_local! {
    static LINES: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Most different lines that are kept.
const LINES_MAX: usize = 20_000;

struct Ear;

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).expect("a text takes everything");
    }
}

impl Subscriber for Ear {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("callsheet")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        if is_loud() {
            println!("    {}", line.0);
        }
        LINES.with_borrow_mut(|lines| lines.len() < LINES_MAX && lines.insert(line.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Does the work, and hears what it logs.
pub(super) fn listening<T>(work: impl FnOnce() -> T) -> (T, BTreeSet<String>) {
    LINES.take();
    let done = tracing::subscriber::with_default(Ear, work);
    (done, LINES.take())
}

/// What was logged so far.
pub(super) fn lines() -> BTreeSet<String> {
    LINES.with_borrow(Clone::clone)
}

/// Whether everything is to be told as it happens: `CALLSHEET_TRACE=1`, for people who look for a cause.
pub(super) fn is_loud() -> bool {
    static LOUD: LazyLock<bool> = LazyLock::new(|| std::env::var_os("CALLSHEET_TRACE").is_some());
    *LOUD
}
