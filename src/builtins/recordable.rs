//! Whether a bot could and may join at all: tier 0, before any rule.
//!
//! > **Recordable**: a joinable link, clock times, not cancelled, not a draft, a kind that is a meeting, not declined by the
//! > connected user. The organisation may widen it; a person's record override beats only "declined".

use crate::builtins::Context;
use crate::value::outline::Recordable;
use crate::value::{Fact, NotRecordable, Override, Response, Status};

impl Context<'_> {
    /// The first thing, in the order of [`NotRecordable`], that keeps bots out; `None` where nothing does.
    ///
    /// An answer that is not known counts as not declined.
    #[must_use]
    pub fn not_recordable(&self, widened: &Recordable) -> Option<NotRecordable> {
        let occurrence = self.question.occurrence;
        let facts = &occurrence.facts;
        let wanted = self.question.overrides.effective() == Some(Override::Record);
        let may_be_declined = widened.declined || wanted;
        if facts.status == Status::Cancelled {
            return Some(NotRecordable::Cancelled);
        }
        if facts.draft {
            return Some(NotRecordable::Draft);
        }
        if occurrence.start.is_day() && !widened.all_day {
            return Some(NotRecordable::AllDay);
        }
        if !widened.kinds.contains(&facts.kind) {
            return Some(NotRecordable::Kind(facts.kind));
        }
        if occurrence.sub_hourly {
            return Some(NotRecordable::SubHourly);
        }
        if !may_be_declined && self.my_response() == Fact::Known(Response::Declined) {
            return Some(NotRecordable::Declined);
        }
        match &facts.link {
            Fact::Unknown(reason) => Some(NotRecordable::LinkUnknown(*reason)),
            Fact::Known(None) => Some(NotRecordable::NoLink),
            Fact::Known(Some(link)) if !link.joinable => Some(NotRecordable::LinkNotJoinable),
            Fact::Known(Some(_)) => None,
        }
    }
}
