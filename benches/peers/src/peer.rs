//! What an engine has to do to be compared.

use crate::workload::Rule;
use crate::workload::native::View;
use crate::{cedar, cel, datalogic, regorus, rhai, wirefilter, zen};

/// An engine that was given the rules and the events, both in its own forms.
pub trait Peer {
    /// The first rule that matches the event of this number.
    fn decide(&mut self, event: usize) -> Option<usize>;
}

/// Gives an engine rules and events; an error says in a few words what it cannot take.
pub type Build = for<'w> fn(&'w [Rule], &'w [View<'w>]) -> Result<Box<dyn Peer + 'w>, String>;

/// An engine.
pub struct Entry {
    pub name: &'static str,
    /// How it is used, and what it lacks.
    pub note: &'static str,
    pub build: Build,
}

/// Everybody, as tables show them.
pub const PEERS: &[Entry] = &[
    Entry { name: "datalogic-rs 5.4.0", note: datalogic::NOTE, build: datalogic::build },
    Entry { name: "wirefilter-engine 0.6.1", note: wirefilter::NOTE, build: wirefilter::build },
    Entry { name: "cel 0.15.0", note: cel::NOTE, build: cel::build },
    Entry { name: "rhai 1.27.0", note: rhai::NOTE, build: rhai::build },
    Entry { name: "regorus 0.14.1", note: regorus::NOTE, build: regorus::build },
    Entry { name: "cedar-policy 4.14.1", note: cedar::NOTE, build: cedar::build },
    Entry { name: "zen-expression 2.1.6", note: zen::NOTE, build: zen::build },
];

/// The errors of engines in a few words.
pub fn short(error: impl std::fmt::Display) -> String {
    let text = error.to_string().replace(['\n', '|'], " ");
    text.chars().take(80).collect()
}
