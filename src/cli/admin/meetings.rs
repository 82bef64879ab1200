//! `callsheet admin meetings` and `callsheet admin why`.

use super::table::{facts, minute, table};
use super::{Answer, record};
use crate::cli::CliError;
use crate::cli::window::WindowArgs;
use crate::host::context::Context;
use crate::host::model::{Connection, ConnectionId, Dispatch, DispatchState, Meeting, Outcome, TenantId};
use crate::host::operations::overrides::meeting;
use crate::host::schedule::{errand, identity::place};
use crate::time::Zone;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    window: WindowArgs,
    /// Only those with this outcome
    #[arg(long, value_name = "OUTCOME", value_parser = ["record", "skip", "not-recordable"])]
    only: Option<String>,
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 200)]
    limit: usize,
}

#[derive(clap::Args)]
pub struct WhyArgs {
    /// The meeting, by its name as `callsheet admin meetings` shows it
    meeting: String,
}

pub(super) async fn run(host: &Context, tenant: TenantId, args: &Args) -> Result<Answer, CliError> {
    let window = args.window.window(&Zone::utc())?;
    let mut meetings = host.store.meetings(tenant, window.start, window.end, args.limit.saturating_add(1)).await?;
    let more = meetings.len() > args.limit;
    meetings.truncate(args.limit);
    meetings.retain(|meeting| args.only.as_deref().is_none_or(|only| meeting.outcome.word() == only));
    let names: Vec<String> = meetings.iter().map(|meeting| meeting.id.clone()).collect();
    let mut bots: BTreeMap<String, Vec<Dispatch>> = BTreeMap::new();
    for row in host.store.dispatches_of(tenant, &names).await? {
        bots.entry(row.meeting.clone()).or_default().push(row);
    }
    let titles = titles(host, tenant).await?;
    let title = |meeting: &Meeting| meeting.sightings.iter().find_map(|place| titles.get(place)).cloned();
    let rows: Vec<_> = meetings
        .iter()
        .map(|meeting| {
            let bot = bots.get(&meeting.id).and_then(|rows| rows.last());
            [
                minute(meeting.start),
                title(meeting).unwrap_or_else(|| "–".to_owned()),
                meeting.outcome.word().to_owned(),
                bot_words(meeting, bot),
                meeting.id.clone(),
                meeting.reason.clone(),
            ]
        })
        .collect();
    let mut text = table(["START (UTC)", "TITLE", "OUTCOME", "BOT", "MEETING", "REASON"], &rows, "no meetings");
    if more {
        text.push_str(&format!("there are more: --limit shows more than {}\n", args.limit));
    }
    let json = meetings
        .iter()
        .map(|meeting| as_json(meeting, title(meeting), bots.get(&meeting.id).map_or(&[], Vec::as_slice)))
        .collect();
    Ok(Answer::new(text, json))
}

/// The titles of all sightings, by their place.
async fn titles(host: &Context, tenant: TenantId) -> Result<BTreeMap<String, String>, CliError> {
    let shown = host.store.all_sightings(tenant).await?;
    let title = |body: &str| serde_json::from_str::<Value>(body).ok()?["title"].as_str().map(str::to_owned);
    Ok(shown.iter().filter_map(|sighting| Some((place(sighting), title(&sighting.body)?))).collect())
}

/// What the bot does, in a word or two.
fn bot_words(meeting: &Meeting, bot: Option<&Dispatch>) -> String {
    match (bot, meeting.outcome) {
        (Some(bot), _) => match (bot.state, &bot.reason) {
            (DispatchState::Planned, None) => format!("planned {}", Zone::utc().civil(bot.fire_at).strftime("%H:%M:%S")),
            (DispatchState::Missed, Some(reason)) => format!("missed: {reason}"),
            (state, _) => state.word().to_owned(),
        },
        (None, Outcome::Record) => "too late".to_owned(),
        (None, _) => "–".to_owned(),
    }
}

fn as_json(meeting: &Meeting, title: Option<String>, bots: &[Dispatch]) -> Value {
    let bots: Vec<Value> = bots
        .iter()
        .map(|row| {
            json!({
                "epoch": row.epoch,
                "key": row.key,
                "state": row.state.word(),
                "fire_at": row.fire_at.to_string(),
                "due_at": row.due_at.map(|at| at.to_string()),
                "tries": row.attempts,
                "verified": row.verified,
                "triggers": row.triggers(),
                "reason": row.reason,
            })
        })
        .collect();
    json!({
        "meeting": meeting.id,
        "title": title,
        "start": meeting.start.to_string(),
        "end": meeting.end.map(|at| at.to_string()),
        "outcome": meeting.outcome.word(),
        "rule": meeting.rule,
        "reason": meeting.reason,
        "decided_for": meeting.by.0,
        "copies": copies(meeting),
        "by_hand": sent_to(meeting),
        "conflict": meeting.conflict,
        "bots": bots,
    })
}

pub(super) async fn why(host: &Context, tenant: TenantId, args: &WhyArgs) -> Result<Answer, CliError> {
    let row = meeting(host, tenant, &args.meeting).await?;
    let connections = host.store.connections(tenant).await?;
    let bots = host.store.dispatches_of(tenant, std::slice::from_ref(&row.id)).await?;
    let title = titles(host, tenant).await.map(|titles| row.sightings.iter().find_map(|place| titles.get(place)).cloned())?;
    let record: Value = serde_json::from_str(&row.record).unwrap_or_default();
    let mut text = record::sentences(&row, &record);
    text.push('\n');
    text.push_str(&facts(&about(&row, title.as_deref(), &connections, &record)));
    for bot in &bots {
        let reason = bot.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
        let whom = bot.triggers().join(" and ");
        text.push_str(&facts(&[("bot", format!("{}{reason}, planned for {}, {whom}", bot.state.word(), minute(bot.fire_at)))]));
    }
    let mut json = as_json(&row, title, &bots);
    json["record"] = record;
    Ok(Answer::new(text, json))
}

/// The bots that were sent to a meeting by hand.
fn sent_to(meeting: &Meeting) -> Vec<u64> {
    meeting.sightings.iter().filter_map(|place| errand::of_place(place)).map(|id| id.0).collect()
}

/// Whose copy decided.
fn decided_for(row: &Meeting, user: Option<&Connection>) -> String {
    match (user, row.by) {
        (Some(user), _) => user.user.clone(),
        (None, ConnectionId(0)) => "nobody's calendar".to_owned(),
        (None, by) => format!("connection {by}"),
    }
}

/// How many calendars show a meeting.
fn copies(meeting: &Meeting) -> usize {
    meeting.sightings.len() - sent_to(meeting).len()
}

/// What a decision was made about, and from.
fn about(row: &Meeting, title: Option<&str>, connections: &[Connection], record: &Value) -> Vec<(&'static str, String)> {
    let user = connections.iter().find(|connection| connection.id == row.by);
    let versions = |name: &str| {
        let versions = record[name].as_object().into_iter().flatten();
        let texts: Vec<String> =
            versions.map(|(whose, version)| format!("{whose} {}", version.to_string().trim_matches('"'))).collect();
        if texts.is_empty() { "–".to_owned() } else { texts.join(", ") }
    };
    vec![
        ("meeting", row.id.clone()),
        ("title", title.unwrap_or("–").to_owned()),
        ("start", format!("{} UTC", minute(row.start))),
        ("decided for", decided_for(row, user)),
        ("copies", copies(row).to_string()),
        ("sent by hand", {
            let sent: Vec<String> = sent_to(row).iter().map(|id| format!("errand {id}")).collect();
            if sent.is_empty() { "no".to_owned() } else { sent.join(", ") }
        }),
        ("rules", versions("rules")),
        ("lists", versions("lists")),
        ("conflict", if row.conflict { "another meeting claims its UID" } else { "none" }.to_owned()),
    ]
}
