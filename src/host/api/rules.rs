//! `/v1/rules`, `/v1/users/{user}/rules`: rules in and out, as text or as JSON, checked before they count, every version kept.

use super::Shared;
use super::auth::Scope;
use super::page::{Page, Paging};
use super::problem::{Kind, Problem};
use super::route::{Answer, Answered, Call, Content, Doc, Routes, Schemas, Shown, Versioned};
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::{Checked, convert};
use crate::host::model::RulesRow;
use crate::host::operations::rules::{self, Considered, Decided, Set};
use crate::source::Form;
use axum::http::{HeaderMap, Method, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Rules as they were sent: the text, in either form.
#[derive(Debug)]
pub struct RulesBody(String);

impl Content for RulesBody {
    const KINDS: &'static [&'static str] = &["text/plain", "application/json"];

    fn read(_: &Shared, kind: &str, bytes: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(bytes).map_err(|_| Problem::field("", "is no UTF-8"))?;
        // The checker knows by its first character whether a text is JSON.
        let is_json = Form::of(text) == Form::Json;
        match (kind, is_json) {
            ("application/json", false) => Err(Problem::field("", "must be a JSON object")),
            ("text/plain", true) => Err(Problem::field("", "is JSON: send it as `application/json`")),
            _ => Ok(Self(text.to_owned())),
        }
    }

    fn schemas(_: &mut Schemas) -> Vec<(&'static str, Value)> {
        forms()
    }
}

/// Both forms of rules.
fn forms() -> Vec<(&'static str, Value)> {
    vec![
        ("text/plain", json!({ "type": "string", "description": "The text form." })),
        ("application/json", json!({ "type": "object", "description": "The JSON form: grammar/rules.schema.json." })),
    ]
}

/// Rules on their way out.
#[derive(Debug)]
pub struct RulesText {
    text: String,
    is_json: bool,
    version: u64,
}

impl Answer for RulesText {
    const STATUS: u16 = 200;

    fn schemas(_: &mut Schemas) -> Vec<(&'static str, Value)> {
        forms()
    }

    fn answered(self) -> Answered {
        let kind = if self.is_json { "application/json" } else { "text/plain; charset=utf-8" };
        Answered { status: Self::STATUS, kind, body: self.text, kept: None, version: Some(self.version) }
    }
}

/// Whether rules are only tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Try {
    /// Stores nothing: the answer says what would change.
    dry_run: Option<bool>,
}

/// What the check and the lints remark.
#[derive(Debug, Serialize, ToSchema)]
pub struct Finding {
    /// What sort of remark.
    pub code: String,
    /// `info`, `warning` or `error`.
    pub severity: String,
    /// What it says.
    pub message: String,
    /// The file: `rules`, or `organisation` for the organisation's beside a user's.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What to do, one line each.
    pub help: Vec<String>,
}

/// A meeting that is decided otherwise.
#[derive(Debug, Serialize, ToSchema)]
pub struct Difference {
    /// The meeting; null for one that has no name yet.
    pub event: Option<String>,
    /// When it begins.
    #[schema(format = DateTime)]
    pub start: String,
    /// What holds now; null where nothing does.
    pub from: Option<String>,
    /// What holds then.
    pub to: String,
    /// The rule that decides then.
    pub rule: Option<String>,
    /// Why, in a few words.
    pub reason: String,
}

/// What rules come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct RulesOutcome {
    /// Their version; in a dry run the one that they would get.
    pub version: u64,
    /// Whether they are stored as a new version.
    pub stored: bool,
    /// What the check and the lints remark.
    pub findings: Vec<Finding>,
    /// What becomes of future meetings.
    pub changes: Changed,
}

/// What becomes of future meetings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RulesChanges)]
pub struct Changed {
    /// Meetings that get a bot.
    pub to_record: usize,
    /// Meetings that lose theirs.
    pub to_skip: usize,
    /// Meetings of which only the reason, the rule or the settings change.
    pub otherwise: usize,
    /// The first of them, by start; at most 100.
    pub first: Vec<Difference>,
}

/// A version of rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct RulesVersion {
    /// Its number, from 1.
    pub version: u64,
    /// Its length.
    pub bytes: usize,
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let read = |id, summary| Doc { id, tag: "rules", summary, scope: Scope::Read, refusals: &[Kind::Absent, Kind::Accept] };
    let list = |id, summary| Doc { id, tag: "rules", summary, scope: Scope::Read, refusals: &[] };
    let write = |id, summary| Doc { id, tag: "rules", summary, scope: Scope::Write, refusals: &[Kind::Stale, Kind::Rules] };
    let sets =
        "Checks rules and makes them the newest version; every future meeting is decided anew. With `dry_run` nothing is stored.";
    let versions_of = "The versions, the newest first.";
    Routes::default()
        .on(Method::GET, "/v1/rules", read("getRules", "The rules of the organisation, in the form that is accepted."), get)
        .on(Method::PUT, "/v1/rules", write("putRules", sets), put)
        .on(Method::GET, "/v1/rules/versions", list("listRulesVersions", versions_of), versions)
        .on(Method::GET, "/v1/rules/versions/{version}", read("getRulesVersion", "One version of the rules."), version)
        .on(Method::GET, "/v1/users/{user}/rules", read("getUserRules", "The rules of an end user."), get)
        .on(Method::PUT, "/v1/users/{user}/rules", write("putUserRules", sets), put)
        .on(Method::GET, "/v1/users/{user}/rules/versions", list("listUserRulesVersions", versions_of), versions)
        .on(Method::GET, "/v1/users/{user}/rules/versions/{version}", read("getUserRulesVersion", "One version."), version)
}

/// Whose rules the path names: `None` the organisation's.
fn whose<Q, B>(call: &Call<Q, B>) -> Option<&str> {
    Some(call.name("user")).filter(|user| !user.is_empty())
}

/// The newest version.
async fn newest<Q, B>(call: &Call<Q, B>) -> Result<Option<RulesRow>, Problem> {
    let rows = call.host.store.rule_versions(call.tenant(), whose(call), i64::MAX as u64, 1).await?;
    Ok(rows.into_iter().next())
}

async fn get(call: Call) -> Result<RulesText, Problem> {
    let row = newest(&call).await?.ok_or_else(Problem::absent)?;
    told(&call.headers, row)
}

async fn version(call: Call) -> Result<RulesText, Problem> {
    let number = call.number("version")?;
    let before = number.checked_add(1).filter(|before| *before < i64::MAX as u64).ok_or_else(Problem::absent)?;
    let rows = call.host.store.rule_versions(call.tenant(), whose(&call), before, 1).await?;
    told(&call.headers, rows.into_iter().find(|row| row.version == number).ok_or_else(Problem::absent)?)
}

/// The rules in the form that the caller accepts: as they were written, where both are.
fn told(headers: &HeaderMap, row: RulesRow) -> Result<RulesText, Problem> {
    let written = Form::of(&row.text);
    let form = accepted(headers, written)?;
    let text = if form == written {
        row.text
    } else {
        let converted = convert("rules", &row.text, form);
        converted.map_err(|_| Problem::new(Kind::Accept, "these rules cannot be written in that form"))?
    };
    Ok(RulesText { text, is_json: form == Form::Json, version: row.version })
}

fn accepted(headers: &HeaderMap, written: Form) -> Result<Form, Problem> {
    let mut sent = headers.get_all(header::ACCEPT).iter().peekable();
    if sent.peek().is_none() {
        return Ok(written);
    }
    let texts: Vec<&str> = sent.filter_map(|value| value.to_str().ok()).collect();
    let kinds: Vec<String> = texts
        .iter()
        .flat_map(|text| text.split(','))
        .filter(|part| !part.replace(' ', "").ends_with(";q=0"))
        .map(|part| part.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
        .collect();
    let takes = |of: &[&str]| kinds.iter().any(|kind| of.contains(&kind.as_str()));
    let (text, json) = (takes(&["text/plain", "text/*"]), takes(&["application/json", "application/*"]));
    match (text, json) {
        (true, true) => Ok(written),
        (true, false) => Ok(Form::Text),
        (false, true) => Ok(Form::Json),
        (false, false) if takes(&["*/*"]) => Ok(written),
        (false, false) => Err(Problem::new(Kind::Accept, "rules are `text/plain` or `application/json`")),
    }
}

async fn versions(call: Call<Paging>) -> Result<Shown<Page<RulesVersion>>, Problem> {
    let (tenant, limit) = (call.tenant(), call.query.limit());
    let cursors = &call.shared.cursors;
    let list = format!("rules/{}", whose(&call).unwrap_or_default());
    let before: u64 = match &call.query.cursor {
        Some(cursor) => cursors.read(tenant, &list, cursor)?,
        None => i64::MAX as u64,
    };
    let rows = call.host.store.rule_versions(tenant, whose(&call), before, limit + 1).await?;
    let place = |row: &RulesRow| cursors.made(tenant, &list, &row.version);
    Ok(Shown(Page::of(rows, limit, place, |row| RulesVersion { version: row.version, bytes: row.text.len() })))
}

async fn put(call: Call<Try, RulesBody>) -> Result<Versioned<RulesOutcome>, Problem> {
    let expected = call.if_match();
    let (tenant, user, text) = (call.tenant(), whose(&call), call.body.0.as_str());
    let considered = rules::consider(&call.host, tenant, user, "rules", text).await?;
    let Considered { checked, last, decided } = considered;
    let Some(decided) = decided else { return Err(refused(checked).await) };
    if expected.is_some_and(|expected| expected != last) {
        return Err(stale(last));
    }
    if call.query.dry_run == Some(true) {
        let version = last + 1;
        let outcome = RulesOutcome { version, stored: false, findings: findings(checked).await, changes: changed(decided) };
        return Ok(Versioned(outcome, last));
    }
    let (version, stored) = match rules::set_over(&call.host, tenant, user, "rules", text, expected).await? {
        Set::Version(version, _) => (version, true),
        Set::Same(version) => (version, false),
        Set::Refused(checked) => return Err(refused(checked).await),
        Set::Stale(last) => return Err(stale(last)),
    };
    let changes = changed(decided);
    Ok(Versioned(RulesOutcome { version, stored, findings: findings(checked).await, changes }, version))
}

fn stale(last: u64) -> Problem {
    Problem::new(Kind::Stale, format!("the newest version is {last}"))
}

async fn refused(checked: Box<Checked>) -> Problem {
    let errors = checked.diagnostics.iter().filter(|remark| remark.severity == Severity::Error).count();
    let findings = serde_json::to_value(findings(checked).await).unwrap_or_default();
    Problem { findings: Some(Box::new(findings)), ..Problem::new(Kind::Rules, format!("the check finds {errors} errors")) }
}

/// Everything that the check and the lints remark, worked out beside the requests that others wait for.
async fn findings(checked: Box<Checked>) -> Vec<Finding> {
    let told = tokio::task::spawn_blocking(move || {
        let remarks = checked.brief_remarks();
        remarks.iter().map(|remark| finding(&checked, remark)).collect()
    });
    told.await.unwrap_or_default()
}

fn finding(checked: &Checked, remark: &Diagnostic) -> Finding {
    let place = checked.sources.position(remark.primary.span);
    let severity = match remark.severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    Finding {
        code: remark.code.as_str().to_owned(),
        severity: severity.to_owned(),
        message: remark.message.clone(),
        file: checked.sources.get(remark.primary.span.source).name.clone(),
        line: place.line,
        column: place.column,
        help: remark.help.clone(),
    }
}

/// Most meetings that are told of.
const FIRST_MAX: usize = 100;

fn changed(decided: Vec<Decided>) -> Changed {
    let mut changed = Changed { to_record: 0, to_skip: 0, otherwise: 0, first: Vec::new() };
    for one in &decided {
        match (one.gains(), one.loses()) {
            (true, _) => changed.to_record += 1,
            (_, true) => changed.to_skip += 1,
            _ => changed.otherwise += 1,
        }
    }
    let difference = |one: Decided| Difference {
        event: one.before.as_ref().map(|row| row.id.clone()),
        start: super::time::shown(one.after.start),
        from: one.before.map(|row| row.outcome.word().to_owned()),
        to: one.after.outcome.word().to_owned(),
        rule: one.after.rule,
        reason: one.after.reason,
    };
    changed.first = decided.into_iter().take(FIRST_MAX).map(difference).collect();
    changed
}
