//! `callsheet admin tenants`.

use super::table::{facts, listed, table};
use super::{Answer, followed};
use crate::cli::{CliError, Outcome, counted};
use crate::host::context::Context;
use crate::host::model::{Tenant, TenantId};
use crate::host::operations;
use crate::host::operations::tenants::{Wanted, add, change, remove};
use crate::time::{Elapsed, Instant};
use serde_json::{Value, json};

#[derive(clap::Subcommand)]
pub enum What {
    /// All of them
    List,
    /// Make one; the database as well, where it is a file that is not there
    Add(Add),
    /// One of them, with what it has
    Show {
        /// Its number
        #[arg(value_name = "TENANT")]
        number: u64,
    },
    /// Change its name, domains or bots; its meetings are decided anew
    Set(Set),
    /// Take back its plans, recall its bots, then remove everything it has
    Remove(Remove),
}

#[derive(clap::Args)]
pub struct Add {
    /// What people call it
    name: String,
    /// Its own domains
    #[arg(long, value_name = "@DOMAIN,…", value_delimiter = ',')]
    own_domain: Vec<String>,
    /// Addresses of its recording bots
    #[arg(long, value_name = "ADDRESS,…", value_delimiter = ',')]
    bot: Vec<String>,
}

#[derive(clap::Args)]
pub struct Set {
    /// Its number
    #[arg(value_name = "TENANT")]
    number: u64,
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    /// Its own domains, all of them; `--own-domain=` for none
    #[arg(long, value_name = "@DOMAIN,…", value_delimiter = ',')]
    own_domain: Option<Vec<String>>,
    /// Addresses of its recording bots, all of them; `--bot=` for none
    #[arg(long, value_name = "ADDRESS,…", value_delimiter = ',')]
    bot: Option<Vec<String>>,
}

#[derive(clap::Args)]
pub struct Remove {
    /// Its number
    #[arg(value_name = "TENANT")]
    number: u64,
    /// How long to wait until hosts have recalled its bots
    #[arg(long, value_name = "SECS", default_value_t = 90)]
    wait: u32,
}

pub(super) async fn run(host: &Context, what: &What) -> Result<Answer, CliError> {
    match what {
        What::List => {
            let all = host.store.tenants().await?;
            let rows: Vec<_> = all.iter().map(|row| [row.id.to_string(), row.name.clone(), listed(&row.own_domains)]).collect();
            let text = table(["TENANT", "NAME", "OWN DOMAINS"], &rows, "no tenants");
            Ok(Answer::new(text, all.iter().map(as_json).collect()))
        }
        What::Add(args) => {
            let wanted = Wanted {
                name: Some(args.name.clone()),
                own_domains: Some(args.own_domain.clone()),
                bots: Some(args.bot.clone()),
                days: None,
            };
            let row = add(host, wanted).await?;
            Ok(Answer::new(format!("tenant {}: {}\n", row.id, row.name), as_json(&row)))
        }
        What::Show { number } => show(host, TenantId(*number)).await,
        What::Set(args) => {
            let some = |texts: &Option<Vec<String>>| {
                texts.as_ref().map(|texts| texts.iter().filter(|text| !text.is_empty()).cloned().collect())
            };
            let wanted =
                Wanted { name: args.name.clone(), own_domains: some(&args.own_domain), bots: some(&args.bot), days: None };
            let rows = change(host, TenantId(args.number), wanted).await?;
            let row = operations::tenant(host, TenantId(args.number)).await?;
            Ok(Answer::new(format!("tenant {} is changed. {}\n", row.id, followed(rows)), as_json(&row)))
        }
        What::Remove(args) => removed(host, args).await,
    }
}

fn as_json(row: &Tenant) -> Value {
    json!({ "tenant": row.id.0, "name": row.name, "own_domains": row.own_domains, "bots": row.bots })
}

async fn show(host: &Context, id: TenantId) -> Result<Answer, CliError> {
    let row = operations::tenant(host, id).await?;
    let connections = host.store.connections(id).await?.len();
    let rules = host.store.rules(id).await?;
    let receivers = host.store.endpoints(id).await?.len();
    let ahead = host.store.meetings(id, host.now(), Instant::MAX, MEETINGS_MAX).await?.len();
    let version = rules.iter().find(|row| row.user.is_none()).map(|row| row.version);
    let users = rules.iter().filter(|row| row.user.is_some()).count();
    let text = facts(&[
        ("tenant", row.id.to_string()),
        ("name", row.name.clone()),
        ("own domains", listed(&row.own_domains)),
        ("bots", listed(&row.bots)),
        ("rules", version.map_or_else(|| "none".to_owned(), |version| format!("version {version}"))),
        ("own rules", counted(users, "user")),
        ("connections", connections.to_string()),
        ("receivers", receivers.to_string()),
        ("meetings ahead", ahead.to_string()),
    ]);
    let mut json = as_json(&row);
    json["rules_version"] = json!(version);
    json["users_with_rules"] = json!(users);
    json["connections"] = json!(connections);
    json["endpoints"] = json!(receivers);
    json["meetings_ahead"] = json!(ahead);
    Ok(Answer::new(text, json))
}

/// Most meetings that are counted.
const MEETINGS_MAX: usize = 1_000_000;

async fn removed(host: &Context, args: &Remove) -> Result<Answer, CliError> {
    let until = host.now() + Elapsed::from_secs(i64::from(args.wait));
    let removal = remove(host, TenantId(args.number), until).await?;
    let gone = removal.left == 0;
    let mut text = format!("{} withdrawn, {} recalled.\n", counted(removal.withdrawn, "plan"), counted(removal.recalling, "bot"));
    text.push_str(&if gone {
        format!("tenant {} and everything it had are gone.\n", args.number)
    } else {
        format!(
            "tenant {} is still there: its calendars are cut, but {} must still be seen to by a host. Run this again when a host has \
             run for a while.\n",
            args.number,
            counted(removal.left, "bot or grant")
        )
    });
    let json = json!({
        "tenant": args.number, "withdrawn": removal.withdrawn, "recalled": removal.recalling, "left": removal.left, "gone": gone,
    });
    Ok(Answer { outcome: Outcome::findings_if(!gone), ..Answer::new(text, json) })
}
