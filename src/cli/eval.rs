//! `callsheet eval`: decides a stream of meetings for other programs.

use super::input::{AskerArgs, RuleArgs};
use super::{CliError, Outcome, say};
use crate::engine::{Machine, RuleSet};
use crate::event::{Calendar, ConnectedUser, ProvidedLists, Question};
use crate::providers::normal::read_occurrence;
use crate::value::Overrides;
use std::io::{BufRead, BufWriter, Write};

/// Arguments of `callsheet eval`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    asker: AskerArgs,
    /// Say for each decision what decided it, in a sentence
    #[arg(long)]
    reasons: bool,
}

/// Longest line that is read; a longer one is refused, named, and skipped.
const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let Some(rules) = args.rules.rule_set()? else { return Ok(Outcome::Findings) };
    let lists = args.asker.lists(&rules)?;
    let nobody = Calendar { name: None, owner: None, zone: None, events: Vec::new(), unreadable: Vec::new() };
    let user = args.asker.user("standard input", &nobody);
    let mut stream = Stream {
        rules: &rules,
        lists: &lists,
        user: &user,
        reasons: args.reasons,
        machine: Machine::default(),
        unreadable: false,
    };
    let failed = |source| CliError::Write { name: "standard output".into(), source };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut input = std::io::stdin().lock();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = std::io::Read::take(&mut input, LINE_BYTES_MAX as u64 + 1)
            .read_until(b'\n', &mut line)
            .map_err(|source| CliError::Read { name: "standard input".into(), source })?;
        if read == 0 {
            break;
        }
        if line.len() > LINE_BYTES_MAX {
            stream.say_unreadable(number, "longer than 4 MiB");
            skip_line(&mut input).map_err(|source| CliError::Read { name: "standard input".into(), source })?;
            continue;
        }
        if let Some(decision) = stream.decide(number, &line) {
            writeln!(out, "{decision}").map_err(failed)?;
        }
    }
    out.flush().map_err(failed)?;
    Ok(Outcome::findings_if(stream.unreadable))
}

fn skip_line(input: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let Some(end) = buffer.iter().position(|byte| *byte == b'\n') else {
            let length = buffer.len();
            input.consume(length);
            if length == 0 {
                return Ok(());
            }
            continue;
        };
        input.consume(end + 1);
        return Ok(());
    }
}

struct Stream<'a> {
    rules: &'a RuleSet,
    lists: &'a ProvidedLists,
    user: &'a ConnectedUser,
    reasons: bool,
    machine: Machine,
    unreadable: bool,
}

impl Stream<'_> {
    /// The decision about one line, as JSON; `None` for a line that is empty or cannot be read.
    fn decide(&mut self, number: usize, line: &[u8]) -> Option<serde_json::Value> {
        let Ok(text) = std::str::from_utf8(line) else {
            self.say_unreadable(number, "not UTF-8");
            return None;
        };
        if text.trim().is_empty() {
            return None;
        }
        let occurrence = match read_occurrence(text) {
            Ok(occurrence) => occurrence,
            Err(error) => {
                let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
                self.say_unreadable(number, &format!("{error}{cause}"));
                return None;
            }
        };
        let question = Question { occurrence: &occurrence, user: self.user, overrides: Overrides::default(), lists: self.lists };
        let decision = self.rules.decide(&mut self.machine, &question);
        let reason = self.reasons.then(|| self.rules.explain(&question).reason());
        Some(super::plan::json::decision(self.rules, &question, &decision, reason))
    }

    fn say_unreadable(&mut self, number: usize, why: &str) {
        self.unreadable = true;
        say(&format!("line {number}: {why}"));
    }
}
