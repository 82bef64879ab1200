//! Regular expressions, built when an event first needs one, and shared by all programs of the process.
//!
//! Building takes up to a millisecond and some tens of kilobytes, and tenants write the same expressions. So programs hold places
//! only; what is built lies in one table of bounded size, which forgets what nobody used for longest.

use crate::builtins::text::Pattern;
use crate::code::program::PatternText;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

/// Most expressions that are kept built.
pub const PATTERNS_MAX: usize = 2_000;

/// An expression that is built, and whether it was used since the table last had to forget some.
#[derive(Debug)]
pub struct Built {
    pattern: Option<Pattern>,
    is_used: AtomicBool,
}

impl Built {
    /// The expression; `None` where it cannot be built, which no checked rule set holds.
    #[must_use]
    pub fn pattern(&self) -> Option<&Pattern> {
        self.pattern.as_ref()
    }
}

/// Where a program keeps one of its expressions.
#[derive(Debug, Default)]
pub(super) struct Slot(Mutex<Weak<Built>>);

impl Slot {
    /// The expression, built now where it is not.
    pub fn get(&self, written: &PatternText) -> Arc<Built> {
        let mut known = lock(&self.0);
        if let Some(built) = known.upgrade() {
            if !built.is_used.load(Ordering::Relaxed) {
                built.is_used.store(true, Ordering::Relaxed);
            }
            return built;
        }
        let shared = lock(&TABLE).find(written);
        let built = shared.unwrap_or_else(|| {
            let pattern = Pattern::build(&written.pattern, &written.flags);
            lock(&TABLE).keep(written, pattern)
        });
        *known = Arc::downgrade(&built);
        built
    }
}

/// How many expressions are built at present.
#[must_use]
pub fn patterns_built() -> usize {
    lock(&TABLE).built.len()
}

static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Table {
    built: HashMap<PatternText, Arc<Built>>,
}

impl Table {
    fn find(&self, written: &PatternText) -> Option<Arc<Built>> {
        let built = self.built.get(written)?;
        built.is_used.store(true, Ordering::Relaxed);
        Some(built.clone())
    }

    /// Keeps what was built, unless somebody else was faster.
    fn keep(&mut self, written: &PatternText, pattern: Option<Pattern>) -> Arc<Built> {
        if self.built.len() >= PATTERNS_MAX {
            self.forget();
        }
        let built = || Arc::new(Built { pattern, is_used: AtomicBool::new(true) });
        self.built.entry(written.clone()).or_insert_with(built).clone()
    }

    /// Forgets what was not used since the last time, or any half where all of it was.
    fn forget(&mut self) {
        self.built.retain(|_, built| built.is_used.swap(false, Ordering::Relaxed));
        if self.built.len() >= PATTERNS_MAX {
            let mut is_kept = false;
            self.built.retain(|_, _| {
                is_kept = !is_kept;
                is_kept
            });
        }
    }
}

/// A panic elsewhere leaves nothing half done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_bounded_and_programs_share_it() {
        let text = |number: usize| PatternText { pattern: format!("a{number}"), flags: String::new() };
        let mut table = Table::default();
        let kept = table.keep(&text(0), Pattern::build("a0", ""));
        (0..3 * PATTERNS_MAX).for_each(|number| drop(table.keep(&text(number), None)));
        assert!(table.built.len() <= PATTERNS_MAX);
        assert!(kept.pattern().is_some(), "whoever uses one keeps it");
        let slots = [Slot::default(), Slot::default()].map(|slot| slot.get(&text(7)));
        assert!(Arc::ptr_eq(&slots[0], &slots[1]) && patterns_built() > 0);
        assert!(Slot::default().get(&PatternText { pattern: "(".into(), flags: String::new() }).pattern().is_none());
    }
}
