//! What a read of one occurrence shortly before its bot showed: decided on at once (`C3`), stored by the pass that follows.
//!
//! An entry that was read alone is not kept: beside its series, the row of an unchanged occurrence would later hide what happens
//! to the series. So only the sighting changes, with the plan, and the calendar's cursor is dropped in the same commit: the next
//! pass is a full one, which brings the entries to what the read has shown, and makes every sighting anew.

use super::{Difference, PlanError, TRIES_MAX, commit, kept_window, reader_of, replanned};
use crate::event::Occurrence;
use crate::host::context::Context;
use crate::host::model::{Calendar, CalendarId, Entry, Sighting, TenantId};
use crate::host::schedule;
use crate::host::store::Write;
use crate::host::sync::{calendar_with, related};
use crate::value::Fact;

/// How what was read stands to what was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// It says the same.
    Same,
    /// It says something else, and the plan follows it by now.
    Changed,
}

/// Lets the plan follow what a provider says about one occurrence: `fresh` is its entry, or `None` where it is gone.
///
/// # Errors
/// [`PlanError`]; then nothing was stored.
pub async fn absorb_single(
    host: &Context,
    tenant: TenantId,
    calendar: CalendarId,
    sighting: &str,
    fresh: Option<&Entry>,
) -> Result<Compared, PlanError> {
    let host = &host.in_terms_of(tenant).await?;
    for _ in 0..TRIES_MAX {
        let Some(row) = host.store.calendar(tenant, calendar).await? else { return Err(PlanError::Gone) };
        let writes = compared(host, row, sighting, fresh).await?;
        if writes.is_empty() {
            return Ok(Compared::Same);
        }
        if commit(host, tenant, writes).await?.is_some() {
            return Ok(Compared::Changed);
        }
    }
    Err(PlanError::Contended)
}

/// The writes that follow; none where nothing changed.
async fn compared(host: &Context, row: Calendar, id: &str, fresh: Option<&Entry>) -> Result<Vec<Write>, PlanError> {
    let known = host.store.sightings(row.tenant, row.id).await?;
    // Another pass was faster: it is gone already.
    let Some(at) = known.iter().position(|sighting| sighting.id == id) else { return Ok(Vec::new()) };
    let fresh = match fresh {
        // What is there and yet not found is nothing to conclude from: it may be named otherwise, or lie far away.
        Some(entry) => Some(shown(host, &row, &known[at], entry).await?.ok_or(PlanError::Unreadable)?),
        None => None,
    };
    if fresh.as_ref().is_some_and(|fresh| says_the_same(&known[at], fresh)) {
        return Ok(Vec::new());
    }
    let mut own = known.clone();
    match fresh {
        Some(fresh) => own[at] = fresh,
        None => drop(own.remove(at)),
    }
    let difference = Difference::of(&known, &own, &kept_window(host));
    let plan = replanned(host, &row, &difference, &own).await?;
    let mut writes = vec![Write::Calendar(Calendar { cursor: None, expanded_to: None, ..row.clone() })];
    writes.extend(difference.writes(row.id));
    writes.extend(plan);
    Ok(writes)
}

/// The sighting as the entry shows it; `None` where it is not found. Some mailboxes give each occurrence read alone a UID of its
/// own (`M7.4`), so that what counts is the normalised one.
async fn shown(host: &Context, row: &Calendar, known: &Sighting, entry: &Entry) -> Result<Option<Sighting>, PlanError> {
    let reader = reader_of(host, row).await?;
    let stored = host.store.entries(row.tenant, row.id).await?;
    let names = known.entry.iter().chain([&entry.id]).cloned().collect();
    let stored = related(row.origin, &stored, names).entries;
    let calendar = calendar_with(row.origin, &stored, entry.clone(), &reader).map_err(|_| PlanError::Unreadable)?;
    let seen = schedule::sightings_of(row.id, &calendar, &kept_window(host), &reader);
    let same = |sighting: &Sighting| {
        sighting.id == known.id
            || sighting.uid.is_some() && (&sighting.uid, &sighting.occurrence) == (&known.uid, &known.occurrence)
    };
    Ok(seen.sightings.into_iter().find(same))
}

/// Whether two sightings of one occurrence tell the same.
///
/// Left out is what a read of one occurrence tells otherwise than a listing although nothing changed: the ids that it goes by,
/// the revision, and whether it is unlike its series, which is not to be seen without the series.
fn says_the_same(known: &Sighting, fresh: &Sighting) -> bool {
    let told = |sighting: &Sighting| {
        let occurrence = schedule::occurrence_of(sighting).ok()?;
        let changed = Fact::Known(false);
        Some(Occurrence { uid: String::new(), provider_id: None, revision: Default::default(), changed, ..occurrence })
    };
    match (told(known), told(fresh)) {
        (Some(known), Some(fresh)) => known == fresh,
        _ => false,
    }
}
