//! What rules compute with: three-valued truth, facts that may be hidden, the tables of closed values.
//!
//! Deliberately absent: anything about rules' spelling ([`crate::syntax`]) and about calendar entries ([`crate::event`]).

mod closed;
mod decide;
mod decision;
mod fact;
mod fold;
pub mod outline;
pub mod phrases;
mod reading;
mod shown;
mod truth;
pub mod words;

pub use closed::{Closed, Conference, EventKind, Provider, Response, ShowsAs, SourceKind, Status, Visibility};
pub use decide::{OVERRIDE_RANK, decide_from};
pub use decision::{
    DecidedBy, Decision, ExtraValue, JOIN_DEFAULT_SECS, NotRecordable, OnLiveCancel, Override, Overrides, RuleIdx, Settings,
    Trace,
};
pub use fact::{Fact, UnknownReason};
pub use fold::{Folder, fold, fold_characters, fold_settled, folds_as_patterns_do};
pub use reading::Reading;
pub use shown::{SHOWN_CHARS_MAX, quoted, shown};
pub use truth::Truth;
