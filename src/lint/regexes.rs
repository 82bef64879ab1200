//! Regular expressions that find everything, nothing, a plain text, or more than their author sees.

use super::{Subject, edit, walk};
use crate::analysis::{Budget, STEPS, text_between};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Form, Span};
use crate::syntax::ast::{Condition, ConditionKind, Located};
use crate::syntax::literal;
use regex_syntax::ast::{Assertion, AssertionKind, Ast, LiteralKind, RepetitionKind, RepetitionOp, parse::ParserBuilder};

/// A condition that matches an expression.
struct Matches<'a> {
    condition: &'a Condition,
    pattern: &'a Located<String>,
    flags: &'a str,
}

impl<'a> Matches<'a> {
    fn each(subject: &Subject<'a>, mut look: impl FnMut(&Self)) {
        walk::each(subject, |condition| {
            if let ConditionKind::Matches { pattern, flags, .. } = &condition.kind {
                look(&Self { condition, pattern, flags });
            }
        });
    }

    fn read(&self) -> Option<Ast> {
        let mut parser = ParserBuilder::new().nest_limit(NEST_MAX).ignore_whitespace(self.flags.contains('x')).build();
        parser.parse(&self.pattern.value).ok()
    }

    /// The place of some bytes of the pattern, where it is written without escapes of the file's own.
    fn inside(&self, subject: &Subject<'_>, range: std::ops::Range<usize>) -> Option<Span> {
        let whole = self.pattern.at.0;
        let written = subject.sources.slice(whole);
        let start = whole.range().start + written.find(self.pattern.value.as_str())?;
        Some(Span::new(whole.source, start + range.start, start + range.end))
    }
}

const NEST_MAX: u32 = 32;

/// `regex-matches-everything`, `regex-matches-nothing`
pub(super) fn constant(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let mut budget = Budget::steps(ALL_STEPS);
    Matches::each(subject, |matches| {
        let at = matches.pattern.at.0;
        let own = [(matches.pattern.value.as_str(), matches.flags)];
        if budget.portion(STEPS, |budget| text_between(&[], &own, budget)) == Ok(None) {
            let message = "every text matches this regular expression, the empty one too";
            findings.push(Diagnostic::new(Code::RegexMatchesEverything, at, message).label("true wherever the text can be seen"));
        } else if budget.portion(STEPS, |budget| text_between(&own, &[], budget)) == Ok(None) {
            let message = "no text matches this regular expression";
            findings.push(Diagnostic::new(Code::RegexMatchesNothing, at, message).label("never true"));
        }
    });
}

/// Steps of one lint about all expressions: a second or so, on whatever expressions.
const ALL_STEPS: u64 = 15 * STEPS;

/// `regex-is-plain-text`: what a comparison says as well, which reads better and knows every spelling.
pub(super) fn plain(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    Matches::each(subject, |matches| {
        let Some((operator, texts)) = matches.read().and_then(|read| as_texts(&read)) else { return };
        // Comparisons do not look at case.
        let cased = texts.iter().any(|text| text.chars().any(|c| c.is_lowercase() || c.is_uppercase()));
        if cased && !matches.flags.contains('i') {
            return;
        }
        let quoted: Vec<String> = texts.iter().map(|text| literal::quote(text)).collect();
        let comparison = match quoted.as_slice() {
            [one] => format!("{operator} {one}"),
            several => format!("{operator} any of [{}]", several.join(", ")),
        };
        let finding = Diagnostic::new(Code::RegexIsPlainText, matches.pattern.at.0, "this regular expression is a plain text")
            .help(format!("`{comparison}` says the same, and finds every spelling of its letters"));
        findings.push(match matches_clause(subject, matches.condition) {
            Some(place) => finding.fix(format!("write `{comparison}`"), place, comparison),
            None => finding,
        });
    });
}

/// The place of `matches /…/flags` at the end of a condition, in the text form.
fn matches_clause(subject: &Subject<'_>, condition: &Condition) -> Option<Span> {
    let at = condition.at.0;
    edit::text_form(subject, at)?;
    let start = subject.sources.slice(at).find("matches")?;
    Some(Span::new(at.source, at.range().start + start, at.range().end))
}

/// Most texts that a rewritten expression is told with.
const TEXTS_MAX: usize = 20;

/// The operator and the texts that say what an expression says.
fn as_texts(read: &Ast) -> Option<(&'static str, Vec<String>)> {
    let mut parts: &[Ast] = match read {
        Ast::Concat(concat) => &concat.asts,
        one => std::slice::from_ref(one),
    };
    let (mut starts, mut ends) = (false, false);
    match parts {
        [first, rest @ ..] if is_edge(first, &[AssertionKind::StartLine, AssertionKind::StartText]) => {
            (starts, parts) = (true, rest)
        }
        [first, rest @ ..] if is_anything(first) => parts = rest,
        _ => {}
    }
    match parts {
        [rest @ .., last] if is_edge(last, &[AssertionKind::EndLine, AssertionKind::EndText]) => (ends, parts) = (true, rest),
        [rest @ .., last] if is_anything(last) => parts = rest,
        _ => {}
    }
    let texts = match parts {
        [group @ Ast::Group(_)] => alternatives(without_group(group)?)?,
        // Edges bind to the first and the last alternative only.
        [Ast::Alternation(_)] if starts || ends => return None,
        [one @ Ast::Alternation(_)] => alternatives(one)?,
        several => vec![several.iter().map(letter).collect::<Option<String>>()?],
    };
    let operator = match (starts, ends) {
        (false, false) => "contains",
        (true, false) => "starts with",
        (false, true) => "ends with",
        (true, true) => "is",
    };
    let usable = texts.len() <= TEXTS_MAX && texts.iter().all(|text| !text.trim().is_empty());
    usable.then_some((operator, texts))
}

fn is_edge(part: &Ast, kinds: &[AssertionKind]) -> bool {
    matches!(part, Ast::Assertion(assertion) if { let Assertion { kind, .. } = &**assertion; kinds.contains(kind) })
}

/// `.*`, which before and after what is searched for says nothing.
fn is_anything(part: &Ast) -> bool {
    matches!(part, Ast::Repetition(repeated)
        if matches!(repeated.op, RepetitionOp { kind: RepetitionKind::ZeroOrMore, .. }) && matches!(*repeated.ast, Ast::Dot(_)))
}

fn alternatives(read: &Ast) -> Option<Vec<String>> {
    let one = |part: &Ast| match part {
        Ast::Concat(concat) => concat.asts.iter().map(letter).collect::<Option<String>>(),
        other => letter(other).map(String::from),
    };
    match read {
        Ast::Alternation(several) => several.asts.iter().map(one).collect(),
        other => one(other).map(|text| vec![text]),
    }
}

fn letter(part: &Ast) -> Option<char> {
    match part {
        Ast::Literal(literal) => Some(literal.c),
        _ => None,
    }
}

/// `unescaped-dot`: a dot that stands for any character, where a domain is spelled.
pub(super) fn unescaped_dot(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    Matches::each(subject, |matches| {
        let Some(read) = matches.read() else { return };
        let mut dots = Vec::new();
        domain_dots(&read, &mut dots);
        for offset in dots {
            let place = matches.inside(subject, offset..offset + 1);
            let at = place.unwrap_or(matches.pattern.at.0);
            let finding = Diagnostic::new(Code::UnescapedDot, at, "this dot stands for any character, not only for a dot")
                .label("in what looks like a domain");
            let escaped = match Form::of(&subject.sources.get(at.source).text) {
                Form::Text => "\\.",
                Form::Json => "\\\\.",
            };
            findings.push(match place {
                Some(place) => finding.fix("write `\\.`", place, escaped),
                None => finding,
            });
        }
    });
}

/// Endings that make a word before them a domain.
const ENDINGS: [&str; 16] =
    ["com", "net", "org", "io", "de", "uk", "eu", "fr", "at", "ch", "nl", "es", "it", "ai", "dev", "example"];

/// Where unescaped dots of domains stand, in bytes of the pattern.
fn domain_dots(read: &Ast, dots: &mut Vec<usize>) {
    match read {
        Ast::Concat(concat) => {
            let parts = &concat.asts;
            for (index, part) in parts.iter().enumerate() {
                let Ast::Dot(span) = part else {
                    domain_dots(part, dots);
                    continue;
                };
                let before = index.checked_sub(1).and_then(|before| letter(&parts[before])).is_some_and(char::is_alphanumeric);
                let after: String = parts[index + 1..].iter().map_while(plain_letter).collect();
                if before && ENDINGS.contains(&after.to_lowercase().as_str()) {
                    dots.push(span.start.offset);
                }
            }
        }
        Ast::Alternation(several) => several.asts.iter().for_each(|part| domain_dots(part, dots)),
        Ast::Group(group) => domain_dots(&group.ast, dots),
        Ast::Repetition(repeated) => domain_dots(&repeated.ast, dots),
        _ => {}
    }
}

fn plain_letter(part: &Ast) -> Option<char> {
    match part {
        Ast::Literal(literal) if literal.kind == LiteralKind::Verbatim && literal.c.is_alphanumeric() => Some(literal.c),
        _ => None,
    }
}

/// `pattern-subsumed` among the alternatives of an expression.
pub(super) fn subsumed(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let mut budget = Budget::steps(ALL_STEPS);
    Matches::each(subject, |matches| {
        let Some(read) = matches.read() else { return };
        let Ast::Alternation(several) = without_group(&read).unwrap_or(&read) else { return };
        if several.asts.len() > TEXTS_MAX {
            return;
        }
        let text = |part: &Ast| {
            let span = part.span();
            matches.pattern.value.get(span.start.offset..span.end.offset).map(str::to_owned)
        };
        let Some(texts) = several.asts.iter().map(text).collect::<Option<Vec<_>>>() else { return };
        let alternatives: Vec<(&str, &str)> = texts.iter().map(|text| (text.as_str(), matches.flags)).collect();
        for (inner, part) in several.asts.iter().enumerate() {
            let Some(outer) = (0..texts.len()).find(|outer| is_spare(&alternatives, inner, *outer, &mut budget)) else {
                continue;
            };
            let span = part.span();
            let at = matches.inside(subject, span.start.offset..span.end.offset).unwrap_or(matches.pattern.at.0);
            let [spare, wide] = [inner, outer].map(|at| literal::shown(&texts[at]));
            let message = format!("wherever `{spare}` is found, `{wide}` is found already");
            findings.push(Diagnostic::new(Code::PatternSubsumed, at, message).label("finds nothing more"));
        }
    });
}

/// What a group holds; `None` where the group sets flags.
fn without_group(read: &Ast) -> Option<&Ast> {
    match read {
        Ast::Group(group) if group.flags().is_none_or(|flags| flags.items.is_empty()) => Some(&group.ast),
        _ => None,
    }
}

/// Whether the outer alternative finds all that the inner one finds; of two that find the same, the second one is the spare.
fn is_spare(alternatives: &[(&str, &str)], inner: usize, outer: usize, budget: &mut Budget) -> bool {
    let mut covers = |outer: usize, inner: usize| {
        let (found, missed) = ([alternatives[inner]], [alternatives[outer]]);
        budget.portion(STEPS, |budget| text_between(&found, &missed, budget)) == Ok(None)
    };
    outer != inner && covers(outer, inner) && (outer < inner || !covers(inner, outer))
}
