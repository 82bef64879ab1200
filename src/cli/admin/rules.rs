//! `callsheet admin rules`.

use super::table::table;
use super::{Answer, followed};
use crate::cli::input::{read_text, show_remarks, shown};
use crate::cli::{CliError, Outcome};
use crate::diagnostic::{self, Style};
use crate::host::context::Context;
use crate::host::model::{RulesRow, TenantId};
use crate::host::operations::rules::{Set, set};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(clap::Subcommand)]
pub enum What {
    /// Whose rules there are, and which version
    List,
    /// The rules that hold, as their author wrote them
    Show {
        /// Those of this user [default: the organisation's]
        #[arg(long)]
        user: Option<String>,
    },
    /// Check a rule file and make it the rules of the organisation, or of a user; every version is kept
    Set {
        /// The rule file, text or JSON; `-` is standard input
        file: PathBuf,
        /// The user whose rules they are [default: the organisation's]
        #[arg(long)]
        user: Option<String>,
    },
}

pub(super) async fn run(host: &Context, tenant: TenantId, what: &What) -> Result<Answer, CliError> {
    match what {
        What::List => {
            let all = host.store.rules(tenant).await?;
            let rows: Vec<_> = all
                .iter()
                .map(|row| [whose(row.user.as_deref()), row.version.to_string(), row.text.lines().count().to_string()])
                .collect();
            let text = table(["WHOSE", "VERSION", "LINES"], &rows, "no rules: nothing is recorded");
            Ok(Answer::new(text, all.iter().map(as_json).collect()))
        }
        What::Show { user } => {
            let all = host.store.rules(tenant).await?;
            let row = all.iter().find(|row| row.user == *user);
            let row = row.ok_or_else(|| CliError::Usage(format!("there are no rules of {}", whose(user.as_deref()))))?;
            let mut json = as_json(row);
            json["text"] = json!(row.text);
            Ok(Answer::new(row.text.clone(), json))
        }
        What::Set { file, user } => changed(host, tenant, file, user.as_deref()).await,
    }
}

async fn changed(host: &Context, tenant: TenantId, file: &Path, user: Option<&str>) -> Result<Answer, CliError> {
    let (name, text) = (shown(file), read_text(file)?);
    let whose = whose(user);
    Ok(match set(host, tenant, user, &name, &text).await? {
        Set::Version(version, rows) => Answer::new(
            format!("the rules of {whose} are version {version}. {}\n", followed(rows)),
            json!({ "user": user, "version": version, "changed": true }),
        ),
        Set::Same(version) => Answer::new(
            format!("the rules of {whose} stay version {version}: that is what it says\n"),
            json!({ "user": user, "version": version, "changed": false }),
        ),
        Set::Stale(version) => {
            return Err(CliError::Usage(format!("the rules of {whose} are version {version} meanwhile; set them again")));
        }
        Set::Refused(checked) => {
            show_remarks(&checked);
            let remarks: Vec<String> =
                checked.diagnostics.iter().map(|remark| diagnostic::render(remark, &checked.sources, Style::Plain)).collect();
            let json = json!({ "user": user, "changed": false, "remarks": remarks });
            let text = format!("the rules of {whose} stay as they were: {name} does not pass the check\n");
            Answer { outcome: Outcome::Findings, ..Answer::new(text, json) }
        }
    })
}

fn whose(user: Option<&str>) -> String {
    user.unwrap_or("the organisation").to_owned()
}

fn as_json(row: &RulesRow) -> Value {
    json!({ "user": row.user, "version": row.version })
}
