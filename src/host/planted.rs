//! Bugs that tests plant in the host, to see that the simulation finds them.
//!
//! In every other build [`is`] is constant and nothing of this is left. One at a time, and only on the thread that planted it.

/// A bug. The table beside it names the invariant that finds each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// A deleted Google event is not taken note of.
    ForgetTombstone,
    /// A pass that failed counts as a listing without entries.
    FailedPassIsEmpty,
    /// A cursor that Google forgot is shown again and again.
    CursorNeverExpires,
    /// The cursor is stored before the changes that it covers, in a commit of its own.
    CursorBeforeChanges,
    /// A feed that did not change counts as one without events.
    NotModifiedIsEmpty,
    /// A cancelled occurrence of a Google series is not taken note of.
    CancelledInstanceForgotten,
    /// A calendar whose pass failed is not read again.
    ReadOnlyOnce,
    /// Sightings that no calendar shows any more stay.
    SightingsStay,
    /// Copies of other calendars are not looked for.
    OwnCopiesOnly,
    /// Of two meetings with one UID and occurrence only the first counts.
    SameUidIsSame,
    /// A start on the clocks of a zone is taken for one in UTC.
    LocalIsUtc,
    /// A decision against a bot is not stored.
    NoIsNotStored,
    /// Decisions are stored without their explanation.
    NoRecord,
    /// The decision of a rule is told as that of the default.
    WrongRule,
    /// A bot that was asked for is not recalled when its meeting is called off.
    RecallForgotten,
    /// A meeting whose bot was accepted is moved under the same epoch.
    MovedKeepsEpoch,
    /// A meeting that moves before its bot was asked for keeps its second.
    MovedKeepsSecond,
    /// Another link does not reach a dispatch that is planned already.
    LinkChangeForgotten,
    /// A meeting whose bot was withdrawn never gets one again.
    WithdrawnForGood,
    /// Every try asks for a bot under a key of its own.
    NewKeyOnRetry,
    /// A bot is asked for however late it is.
    NoLatePolicy,
    /// The spread of bots goes behind their second.
    SpreadIsLater,
    /// A claim whose holder died is never taken over.
    LeaseForEver,
    /// A request for a bot that nobody answered counts as missed.
    AmbiguousIsMissed,
    /// That a bot was missed is not told.
    MissedInSilence,
    /// That a bot was missed is told without a reason.
    MissedWithoutReason,
    /// Events are stored after the change that caused them, in a commit of their own.
    TellAfterwards,
    /// A delivery counts as made before it is sent.
    DeliveredBeforeSent,
    /// Each try of a delivery has an id of its own.
    NewIdOnRetry,
    /// Tries of a delivery are not counted.
    TriesNotCounted,
    /// A receiver that asks to wait is not heard.
    ReceiverHurried,
    /// A provider that asks to wait is not heard.
    ProviderHurried,
    /// The governor grants every wish.
    GovernorSilent,
    /// A webhook holds the address to join.
    AddressInWebhook,
    /// A log line holds the addresses of a user.
    AddressInLog,
    /// The next refresh token is not stored before the access token that came with it is used.
    TokenNotStored,
    /// The wall clock is believed whatever it shows.
    WallClockBelieved,
    /// Each of the hosts that share a store takes the whole quota of an OAuth client.
    QuotaForEach,
    /// The mailboxes of a host that died stay its own.
    DeadStayReaders,
    /// A notification counts whatever secret it shows.
    PushTokenIgnored,
    /// That a notification says that something is not there counts as true.
    NotificationBelieved,
    /// Every notification makes its calendar be read at once, however lately it was.
    NotificationsHurry,
    /// A channel is stopped before another one has its place.
    OldChannelStoppedFirst,
    /// Channels are left to end.
    ChannelNotRenewed,
    /// What people say about a meeting is not listened to.
    WordUnheard,
    /// Bots that people send to where no calendar shows a meeting do not go.
    ErrandForgotten,
    /// A bot that a person sent goes beside that of the calendar.
    ErrandStaysAlone,
    /// Whether a bot is still in the room is not looked at before another one goes there.
    RoomNotLookedAt,
}

/// Whether the bug is planted: never.
#[cfg(not(test))]
pub(crate) const fn is(_: Bug) -> bool {
    false
}

#[cfg(test)]
pub(crate) use planting::{is, with};

#[cfg(test)]
mod planting {
    use super::Bug;
    use std::cell::Cell;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Whether the bug is planted on this thread.
    pub(crate) fn is(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }

    /// Does the work with the bug planted.
    pub(crate) fn with<T>(bug: Bug, work: impl FnOnce() -> T) -> T {
        PLANTED.set(Some(bug));
        let done = work();
        PLANTED.set(None);
        done
    }

    impl Bug {
        /// Every bug, the invariant that finds it, and the kind of run that it is looked for in.
        pub(crate) const ALL: &[(Self, &str, &str)] = &[
            (Self::ForgetTombstone, "I2", "calm"),
            (Self::FailedPassIsEmpty, "I1", "flaky"),
            (Self::CursorNeverExpires, "I8", "dark"),
            (Self::CursorBeforeChanges, "I8", "crashes"),
            (Self::NotModifiedIsEmpty, "I1", "calm"),
            (Self::CancelledInstanceForgotten, "I2", "calm"),
            (Self::ReadOnlyOnce, "I8", "flaky"),
            (Self::SightingsStay, "I2", "calm"),
            (Self::OwnCopiesOnly, "I6", "calm"),
            (Self::SameUidIsSame, "I7", "calm"),
            (Self::LocalIsUtc, "I1", "calm"),
            (Self::NoIsNotStored, "I7", "calm"),
            (Self::NoRecord, "I7", "calm"),
            (Self::WrongRule, "I7", "calm"),
            (Self::RecallForgotten, "I2", "calm"),
            (Self::MovedKeepsEpoch, "I3", "calm"),
            (Self::MovedKeepsSecond, "I8", "calm"),
            (Self::LinkChangeForgotten, "I2", "calm"),
            (Self::WithdrawnForGood, "I8", "calm"),
            (Self::NewKeyOnRetry, "I6", "liars"),
            (Self::NoLatePolicy, "I1", "dark"),
            (Self::SpreadIsLater, "I1", "calm"),
            (Self::LeaseForEver, "I15", "crashes"),
            (Self::AmbiguousIsMissed, "I1", "liars"),
            (Self::MissedInSilence, "I15", "dark"),
            (Self::MissedWithoutReason, "I15", "dark"),
            (Self::TellAfterwards, "I5", "crashes"),
            (Self::DeliveredBeforeSent, "I5", "flaky"),
            (Self::NewIdOnRetry, "I6", "receivers"),
            (Self::TriesNotCounted, "I9", "receivers"),
            (Self::ReceiverHurried, "I9", "receivers"),
            (Self::ProviderHurried, "I9", "storm"),
            (Self::GovernorSilent, "I9", "quota"),
            (Self::AddressInWebhook, "I10", "calm"),
            (Self::AddressInLog, "I10", "calm"),
            (Self::TokenNotStored, "I13", "calm"),
            (Self::WallClockBelieved, "I1", "jumps"),
            (Self::QuotaForEach, "I9", "hosts"),
            (Self::DeadStayReaders, "I8", "hosts"),
            (Self::PushTokenIgnored, "I9", "push"),
            (Self::NotificationBelieved, "I9", "push"),
            (Self::NotificationsHurry, "I9", "push"),
            (Self::OldChannelStoppedFirst, "I9", "push"),
            (Self::ChannelNotRenewed, "I9", "push"),
            (Self::WordUnheard, "I2", "calm"),
            (Self::ErrandForgotten, "I1", "calm"),
            (Self::ErrandStaysAlone, "I6", "calm"),
            (Self::RoomNotLookedAt, "I6", "calm"),
        ];
    }
}
