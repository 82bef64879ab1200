//! `callsheet eval`: decides a stream of meetings for other programs.

use super::input::{AskerArgs, RuleArgs};
use super::{CliError, Outcome, say};
use crate::engine::{Batch, Machine, Preparer, RuleSet};
use crate::event::{Calendar, ConnectedUser, Occurrence, ProvidedLists, Question};
use crate::providers::normal::read_occurrence;
use crate::value::Overrides;
use std::io::{BufRead, BufReader, BufWriter, Write};

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

/// Most lines that are decided together.
const TOGETHER_MAX: usize = 1024;

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
        preparer: Preparer::default(),
        machine: Machine::default(),
        waiting: Vec::new(),
        unreadable: false,
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut input = BufReader::with_capacity(64 * 1024, std::io::stdin().lock());
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let read = std::io::Read::take(&mut input, LINE_BYTES_MAX as u64 + 1)
            .read_until(b'\n', &mut line)
            .map_err(|source| CliError::Read { name: "standard input".into(), source })?;
        if line.len() > LINE_BYTES_MAX {
            stream.say_unreadable(number, "longer than 4 MiB");
            skip_line(&mut input).map_err(|source| CliError::Read { name: "standard input".into(), source })?;
        } else {
            stream.take(number, &line);
        }
        // Whoever writes one line and waits is answered; what is there already is decided together.
        let is_last_for_now = read == 0 || !input.buffer().contains(&b'\n');
        if is_last_for_now || stream.waiting.len() == TOGETHER_MAX {
            stream.answer(&mut out).map_err(|source| CliError::Write { name: "standard output".into(), source })?;
        }
        if read == 0 {
            break;
        }
    }
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
    preparer: Preparer,
    machine: Machine,
    /// Meetings that were read, and are not yet decided.
    waiting: Vec<Occurrence>,
    unreadable: bool,
}

impl Stream<'_> {
    /// Takes the meeting of a line, which may be empty.
    fn take(&mut self, number: usize, line: &[u8]) {
        let Ok(text) = std::str::from_utf8(line) else {
            return self.say_unreadable(number, "not UTF-8");
        };
        if text.trim().is_empty() {
            return;
        }
        match read_occurrence(text) {
            Ok(occurrence) => self.waiting.push(occurrence),
            Err(error) => {
                let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
                self.say_unreadable(number, &format!("{error}{cause}"));
            }
        }
    }

    /// Writes the decisions about all that wait, a line of JSON each.
    fn answer(&mut self, out: &mut impl Write) -> std::io::Result<()> {
        let (user, lists) = (self.user, self.lists);
        let question = |occurrence| Question { occurrence, user, overrides: Overrides::default(), lists };
        let (mut batch, mut decisions) = (Batch::default(), Vec::new());
        self.waiting.iter().for_each(|occurrence| self.preparer.add(question(occurrence), &mut batch));
        self.rules.decide_batch(&mut self.machine, &batch, &mut decisions);
        for (occurrence, decision) in self.waiting.iter().zip(&decisions) {
            let question = question(occurrence);
            let reason = self.reasons.then(|| self.rules.explain(&question).reason());
            writeln!(out, "{}", super::plan::json::decision(self.rules, &question, decision, reason))?;
        }
        self.waiting.clear();
        out.flush()
    }

    fn say_unreadable(&mut self, number: usize, why: &str) {
        self.unreadable = true;
        say(&format!("line {number}: {why}"));
    }
}
