//! What holds for a commit before any store sees it: it is of one tenant, and its instants are such as the stores keep.

use super::{Commit, CommitError, Write, kept};
use crate::host::model::grants::{Flow, Grant, Parting};
use crate::host::model::{
    ApiKey, AuditRow, Calendar, CalendarId, Channel, Delivery, Dispatch, Endpoint, Errand, KeyRow, Meeting, OutboxEvent,
    RequestRow, Sighting, TenantId, Wake,
};
use std::collections::BTreeSet;

impl Commit {
    /// The commit as the stores take it.
    pub(super) fn checked(self) -> Result<Self, CommitError> {
        if self.writes.iter().any(|write| write.tenant().is_some_and(|tenant| tenant != self.tenant)) {
            return Err(CommitError::Conflict("a row of another tenant"));
        }
        Ok(Self { tenant: self.tenant, writes: self.writes.into_iter().map(Write::kept).collect() })
    }

    /// The calendars whose entries or sightings it writes, but not their own row: their version grows nevertheless.
    pub(super) fn grown(&self) -> BTreeSet<CalendarId> {
        let mut grown = BTreeSet::new();
        for write in &self.writes {
            match write {
                Write::Entry(calendar, _) | Write::RemoveEntry(calendar, _) | Write::RemoveSighting(calendar, _) => {
                    grown.insert(*calendar)
                }
                Write::Sighting(row) => grown.insert(row.calendar),
                _ => false,
            };
        }
        for write in &self.writes {
            if let Write::Calendar(row) = write {
                grown.remove(&row.id);
            }
        }
        grown
    }
}

impl Write {
    /// The tenant that the row names, where it names one.
    fn tenant(&self) -> Option<TenantId> {
        match self {
            Self::Tenant(row) => Some(row.id),
            Self::Connection(row) => Some(row.tenant),
            Self::Calendar(row) => Some(row.tenant),
            Self::Meeting(row) => Some(row.tenant),
            Self::Dispatch(row) => Some(row.tenant),
            Self::Errand(row) => Some(row.tenant),
            Self::Override(row) | Self::RemoveOverride(row) => Some(row.tenant),
            Self::Rules(row) => Some(row.tenant),
            Self::TenantKey(row) => Some(row.tenant),
            Self::Endpoint(row) => Some(row.tenant),
            Self::Event(row) => Some(row.tenant),
            Self::Delivery(row) => Some(row.tenant),
            Self::Client(row) => Some(row.tenant),
            Self::ReturnUrl(row) => Some(row.tenant),
            Self::Flow(row) => Some(row.tenant),
            Self::Grant(row) => Some(row.tenant),
            Self::Parting(row) => Some(row.tenant),
            Self::ApiKey(row) => Some(row.tenant),
            Self::Audit(row) => Some(row.tenant),
            Self::Request(row) => Some(row.tenant),
            Self::Channel(row) => Some(row.tenant),
            Self::Wake(row) => Some(row.tenant),
            Self::PlanVersion(_)
            | Self::RemoveTenant
            | Self::RemoveEvent(_)
            | Self::Undecided(_)
            | Self::Decided(..)
            | Self::RemoveConnection(_)
            | Self::Token { .. }
            | Self::RemoveToken(_)
            | Self::Rewrapped { .. }
            | Self::Lent { .. }
            | Self::Entry(..)
            | Self::RemoveEntry(..)
            | Self::Sighting(_)
            | Self::RemoveSighting(..)
            | Self::RemoveMeeting(_)
            | Self::ErrandOver(_)
            | Self::RemoveErrand(_)
            | Self::List(..)
            | Self::RemoveClient(_)
            | Self::RemoveReturnUrl(_)
            | Self::RemoveFlows(_)
            | Self::RemoveFlowsOf(_)
            | Self::RemoveList(_)
            | Self::RemoveRules(_)
            | Self::RemoveRequest(_)
            | Self::RemoveRequests(_)
            | Self::RemoveEndpoint(_)
            | Self::RemoveChannel(_)
            | Self::RemoveParting(_)
            | Self::Woken(..) => None,
        }
    }

    fn kept(self) -> Self {
        match self {
            Self::Calendar(row) => {
                Self::Calendar(Calendar { synced_at: row.synced_at.map(kept), expanded_to: row.expanded_to.map(kept), ..row })
            }
            Self::Sighting(row) => Self::Sighting(Sighting { start: kept(row.start), ..row }),
            Self::Meeting(row) => Self::Meeting(Meeting { start: kept(row.start), end: row.end.map(kept), ..row }),
            Self::Dispatch(row) => Self::Dispatch(Dispatch {
                due_at: row.due_at.map(kept),
                fire_at: kept(row.fire_at),
                start: kept(row.start),
                late_at: kept(row.late_at),
                lease_until: row.lease_until.map(kept),
                ..row
            }),
            Self::Errand(row) => Self::Errand(Errand { at: kept(row.at), made_at: kept(row.made_at), ..row }),
            Self::Endpoint(row) => {
                let (failing_since, due_at) = (row.failing_since.map(kept), row.due_at.map(kept));
                Self::Endpoint(Endpoint { failing_since, due_at, ..row })
            }
            Self::Event(row) => Self::Event(OutboxEvent { at: kept(row.at), ..row }),
            Self::Flow(row) => Self::Flow(Flow { made_at: kept(row.made_at), expires_at: kept(row.expires_at), ..row }),
            Self::Grant(row) => Self::Grant(Grant { lease_until: row.lease_until.map(kept), ..row }),
            Self::Parting(row) => Self::Parting(Parting { due_at: kept(row.due_at), until: kept(row.until), ..row }),
            Self::TenantKey(row) => Self::TenantKey(KeyRow { made_at: kept(row.made_at), ..row }),
            Self::Delivery(row) => Self::Delivery(Delivery { due_at: row.due_at.map(kept), ..row }),
            Self::ApiKey(row) => Self::ApiKey(ApiKey { made_at: kept(row.made_at), revoked_at: row.revoked_at.map(kept), ..row }),
            Self::Audit(row) => Self::Audit(AuditRow { at: kept(row.at), ..row }),
            Self::Request(row) => Self::Request(RequestRow { made_at: kept(row.made_at), ..row }),
            Self::Channel(row) => Self::Channel(Channel {
                expires_at: kept(row.expires_at),
                made_at: kept(row.made_at),
                due_at: row.due_at.map(kept),
                heard_at: row.heard_at.map(kept),
                doubted_at: row.doubted_at.map(kept),
                ..row
            }),
            Self::Wake(row) => Self::Wake(Wake { due_at: kept(row.due_at), until: kept(row.until), ..row }),
            Self::Woken(calendar, number, begun) => Self::Woken(calendar, number, kept(begun)),
            other => other,
        }
    }
}
