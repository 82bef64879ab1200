//! Cancellations of whole series: by UID alone, whatever else of the series the file holds (RFC 5546 §3.2.5; `I10.6`).

use crate::event::{EntryKind, Event};
use crate::providers::ics::wire::Remarks;
use crate::time::Instant;
use crate::value::Status;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// A cancellation that names no instance.
#[derive(Debug)]
pub struct Cancellation {
    /// The UID of the series, or of the event that happens once.
    pub uid: String,
    /// Its revision number, where it states one.
    pub sequence: Option<i64>,
    /// When it was written.
    pub stamp: Option<Instant>,
    /// The line it begins on.
    pub line: usize,
    /// Whether it tells no time, so that it is no event of its own.
    pub bare: bool,
}

impl Cancellation {
    /// Whether it comes after the state of `event` that the file holds; with equal numbers it does (`I10.5`).
    ///
    /// The numbers of an instance count its own revisions, not those of the series (`I10.3`), so that only time tells there.
    fn reaches(&self, event: &Event) -> bool {
        let in_time = match (self.stamp, event.revision.stamp) {
            (Some(cancelled), Some(written)) => written <= cancelled,
            _ => true,
        };
        match (&event.kind, self.sequence) {
            (EntryKind::Instance { .. }, _) | (_, None) => in_time,
            (_, Some(sequence)) => match event.revision.sequence.cmp(&sequence) {
                Ordering::Less => true,
                Ordering::Equal => in_time,
                Ordering::Greater => false,
            },
        }
    }

    fn newness(&self) -> (i64, Option<Instant>) {
        (self.sequence.unwrap_or(i64::MAX), self.stamp)
    }
}

/// Cancels what the cancellations name among the events of the file, and says which of them found nothing.
pub fn cancel(cancellations: &[Cancellation], events: &mut [Event], remarks: &mut Remarks) {
    let mut newest: HashMap<&str, &Cancellation> = HashMap::new();
    for cancellation in cancellations {
        let known = newest.entry(&cancellation.uid).or_insert(cancellation);
        if known.newness() < cancellation.newness() {
            *known = cancellation;
        }
    }
    // By UID, whether anything of it was cancelled.
    let mut met: HashMap<&str, bool> = HashMap::new();
    for event in events {
        let Some(cancellation) = newest.get(event.uid.as_str()) else { continue };
        let reached = cancellation.reaches(event);
        *met.entry(&cancellation.uid).or_default() |= reached;
        if reached && event.facts.status != Status::Cancelled {
            Arc::make_mut(&mut event.facts).status = Status::Cancelled;
        }
    }
    for cancellation in cancellations.iter().filter(|cancellation| cancellation.bare) {
        match met.get(cancellation.uid.as_str()) {
            Some(true) => {}
            Some(false) => remarks.add(cancellation.line, "a cancellation that is older than what it cancels"),
            None => remarks.add(cancellation.line, "a cancellation of an event that is not in this file"),
        }
    }
}
