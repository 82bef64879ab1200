//! Numbers, times, zones and date rules in conditions: whether they can be, and whether anything can meet them.

use crate::diagnostic::{Code, Diagnostic, suggestion};
use crate::event::recurrence::Rule;
use crate::semantics::conditions::Scope;
use crate::semantics::effective::Lowering;
use crate::source::Span;
use crate::syntax::ast::Located;
use crate::syntax::literal::clock;
use crate::time::{Date, Zone, zone_names};
use crate::value::outline::ZoneRule;
use crate::value::words::{ClockWindow, Comparison, Edge, MinuteOfDay, Rate, Repeats};

const MINUTES_PER_DAY: MinuteOfDay = 24 * 60;

/// The zone of this name; says at its place where there is none.
pub(super) fn read_zone(name: &str, at: Span, diagnostics: &mut Vec<Diagnostic>) -> Option<Zone> {
    let zone = Zone::named(name);
    if zone.is_none() {
        let diagnostic = Diagnostic::new(Code::UnknownZone, at, format!("no time zone is called `{name}`"));
        let near = suggestion(diagnostics, name, zone_names());
        diagnostics.push(match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("zones are named like `Europe/London`"),
        });
    }
    zone
}

impl Lowering<'_> {
    /// The zone that a condition reads clocks in: its own `in`, else its file's.
    pub(super) fn zone_of(&mut self, scope: &Scope, named: Option<&Located<String>>) -> Option<ZoneRule> {
        match named {
            None => Some(scope.zone.clone()),
            Some(name) => read_zone(&name.value, name.at.0, &mut self.diagnostics).map(ZoneRule::Named),
        }
    }

    /// A comparison that some number can meet.
    pub(super) fn check_comparison(&mut self, comparison: Comparison, at: Span) -> Option<Comparison> {
        let message = match comparison {
            Comparison::Between(from, to) if from > to => "the range ends before it begins, so nothing lies in it",
            Comparison::Lt(0) => "nothing is less than 0",
            _ => return Some(comparison),
        };
        self.diagnostics.push(Diagnostic::new(Code::EmptyRange, at, message));
        None
    }

    /// A window that some time of day lies in.
    pub(super) fn check_window(&mut self, edge: Edge, window: ClockWindow, at: Span) -> Option<ClockWindow> {
        let last = match window {
            ClockWindow::Before(time) | ClockWindow::After(time) | ClockWindow::At(time) => time,
            ClockWindow::Between { from, to, .. } => from.max(to),
        };
        if last > MINUTES_PER_DAY {
            let message = "a time of day ends at 24:00";
            self.diagnostics.push(Diagnostic::new(Code::ValueOutOfRange, at, message));
            return None;
        }
        let diagnostic = match window {
            ClockWindow::Before(0) => Diagnostic::new(Code::EmptyRange, at, "nothing is before 00:00"),
            ClockWindow::After(MINUTES_PER_DAY) | ClockWindow::At(MINUTES_PER_DAY) if edge == Edge::Starts => {
                Diagnostic::new(Code::EmptyRange, at, "nothing starts at 24:00: that is 00:00 of the next day")
            }
            ClockWindow::Between { from, to, overnight: false } if from >= to => {
                let message = format!("nothing lies between {} and {} of one day", clock(from), clock(to));
                let diagnostic = Diagnostic::new(Code::EmptyRange, at, message);
                match from > to {
                    true => diagnostic.help(format!(
                        "write `between {} and {} overnight` for a window that runs past midnight",
                        clock(from),
                        clock(to)
                    )),
                    false => diagnostic,
                }
            }
            ClockWindow::Between { from, to, overnight: true } if from < to => {
                let message = format!("the window from {} to {} does not run past midnight", clock(from), clock(to));
                Diagnostic::new(Code::ValueOutOfRange, at, message).help("leave `overnight` out")
            }
            _ => return Some(window),
        };
        self.diagnostics.push(diagnostic);
        None
    }

    /// A way to repeat that some series has.
    pub(super) fn check_repeats(&mut self, repeats: Repeats, at: Span) -> Option<Repeats> {
        let diagnostic = if matches!(repeats.rate, Some(Rate::Every(0, _))) {
            Diagnostic::new(Code::ValueOutOfRange, at, "nothing repeats every 0 days: the interval is at least 1")
        } else if repeats.at_least.zip(repeats.at_most).is_some_and(|(least, most)| least > most) {
            Diagnostic::new(Code::EmptyRange, at, "no series has at least so many occurrences and at most so few")
        } else if repeats.forever && repeats.at_most.is_some() {
            Diagnostic::new(Code::EmptyRange, at, "a series that goes on forever has no most occurrences")
        } else {
            return Some(repeats);
        };
        self.diagnostics.push(diagnostic);
        None
    }

    /// A recurrence rule that tells dates.
    pub(super) fn check_date_rule(&mut self, rule: &Located<String>, counting_from: Option<Date>) -> Option<()> {
        let problem = match Rule::parse(&rule.value) {
            Err(error) => error.to_string(),
            Ok(read) => match read.date_rule_problem(counting_from) {
                None => return Some(()),
                Some(problem) => problem.to_owned(),
            },
        };
        let message = format!("this recurrence rule is no test of dates: {problem}");
        self.diagnostics.push(
            Diagnostic::new(Code::BadDateRule, rule.at.0, message)
                .help("the last Friday of a month is `\"FREQ=MONTHLY;BYDAY=-1FR\"`"),
        );
        None
    }

    /// `from` and `until` of a rule.
    pub(super) fn check_dates(&mut self, from: Option<Date>, until: Option<Date>, at: Span) {
        if from.zip(until).is_some_and(|(from, until)| from > until) {
            let message = "the rule ends before it begins, so it is never active";
            self.diagnostics.push(Diagnostic::new(Code::EmptyRange, at, message));
        }
    }
}
