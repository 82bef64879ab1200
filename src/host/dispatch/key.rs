//! The name of a bot, and its second: the same on every host and for every try.

use crate::host::model::TenantId;
use crate::host::planted::{self, Bug};
use crate::time::{Elapsed, Instant};
use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

/// Bots of one second are spread over this many milliseconds before it.
pub const SPREAD_MILLIS: u64 = 20_000;
/// This long after the start no bot is sent any more.
pub const LATE_SECS: i64 = 10 * 60;
/// However short a meeting is, and however late its bot should join, there is this much time to send it.
pub const WINDOW_SECS_MIN: i64 = 60;

/// What names a bot. The meeting's id stands for its UID, its original start and its organizer or room, so that a moved meeting
/// keeps its key and only a replaced bot (the next epoch) gets another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyed<'a> {
    /// Whose meeting it is.
    pub tenant: TenantId,
    /// The meeting.
    pub meeting: &'a str,
    /// 0 for the first bot of the meeting.
    pub epoch: u32,
}

impl Keyed<'_> {
    /// The idempotency key: 52 letters and digits of lower-case base32.
    ///
    /// Every part is hashed behind its length: no two different bots can write the same bytes.
    #[must_use]
    pub fn key(&self) -> String {
        let (tenant, epoch) = (self.tenant.0.to_be_bytes(), self.epoch.to_be_bytes());
        let mut hash = Sha256::new();
        for part in [b"bot/1".as_slice(), &tenant, self.meeting.as_bytes(), &epoch] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        BASE32_NOPAD.encode(&hash.finalize()).to_ascii_lowercase()
    }
}

/// When the bot is asked for: `join_secs` after the start (negative: before), and up to twenty seconds earlier, by its key.
///
/// Most meetings begin on the hour; the spread keeps their bots from all being asked for in one instant. It is never later, so
/// that no bot misses its meeting for it, and the same for every plan of the same bot, so that replanning moves nothing.
#[must_use]
pub fn fire_at(start: Instant, join_secs: i64, key: &str) -> Instant {
    let digest = Sha256::digest(key);
    let number = digest[..8].iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let early = Elapsed::from_millis((number % SPREAD_MILLIS) as i64);
    let early = if planted::is(Bug::SpreadIsLater) { -early } else { early };
    after(start, Elapsed::from_secs(join_secs).saturating_sub(early))
}

/// After this no bot is sent: ten minutes after the start or the end of the meeting, whichever is first.
///
/// But never before there was a minute to send it: a meeting without length is a mark at its start and may well go on, and a
/// rule may want the bot to join when meetings usually are over.
#[must_use]
pub fn late_at(start: Instant, end: Option<Instant>, join_secs: i64) -> Instant {
    let policy = after(start, Elapsed::from_secs(LATE_SECS));
    let window = after(start, Elapsed::from_secs(join_secs.max(0).saturating_add(WINDOW_SECS_MIN)));
    end.map_or(policy, |end| end.min(policy)).max(window)
}

/// The instant, or the border of time.
fn after(start: Instant, elapsed: Elapsed) -> Instant {
    let border = if elapsed.is_negative() { Instant::MIN } else { Instant::MAX };
    start.checked_add(elapsed).unwrap_or(border)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn keyed(tenant: u64, meeting: &str, epoch: u32) -> String {
        Keyed { tenant: TenantId(tenant), meeting, epoch }.key()
    }

    #[test]
    fn key_never_changes() {
        // Keys of bots that are in meetings now: a change of the recipe would send each of them a second one.
        assert_eq!(keyed(7, "m-1", 0), "exmos6tcshzhragz4dbsigv2bq5x4doai6eerdl66hxc3cpcdxsa");
    }

    #[test]
    fn deadline_is_ten_minutes_or_the_end_and_leaves_a_minute() {
        let start = at("2026-03-02T10:00:00Z");
        let late = |end: Option<&str>, join| late_at(start, end.map(at), join).to_string();
        assert_eq!(late(None, -90), "2026-03-02T10:10:00Z");
        assert_eq!(late(Some("2026-03-02T11:00:00Z"), -90), "2026-03-02T10:10:00Z");
        assert_eq!(late(Some("2026-03-02T10:05:00Z"), -90), "2026-03-02T10:05:00Z");
        assert_eq!(late(Some("2026-03-02T10:00:00Z"), -90), "2026-03-02T10:01:00Z");
        assert_eq!(late(Some("2026-03-02T09:00:00Z"), -90), "2026-03-02T10:01:00Z");
        assert_eq!(late(Some("2026-03-02T10:30:00Z"), 900), "2026-03-02T10:16:00Z");
    }

    #[test]
    fn borders_of_time_hold() {
        assert_eq!(late_at(Instant::MAX, None, i64::MAX), Instant::MAX);
        assert_eq!(fire_at(Instant::MIN, i64::MIN, "k"), Instant::MIN);
        assert_eq!(fire_at(Instant::MAX, i64::MAX, "k"), Instant::MAX);
    }

    #[test]
    fn bots_of_one_second_are_spread_evenly() {
        let start = at("2026-03-02T10:00:00Z");
        let mut seconds = [0; 20];
        for meeting in 0..20_000 {
            let key = keyed(1, &meeting.to_string(), 0);
            let early = start.duration_since(fire_at(start, 0, &key)).as_millis();
            seconds[usize::try_from(early / 1000).expect("not later")] += 1;
        }
        assert!(seconds.iter().all(|count| (850..1150).contains(count)), "{seconds:?}");
    }

    proptest! {
        #[test]
        fn different_bots_have_different_keys(a in (0u64..3, "[a-c]{0,3}", 0u32..3), b in (0u64..3, "[a-c]{0,3}", 0u32..3)) {
            prop_assert_eq!(a == b, keyed(a.0, &a.1, a.2) == keyed(b.0, &b.1, b.2));
        }

        #[test]
        fn spread_is_earlier_only_and_stable(meeting in ".{0,20}", join in -86_400i64..86_400) {
            let start = at("2026-03-02T10:00:00Z");
            let key = keyed(1, &meeting, 0);
            let (wanted, fire) = (after(start, Elapsed::from_secs(join)), fire_at(start, join, &key));
            let early = wanted.duration_since(fire);
            prop_assert!(!early.is_negative() && early < Elapsed::from_millis(SPREAD_MILLIS as i64));
            prop_assert_eq!(fire, fire_at(start, join, &key));
            prop_assert!(late_at(start, None, join) > fire);
        }
    }
}
