//! What commands read: rule files, calendars, provided lists, and who is asking.

use super::window::parse_date;
use super::{CliError, counted, say};
use crate::diagnostic::{Severity, Style, render};
use crate::engine::{self, CheckOptions, Checked, RuleSet, RuleText};
use crate::event::address::DomainPattern;
use crate::event::{Address, Calendar, ConnectedUser, ProvidedLists};
use crate::providers;
use crate::time::{Date, Zone};
use crate::value::words::Layer;
use std::collections::BTreeSet;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

/// Rule files, wherever rules are read.
#[derive(clap::Args)]
pub struct RuleArgs {
    /// Rule files, text or JSON; the organisation's unless they say otherwise
    #[arg(value_name = "RULES")]
    pub files: Vec<PathBuf>,
    /// A rule file of the organisation's layer
    #[arg(long, value_name = "FILE")]
    pub org: Vec<PathBuf>,
    /// A rule file of the user's layer
    #[arg(long, value_name = "FILE")]
    pub user: Vec<PathBuf>,
    /// The tenant's own domains, beside those in the files
    #[arg(long, value_name = "@DOMAIN,…", value_delimiter = ',', value_parser = parse_domain)]
    pub our_domains: Vec<DomainPattern>,
    /// The day against which expiry dates are checked [default: today]
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub today: Option<Date>,
}

impl RuleArgs {
    /// Reads and checks the files. Standard input is `-`.
    pub fn check(&self) -> Result<Checked, CliError> {
        self.check_texts(&self.texts()?)
    }

    /// Checks what was read.
    pub fn check_texts(&self, texts: &[RuleText]) -> Result<Checked, CliError> {
        if texts.is_empty() {
            return Err(CliError::Usage("no rule file was named".into()));
        }
        let today = self.today.unwrap_or_else(|| super::window::today(&Zone::utc()));
        Ok(engine::check(
            texts,
            &CheckOptions { own_domains: self.our_domains.clone(), today: Some(today), ..CheckOptions::default() },
        ))
    }

    /// Reads and checks the files; shows remarks on standard error. `None` where errors keep the rules from being used.
    pub fn rule_set(&self) -> Result<Option<RuleSet>, CliError> {
        let checked = self.check()?;
        show_remarks(&checked);
        if checked.rule_set.is_none() {
            let errors = checked.diagnostics.iter().filter(|remark| remark.severity == Severity::Error).count();
            say(&format!("{}: nothing was decided", counted(errors, "error")));
        }
        Ok(checked.rule_set)
    }

    /// The files, in the order in which they are read.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.named().map(|(path, _)| path)
    }

    fn named(&self) -> impl Iterator<Item = (&PathBuf, Option<Layer>)> {
        let named = self.files.iter().map(|path| (path, None));
        let organisation = self.org.iter().map(|path| (path, Some(Layer::Organisation)));
        let user = self.user.iter().map(|path| (path, Some(Layer::User)));
        named.chain(organisation).chain(user)
    }

    /// Reads the files.
    pub fn texts(&self) -> Result<Vec<RuleText>, CliError> {
        self.named().map(|(path, layer)| Ok(RuleText { name: shown(path), text: read_text(path)?, layer })).collect()
    }
}

/// Draws the remarks about rule files on standard error.
pub fn show_remarks(checked: &Checked) {
    let style = if std::io::stderr().is_terminal() { Style::Coloured } else { Style::Plain };
    for remark in &checked.diagnostics {
        say(&render(remark, &checked.sources, style));
        say("");
    }
}

/// Who is asking, wherever rules meet calendars.
#[derive(clap::Args)]
pub struct AskerArgs {
    /// The connected user's addresses [default: the calendar's own entry]
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', num_args = 1.., value_parser = parse_address)]
    pub me: Vec<Address>,
    /// Addresses of recording bots, which do not count as people
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', value_parser = parse_address)]
    pub bot: Vec<Address>,
    /// A list that the rules call `provided`: one item a line
    #[arg(long, value_name = "NAME=FILE")]
    pub list: Vec<String>,
    /// The reader's zone, for floating times and for days [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = parse_zone)]
    pub zone: Option<Zone>,
}

impl AskerArgs {
    /// The zone that days are shown in.
    pub fn reader(&self) -> Zone {
        self.zone.clone().unwrap_or_else(Zone::utc)
    }

    /// The user whose calendar `calendar` is; says on standard error when nobody knows.
    pub fn user(&self, name: &str, calendar: &Calendar) -> ConnectedUser {
        let mut addresses = self.me.clone();
        if addresses.is_empty() {
            addresses.extend(calendar.owner.clone());
        }
        if addresses.is_empty() {
            say(&format!(
                "note: {name} does not say whose calendar it is, so conditions about `me` are unknown; say so with --me ADDRESS"
            ));
        }
        ConnectedUser { addresses, zone: self.zone.clone().or_else(|| calendar.zone.clone()), bots: self.bot.clone() }
    }

    /// The provided lists, read by the kind that the rules give each.
    pub fn lists(&self, rules: &RuleSet) -> Result<ProvidedLists, CliError> {
        self.lists_of(&[rules])
    }

    /// The same for several rule sets that are asked about the same meetings.
    pub fn lists_of(&self, sets: &[&RuleSet]) -> Result<ProvidedLists, CliError> {
        let provided = || sets.iter().flat_map(|rules| rules.provided_lists());
        let mut lists = ProvidedLists::default();
        for argument in &self.list {
            let (name, file) =
                argument.split_once('=').ok_or_else(|| CliError::Usage(format!("--list {argument}: write it as NAME=FILE")))?;
            let kind = provided()
                .find(|(known, _)| *known == name)
                .map(|(_, kind)| kind)
                .ok_or_else(|| CliError::Usage(format!("--list {name}: the rules have no `list {name} provided …`")))?;
            let text = read_text(Path::new(file))?;
            let list = engine::parse_provided_list(kind, &text)
                .map_err(|error| CliError::Content { name: file.to_owned(), why: error.to_string() })?;
            lists.insert(name, list);
        }
        let missing: BTreeSet<&str> = provided().map(|(name, _)| name).filter(|name| lists.find(name).is_none()).collect();
        for name in missing {
            say(&format!(
                "note: list `{name}` was not supplied, so conditions on it are unknown; supply it with --list {name}=FILE"
            ));
        }
        Ok(lists)
    }
}

/// A calendar file that was read.
pub struct CalendarFile {
    /// As the person named it.
    pub name: String,
    /// What is in it.
    pub calendar: Calendar,
}

/// Reads calendar files; names what could not be read on standard error.
pub fn read_calendars(paths: &[PathBuf], reader: &Zone) -> Result<Vec<CalendarFile>, CliError> {
    paths.iter().map(|path| read_calendar(path, &read_bytes(path)?, reader)).collect()
}

/// Reads the bytes of a calendar file; names what could not be read on standard error.
pub fn read_calendar(path: &Path, bytes: &[u8], reader: &Zone) -> Result<CalendarFile, CliError> {
    let name = shown(path);
    let calendar =
        providers::read(bytes, reader).map_err(|error| CliError::Content { name: name.clone(), why: error.to_string() })?;
    say_unreadable(&name, &calendar.unreadable);
    Ok(CalendarFile { name, calendar })
}

/// One line for each part of a calendar that could not be read.
pub fn say_unreadable(name: &str, parts: &[crate::event::Unreadable]) {
    for part in parts {
        say(&format!("{name}: {}: {}", part.place, part.why));
    }
}

/// A text file, or standard input for `-`. Bytes that are no UTF-8 are an error that names the file.
pub fn read_text(path: &Path) -> Result<String, CliError> {
    let bytes = read_bytes(path)?;
    String::from_utf8(bytes).map_err(|error| CliError::Content {
        name: shown(path),
        why: format!("not UTF-8 text (byte {})", error.utf8_error().valid_up_to()),
    })
}

/// A file, or standard input for `-`.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, CliError> {
    let failed = |source| CliError::Read { name: shown(path), source };
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(failed)?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(failed)
}

/// A path as shown to the person.
pub fn shown(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { path.display().to_string() }
}

pub fn parse_domain(text: &str) -> Result<DomainPattern, String> {
    DomainPattern::parse(text).map_err(|why| format!("`{text}`: {why}"))
}

fn parse_address(text: &str) -> Result<Address, String> {
    Address::parse(text).ok_or_else(|| format!("`{text}` is not a mail address"))
}

pub fn parse_zone(text: &str) -> Result<Zone, String> {
    Zone::named(text).ok_or_else(|| {
        let near = crate::diagnostic::nearest(text, crate::time::zone_names());
        format!("`{text}` is not a time zone{}", near.map_or_else(String::new, |near| format!("; did you mean `{near}`?")))
    })
}
