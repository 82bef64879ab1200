//! `callsheet admin overrides`.

use super::table::table;
use super::{Answer, followed};
use crate::cli::{CliError, counted};
use crate::host::context::Context;
use crate::host::model::{OverrideRow, TenantId};
use crate::host::operations::overrides::{About, clear, say};
use serde_json::{Value, json};

#[derive(clap::Subcommand)]
pub enum What {
    /// Everything that was said
    List,
    /// No bot, whatever rules say; a bot that is there leaves
    Stop(Meeting),
    /// A bot, whatever rules say
    Record(Meeting),
    /// Take back what was said: rules decide again
    Clear(Meeting),
}

#[derive(clap::Args)]
pub struct Meeting {
    /// The meeting, by its name as `callsheet admin meetings` shows it
    meeting: String,
    /// Its whole series
    #[arg(long)]
    series: bool,
    /// This user's copy alone [default: every copy]
    #[arg(long)]
    user: Option<String>,
}

impl Meeting {
    fn about(&self) -> About<'_> {
        About { meeting: &self.meeting, series: self.series, user: self.user.as_deref() }
    }

    fn words(&self) -> String {
        let what = if self.series { "the series of meeting" } else { "meeting" };
        let whom = self.user.as_ref().map_or_else(String::new, |user| format!(" for {user}"));
        format!("{what} {}{whom}", self.meeting)
    }
}

pub(super) async fn run(host: &Context, tenant: TenantId, what: &What) -> Result<Answer, CliError> {
    match what {
        What::List => {
            let all = host.store.all_overrides(tenant).await?;
            let rows: Vec<_> = all
                .iter()
                .map(|row| {
                    let word = word(row).to_owned();
                    let on = row.occurrence.clone().unwrap_or_else(|| "the series".to_owned());
                    [word, row.user.clone().unwrap_or_else(|| "everybody".to_owned()), on, row.mark.clone(), row.uid.clone()]
                })
                .collect();
            let text = table(["WORD", "FOR", "ON", "WHOSE MEETING", "UID"], &rows, "nothing was said");
            Ok(Answer::new(text, all.iter().map(as_json).collect()))
        }
        What::Stop(args) => said(host, tenant, args, true).await,
        What::Record(args) => said(host, tenant, args, false).await,
        What::Clear(args) => {
            let (count, rows) = clear(host, tenant, args.about()).await?;
            let text = match count {
                0 => format!("nothing was said about {}\n", args.words()),
                _ => format!("{} about {} taken back. {}\n", counted(count, "word"), args.words(), followed(rows)),
            };
            Ok(Answer::new(text, json!({ "meeting": args.meeting, "cleared": count })))
        }
    }
}

async fn said(host: &Context, tenant: TenantId, args: &Meeting, stop: bool) -> Result<Answer, CliError> {
    let rows = say(host, tenant, args.about(), stop).await?;
    let word = if stop { "stop" } else { "record" };
    let text = format!("{word}: {}. {}\n", args.words(), followed(rows));
    Ok(Answer::new(text, json!({ "meeting": args.meeting, "series": args.series, "user": args.user, "word": word })))
}

fn word(row: &OverrideRow) -> &'static str {
    if row.stop { "stop" } else { "record" }
}

fn as_json(row: &OverrideRow) -> Value {
    json!({ "word": word(row), "user": row.user, "occurrence": row.occurrence, "mark": row.mark, "uid": row.uid })
}
