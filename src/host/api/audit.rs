//! `/v1/audit`: who changed what when, and whether any of it was changed later.

use super::auth::Scope;
use super::page::{Page, Paging};
use super::problem::Problem;
use super::route::{Call, Doc, Routes, Shown};
use super::time;
use crate::host::audit::Follower;
use crate::host::model::AuditRow;
use axum::http::Method;
use serde::Serialize;
use utoipa::ToSchema;

/// A line of the audit.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditLine {
    /// From 1, without gaps.
    pub number: u64,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Who: `key/7`, or `admin` for who runs the host.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what; an end user is a pseudonym.
    pub subject: String,
    /// The digest of this line and the one before.
    pub digest: String,
}

/// Whether the audit is whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct Verification {
    /// How many lines follow each other from the first.
    pub lines: u64,
    /// The first line that does not follow the one before; null where all do.
    pub broken_at: Option<u64>,
    /// The digest of the last that does: keep it elsewhere, and lines that vanish at the end are found as well.
    pub digest: Option<String>,
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let doc = |id, summary| Doc { id, tag: "audit", summary, scope: Scope::Admin, refusals: &[] };
    Routes::default().on(Method::GET, "/v1/audit", doc("listAudit", "Who changed what when, from the first line on."), list).on(
        Method::GET,
        "/v1/audit/verification",
        doc("verifyAudit", "Whether any line was changed or taken out."),
        verify,
    )
}

async fn list(call: Call<Paging>) -> Result<Shown<Page<AuditLine>>, Problem> {
    let (tenant, limit) = (call.tenant(), call.query.limit());
    let cursors = &call.shared.cursors;
    let after: u64 = match &call.query.cursor {
        Some(cursor) => cursors.read(tenant, "audit", cursor)?,
        None => 0,
    };
    let rows = call.host.store.audit(tenant, after, limit + 1).await?;
    let view = |row: AuditRow| AuditLine {
        number: row.number,
        at: time::shown(row.at),
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        digest: row.digest,
    };
    Ok(Shown(Page::of(rows, limit, |row: &AuditRow| cursors.made(tenant, "audit", &row.number), view)))
}

/// Lines that are read at once.
const BATCH: usize = 1000;

async fn verify(call: Call) -> Result<Shown<Verification>, Problem> {
    let mut follower = Follower::default();
    loop {
        let rows = call.host.store.audit(call.tenant(), follower.lines(), BATCH).await?;
        let is_last = rows.len() < BATCH;
        let broken = rows.into_iter().any(|row| !follower.follows(row));
        if is_last || broken {
            let (lines, digest) = (follower.lines(), follower.digest());
            return Ok(Shown(Verification { lines, broken_at: broken.then_some(lines + 1), digest }));
        }
    }
}
