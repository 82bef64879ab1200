//! `callsheet admin bots`.

use super::Answer;
use super::table::{minute, table};
use crate::cli::CliError;
use crate::host::context::Context;
use crate::host::model::{DispatchState, ErrandId, ErrandState, TenantId};
use crate::host::operations::errands::{Sent, Wanted, list, recall, send};
use crate::time::{Elapsed, Instant};
use serde_json::{Value, json};

#[derive(clap::Subcommand)]
pub enum What {
    /// Send a bot to a meeting by its link, whatever rules say; one that is there, or about to go, is the one
    Send(Send),
    /// Take back a bot that was sent; it stays where a calendar wants it as well
    Recall {
        /// Its number, as `callsheet admin bots list` shows it
        #[arg(value_name = "ERRAND")]
        number: u64,
    },
    /// The bots that were sent by hand
    List {
        /// Those of so many days back, and all that are still to go
        #[arg(long, value_name = "COUNT", default_value_t = 1)]
        days: u16,
    },
}

#[derive(clap::Args)]
pub struct Send {
    /// The meeting's link
    #[arg(long, value_name = "URL")]
    link: String,
    /// When the bot is to be there, such as 2026-03-02T09:00:00Z [default: now]
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    at: Option<Instant>,
    /// What the meeting is called, for the list
    #[arg(long)]
    title: Option<String>,
    /// A name of your own: sending twice under one name is sending once
    #[arg(long)]
    name: Option<String>,
}

fn instant(text: &str) -> Result<Instant, String> {
    text.parse().map_err(|_| "not an instant like 2026-03-02T09:00:00Z".to_owned())
}

pub(super) async fn run(host: &Context, tenant: TenantId, what: &What) -> Result<Answer, CliError> {
    match what {
        What::Send(args) => {
            let Send { link, at, title, name } = args;
            let wanted = Wanted { link: link.clone(), at: *at, title: title.clone(), name: name.clone() };
            let (sent, known) = send(host, tenant, wanted).await?;
            let again = if known { "sent before, and not again: " } else { "" };
            let text = format!("errand {}: {again}{}\n", sent.errand.id, words(&sent));
            let mut json = as_json(&sent);
            json["known"] = json!(known);
            Ok(Answer::new(text, json))
        }
        What::Recall { number } => {
            let sent = recall(host, tenant, ErrandId(*number)).await?;
            Ok(Answer::new(format!("errand {}: {}\n", sent.errand.id, words(&sent)), as_json(&sent)))
        }
        What::List { days } => {
            let from = host.now() - Elapsed::from_hours(24 * i64::from(*days));
            let all = list(host, tenant, from).await?;
            let rows: Vec<_> = all.iter().map(row).collect();
            let text =
                table(["ERRAND", "AT (UTC)", "ROOM", "TITLE", "STATE", "BOT", "FOR", "MEETING"], &rows, "no bots were sent");
            Ok(Answer::new(text, all.iter().map(as_json).collect()))
        }
    }
}

/// What became of it, in a sentence.
fn words(sent: &Sent) -> String {
    let room = &sent.errand.room;
    let bot = sent.bot.as_ref();
    match (sent.errand.state, bot.map(|bot| bot.state)) {
        (ErrandState::Recalled, _) => match bot.is_some_and(|bot| bot.calendar && bot.state.is_live()) {
            true => format!("taken back; a calendar still wants the bot in {room}"),
            false => format!("taken back from {room}"),
        },
        (ErrandState::Over, _) => format!("over; the bot was in {room}, or could not get there"),
        (ErrandState::Open, Some(DispatchState::Planned)) => match bot {
            Some(bot) if bot.fire_at > sent.errand.made_at => format!("a bot goes to {room} at {} UTC", minute(sent.errand.at)),
            _ => format!("a bot goes to {room} now"),
        },
        (ErrandState::Open, Some(_)) if bot.is_some_and(|bot| bot.calendar) => {
            format!("the bot that a calendar sent to {room} is the one")
        }
        (ErrandState::Open, Some(state)) => format!("the bot for {room} is {}", state.word()),
        (ErrandState::Open, None) => format!("the bot of another errand is in {room}"),
    }
}

fn row(sent: &Sent) -> [String; 8] {
    let errand = &sent.errand;
    let none = || "–".to_owned();
    [
        errand.id.to_string(),
        minute(errand.at),
        errand.room.clone(),
        errand.title.clone().unwrap_or_else(none),
        errand.state.word().to_owned(),
        sent.bot.as_ref().map_or_else(none, |bot| bot.state.word().to_owned()),
        sent.bot.as_ref().map_or_else(none, |bot| bot.triggers().join(", ")),
        sent.meeting.as_ref().map_or_else(none, |meeting| meeting.id.clone()),
    ]
}

/// Without the link, which may hold a password.
fn as_json(sent: &Sent) -> Value {
    let Sent { errand, meeting, bot } = sent;
    json!({
        "errand": errand.id.0,
        "name": errand.name,
        "title": errand.title,
        "room": errand.room,
        "at": errand.at.to_string(),
        "state": errand.state.word(),
        "meeting": meeting.as_ref().map(|meeting| &meeting.id),
        "bot": bot.as_ref().map(|bot| json!({
            "key": bot.key,
            "state": bot.state.word(),
            "fire_at": bot.fire_at.to_string(),
            "triggers": bot.triggers(),
            "reason": bot.reason,
        })),
    })
}
