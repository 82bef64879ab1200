//! From the entries of a calendar to the occurrences that rules judge.
//!
//! Entries are grouped into series; the newest state of each wins; rules are expanded inside the window; an instance that was
//! changed on its own takes the place of the one it names, wherever it was moved to, and a cancelled one stays with its status.

use super::recurrence::{self, Expansion, Rules, Stopped};
use super::{Calendar, EntryKind, Event, Occurrence, Recurrence, SeriesFacts, SeriesSummary, Unreadable, Window};
use crate::time::{Elapsed, Instant, Moment, Zone};
use crate::value::{Fact, Status, UnknownReason, shown};
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Most occurrences of one calendar in one window.
pub const CALENDAR_OCCURRENCES_MAX: usize = 200_000;

/// Most steps that the rules of one calendar may take together; see [`recurrence::WORK_MAX`] for one rule.
pub const CALENDAR_WORK_MAX: u64 = 20_000_000;

/// The occurrences of a calendar inside a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occurrences {
    /// Ascending by start, then by UID; cancelled ones among them.
    pub occurrences: Vec<Occurrence>,
    /// Series that could not be expanded, or not wholly.
    pub unreadable: Vec<Unreadable>,
}

impl Calendar {
    /// The occurrences whose start lies in `window`, which is half open and in UTC.
    ///
    /// A moved occurrence counts by its new start and keeps its recurrence id. Whole days lie in the window by their midnight in
    /// `reader`.
    #[must_use]
    pub fn occurrences(&self, window: Window, reader: &Zone) -> Occurrences {
        let mut out = Occurrences::default();
        let mut work: u64 = 0;
        for group in Group::all(&self.events) {
            work += u64::from(group.expand(&window, reader, &mut out));
            if out.occurrences.len() > CALENDAR_OCCURRENCES_MAX || work > CALENDAR_WORK_MAX {
                out.occurrences.truncate(CALENDAR_OCCURRENCES_MAX);
                let why = "too many occurrences, or too much work, in the window; later entries are left out".into();
                out.unreadable.push(Unreadable { place: "calendar".into(), why });
                break;
            }
        }
        out.occurrences.sort_by_cached_key(|occurrence| {
            let original = occurrence.recurrence_id.as_ref().map(|original| original.instant(reader));
            (occurrence.start.instant(reader), occurrence.uid.clone(), original)
        });
        out
    }
}

/// The entries of one series, or of one event that happens once.
#[derive(Default)]
struct Group<'a> {
    /// Singles and masters.
    heads: Vec<&'a Event>,
    /// Instances with a record of their own.
    instances: Vec<&'a Event>,
}

impl<'a> Group<'a> {
    /// The groups in the order of their first entry.
    ///
    /// One UID makes one group only as far as the source does not tell its entries apart: those with ids of their own are
    /// different events, since a UID is whatever the sender of an invitation wrote.
    fn all(events: &'a [Event]) -> Vec<Self> {
        let heads = || events.iter().filter(|event| !matches!(event.kind, EntryKind::Instance { .. }));
        let by_id: HashMap<&str, (&str, Option<&str>)> =
            heads().filter_map(|event| Some((event.provider_id.as_deref()?, name(event)))).collect();
        let mut by_uid: HashMap<&str, (&str, Option<&str>)> = HashMap::new();
        for event in heads() {
            by_uid.entry(&event.uid).or_insert(name(event));
        }
        let mut groups: Vec<Self> = Vec::new();
        let mut place: HashMap<(&str, Option<&str>), usize> = HashMap::new();
        for event in events {
            let key = match &event.kind {
                EntryKind::Instance { master, .. } => {
                    let own = master.as_deref().and_then(|master| by_id.get(master));
                    own.or_else(|| by_uid.get(event.uid.as_str())).copied().unwrap_or((&event.uid, None))
                }
                _ => name(event),
            };
            let at = *place.entry(key).or_insert_with(|| {
                groups.push(Self::default());
                groups.len() - 1
            });
            match event.kind {
                EntryKind::Instance { .. } => groups[at].instances.push(event),
                _ => groups[at].heads.push(event),
            }
        }
        groups
    }

    /// Adds the occurrences of the group; how much work its rules took.
    fn expand(&self, window: &Window, reader: &Zone, out: &mut Occurrences) -> u32 {
        let heads = newest(&self.heads, reader);
        let mut work: u32 = 0;
        if heads.is_empty() {
            let orphans = newest_instances(&self.instances, None);
            out.occurrences.extend(orphans.into_iter().map(orphan).filter(|orphan| starts_in(orphan, window, reader)));
            return work;
        }
        let mut instances = Some(&self.instances);
        for head in heads {
            match &head.kind {
                EntryKind::SeriesMaster(recurrence) => {
                    let own = instances.take().map_or(&[][..], Vec::as_slice);
                    work = work.saturating_add(Series::new(head, recurrence, own, reader).expand(window, out));
                }
                _ => out.occurrences.extend(Some(single(head)).filter(|single| starts_in(single, window, reader))),
            }
        }
        // An event that happens once can still have instances, of the series it was before or of extra dates.
        for event in instances.map(|instances| newest_instances(instances, None)).unwrap_or_default() {
            out.occurrences.extend(Some(orphan(event)).filter(|orphan| starts_in(orphan, window, reader)));
        }
        work
    }
}

/// What tells an event from others of its source.
fn name(event: &Event) -> (&str, Option<&str>) {
    (&event.uid, event.provider_id.as_deref())
}

/// The newest state among entries of one UID. States of one revision that begin at different times are different entries.
fn newest<'a>(heads: &[&'a Event], reader: &Zone) -> Vec<&'a Event> {
    let rank = |event: &Event| (event.revision, event.facts.status == Status::Cancelled);
    let Some(best) = heads.iter().map(|event| rank(event)).max() else { return Vec::new() };
    let mut begins = HashSet::new();
    let of_best = heads.iter().filter(|event| rank(event) == best);
    of_best.filter(|event| begins.insert((event.start.is_day(), event.start.instant(reader)))).copied().collect()
}

/// The newest state of each instance, in the order of the entries.
fn newest_instances<'a>(instances: &[&'a Event], series: Option<&Series<'_>>) -> Vec<&'a Event> {
    let mut kept: Vec<(Instant, &Event)> = Vec::new();
    let mut place: HashMap<Instant, usize> = HashMap::new();
    for event in instances {
        let EntryKind::Instance { recurrence_id, .. } = &event.kind else { continue };
        let name = series.map_or_else(|| recurrence_id.instant(&Zone::utc()), |series| series.original(recurrence_id));
        let rank = |event: &Event| (event.revision, event.facts.status == Status::Cancelled);
        match place.get(&name) {
            Some(at) if rank(event) >= rank(kept[*at].1) => kept[*at].1 = event,
            Some(_) => {}
            None => {
                place.insert(name, kept.len());
                kept.push((name, event));
            }
        }
    }
    kept.into_iter().map(|(_, event)| event).collect()
}

fn starts_in(occurrence: &Occurrence, window: &Window, reader: &Zone) -> bool {
    window.contains(&occurrence.start.instant(reader))
}

fn single(event: &Event) -> Occurrence {
    Occurrence {
        uid: event.uid.clone(),
        provider_id: event.provider_id.clone(),
        recurrence_id: None,
        series: SeriesFacts::NotRecurring,
        start: event.start.clone(),
        end: event.end.clone(),
        first: Fact::Known(false),
        moved: Fact::Known(false),
        changed: Fact::Known(false),
        sub_hourly: false,
        revision: event.revision,
        facts: event.facts.clone(),
    }
}

/// An instance whose series cannot be seen (`G2.20`, `I10.7`): whether it was moved can be told, and changed where the source
/// says so; little else.
fn orphan(event: &Event) -> Occurrence {
    let reason = UnknownReason::MasterUnreadable;
    let recurrence_id = match &event.kind {
        EntryKind::Instance { recurrence_id, .. } => Some(recurrence_id.clone()),
        _ => None,
    };
    let moved = recurrence_id.as_ref().is_some_and(|original| !same_moment(original, &event.start));
    Occurrence {
        recurrence_id,
        series: SeriesFacts::Orphan(reason),
        first: Fact::Unknown(reason),
        moved: Fact::Known(moved),
        changed: match stated_change(event) {
            _ if moved => Fact::Known(true),
            Some(changed) => Fact::Known(changed),
            None => Fact::Unknown(reason),
        },
        ..single(event)
    }
}

fn same_moment(one: &Moment, other: &Moment) -> bool {
    match (one, other) {
        (Moment::Timed { at: one, .. }, Moment::Timed { at: other, .. }) => one == other,
        (one, other) => one.civil().date() == other.civil().date(),
    }
}

/// A series with everything that changes single instances of it.
struct Series<'a> {
    master: &'a Event,
    recurrence: &'a Recurrence,
    rules: Rules,
    summary: OnceCell<Arc<SeriesSummary>>,
    instances: Vec<&'a Event>,
    /// Changes of an instance and all that follow, by the original start, ascending.
    following: Vec<(Instant, &'a Event)>,
    /// The ends of extra dates that were written as periods.
    extra_ends: HashMap<Instant, &'a Moment>,
    reader: &'a Zone,
    length: Fact<Length>,
}

/// A change of an instance and all that follow which moves them further than this is looked for no further away.
const SHIFT_HOURS_MAX: i64 = 366 * 24;

/// How long each instance is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Length {
    /// Exactly so long, also over a clock change (RFC 5545 §3.8.5.3).
    Exact(Elapsed),
    /// So many days.
    Days(i64),
}

impl<'a> Series<'a> {
    fn new(master: &'a Event, recurrence: &'a Recurrence, instances: &[&'a Event], reader: &'a Zone) -> Self {
        let rules = Rules::of(recurrence);
        let length = master.end.as_ref().map(|end| length(&master.start, end));
        let with_end = recurrence.extra.iter().filter_map(|(extra, end)| Some((extra.instant(reader), end.as_ref()?)));
        let mut series = Self {
            master,
            recurrence,
            rules,
            summary: OnceCell::new(),
            instances: Vec::new(),
            following: Vec::new(),
            extra_ends: with_end.collect(),
            reader,
            length,
        };
        series.instances = newest_instances(instances, Some(&series));
        let following = series.instances.iter().filter(|event| follows(event));
        series.following = following.filter_map(|event| Some((series.original(recurrence_id(event)?), *event))).collect();
        series.following.sort_by_key(|(from, _)| *from);
        series
    }

    /// Told by every occurrence, so made once, and not for a series that has none in the window.
    fn summary(&self) -> SeriesFacts {
        let make = || Arc::new(recurrence::summary(&self.master.start, self.recurrence, &self.rules, self.reader));
        SeriesFacts::Of(self.summary.get_or_init(make).clone())
    }

    fn expand(&self, window: &Window, out: &mut Occurrences) -> u32 {
        let shift = self.longest_shift();
        let wide = saturating(window.start, -shift)..saturating(window.end, shift);
        let expansion = recurrence::expand(&self.master.start, self.recurrence, &self.rules, &wide, self.reader);
        self.report(&expansion, out);
        let named: BTreeMap<Instant, &Event> =
            self.instances.iter().filter_map(|event| Some((self.original(recurrence_id(event)?), *event))).collect();
        let shown = named.iter().filter(|(_, event)| window.contains(&event.start.instant(self.reader)));
        let first = self.first_start(&expansion, shown.map(|(original, _)| *original).next_back());
        for start in &expansion.starts {
            let original = start.instant(self.reader);
            if named.contains_key(&original) {
                continue;
            }
            let occurrence = self.instance(start, first == Some(original));
            out.occurrences.extend(Some(occurrence).filter(|occurrence| starts_in(occurrence, window, self.reader)));
        }
        for (original, event) in named {
            let occurrence = self.recorded(event, original, first == Some(original));
            out.occurrences.extend(Some(occurrence).filter(|occurrence| starts_in(occurrence, window, self.reader)));
        }
        expansion.work
    }

    /// An instance that has no record of its own; a change of it and all that follow may hold for it.
    fn instance(&self, start: &Moment, first: bool) -> Occurrence {
        let original = start.instant(self.reader);
        let after = self.following.partition_point(|(from, _)| *from <= original);
        let last = after.checked_sub(1).map(|at| self.following[at]);
        let (source, begins, length) = match last {
            Some((from, event)) => {
                (event, shifted(start, from, event, self.reader), event.end.as_ref().map(|end| length(&event.start, end)))
            }
            None => (self.master, start.clone(), self.length.clone()),
        };
        let extra_end = self.extra_ends.get(&original).map(|end| (*end).clone());
        let end = extra_end.map_or_else(|| length.map(|length| ended(&begins, length)), Fact::Known);
        Occurrence {
            recurrence_id: Some(start.clone()),
            series: self.summary(),
            moved: Fact::Known(!same_moment(start, &begins)),
            changed: Fact::Known(last.is_some()),
            start: begins,
            end,
            first: Fact::Known(first),
            sub_hourly: self.sub_hourly(),
            ..single(source)
        }
    }

    /// An instance with a record of its own: a change of the series, unless the source lists all instances and says that this
    /// one is none.
    fn recorded(&self, event: &Event, original: Instant, first: bool) -> Occurrence {
        let name = self.moment_of(original);
        let moved = !same_moment(&name, &event.start);
        Occurrence {
            series: self.summary(),
            moved: Fact::Known(moved),
            changed: Fact::Known(moved || stated_change(event) != Some(false)),
            first: Fact::Known(first),
            recurrence_id: Some(name),
            sub_hourly: self.sub_hourly(),
            ..single(event)
        }
    }

    /// The original start that a recurrence id names, as an instant: through the zone of the series, also where it is written
    /// as a day, in another zone, or without one.
    fn original(&self, recurrence_id: &Moment) -> Instant {
        match (&self.master.start, recurrence_id) {
            (Moment::Timed { zone, .. }, Moment::Day(date)) => zone.instant(date.to_datetime(self.master.start.civil().time())),
            (Moment::Timed { zone, .. }, Moment::Timed { at, zone: of_id }) => {
                // A reading without a zone was placed in the reader's; it names the same wall-clock time of the series.
                let wall_clock =
                    zone.civil(*at).time() != self.master.start.civil().time() && of_id == self.reader && of_id != zone;
                if wall_clock { zone.instant(of_id.civil(*at)) } else { *at }
            }
            (Moment::Day(_), id) => Moment::Day(id.civil().date()).instant(self.reader),
        }
    }

    /// The moment, in the spelling of the series, of an original start.
    fn moment_of(&self, original: Instant) -> Moment {
        match &self.master.start {
            Moment::Timed { zone, .. } => Moment::Timed { at: original, zone: zone.clone() },
            Moment::Day(_) => Moment::Day(self.reader.civil(original).date()),
        }
    }

    /// The first start that the rules of the series make, unless it comes after all that are shown: those found, and `recorded`,
    /// the last of those with a record of their own, which may have been moved to where they are from anywhere.
    fn first_start(&self, expansion: &Expansion, recorded: Option<Instant>) -> Option<Instant> {
        let found = expansion.starts.last().map(|start| start.instant(self.reader));
        let behind = saturating(found.into_iter().chain(recorded).max()?, Elapsed::from_nanos(1));
        let first = recurrence::first(&self.master.start, self.recurrence, &self.rules, behind, self.reader)?;
        Some(first.instant(self.reader))
    }

    /// How far changes of an instance and all that follow move starts, within [`SHIFT_HOURS_MAX`].
    fn longest_shift(&self) -> Elapsed {
        let shift = |(from, event): &(Instant, &Event)| event.start.instant(self.reader).duration_since(*from).abs();
        let longest = self.following.iter().map(shift).max().unwrap_or(Elapsed::ZERO);
        longest.min(Elapsed::from_hours(SHIFT_HOURS_MAX))
    }

    fn sub_hourly(&self) -> bool {
        use super::Freq::{Minutely, Secondly};
        self.rules.included.iter().any(|rule| matches!(rule.freq, Minutely | Secondly))
    }

    fn report(&self, expansion: &Expansion, out: &mut Occurrences) {
        let mut say =
            |why: String| out.unreadable.push(Unreadable { place: format!("series {}", shown(&self.master.uid, 60)), why });
        for error in &self.rules.wrong {
            say(format!("its recurrence rule cannot be read: {error}"));
        }
        match expansion.stopped {
            Some(Stopped::TooMany) => {
                say(format!("more than {} occurrences in the window; the rest is left out", recurrence::OCCURRENCES_MAX))
            }
            Some(Stopped::Work) => say("its recurrence rule needs too much work; occurrences may be missing".into()),
            None => {}
        }
    }
}

fn recurrence_id(event: &Event) -> Option<&Moment> {
    match &event.kind {
        EntryKind::Instance { recurrence_id, .. } => Some(recurrence_id),
        _ => None,
    }
}

/// Whether an instance differs from its series, where the source says so.
fn stated_change(event: &Event) -> Option<bool> {
    match event.kind {
        EntryKind::Instance { changed, .. } => changed,
        _ => None,
    }
}

fn follows(event: &Event) -> bool {
    matches!(event.kind, EntryKind::Instance { and_following: true, .. })
}

fn length(start: &Moment, end: &Moment) -> Length {
    match (start, end) {
        (Moment::Timed { at: start, .. }, Moment::Timed { at: end, .. }) => Length::Exact(end.duration_since(*start)),
        (start, end) => Length::Days(end.civil().date().duration_since(start.civil().date()).as_hours() / 24),
    }
}

fn ended(start: &Moment, length: Length) -> Moment {
    match (start, length) {
        (Moment::Timed { at, zone }, Length::Exact(length)) => Moment::Timed { at: saturating(*at, length), zone: zone.clone() },
        (Moment::Timed { at, zone }, Length::Days(days)) => {
            Moment::Timed { at: saturating(*at, Elapsed::from_hours(days * 24)), zone: zone.clone() }
        }
        (Moment::Day(date), Length::Days(days)) => Moment::Day(moved_by_days(*date, days)),
        (Moment::Day(date), Length::Exact(length)) => Moment::Day(moved_by_days(*date, length.as_hours() / 24)),
    }
}

/// `start` moved as the change of the instance `from` moved that one.
fn shifted(start: &Moment, from: Instant, event: &Event, reader: &Zone) -> Moment {
    match (start, &event.start) {
        // The wall clock moves, so that 10:00 instead of 09:00 stays 10:00 across a clock change.
        (Moment::Timed { zone, .. }, Moment::Timed { at, .. }) => {
            let by = zone.civil(*at).duration_since(zone.civil(from));
            let civil = start.civil().checked_add(by).unwrap_or_else(|_| start.civil());
            Moment::Timed { at: zone.instant(civil), zone: zone.clone() }
        }
        (Moment::Day(date), changed) => {
            let by = changed.civil().date().duration_since(reader.civil(from).date()).as_hours() / 24;
            Moment::Day(moved_by_days(*date, by))
        }
        (Moment::Timed { .. }, Moment::Day(_)) => start.clone(),
    }
}

fn moved_by_days(date: crate::time::Date, days: i64) -> crate::time::Date {
    jiff::Span::new().try_days(days).and_then(|span| date.checked_add(span)).unwrap_or(date)
}

fn saturating(at: Instant, by: Elapsed) -> Instant {
    at.checked_add(by).unwrap_or(if by.is_negative() { Instant::MIN } else { Instant::MAX })
}
