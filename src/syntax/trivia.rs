//! Comments: what stands in them for us, and where in the tree they belong.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Allow, At, Located};
use crate::syntax::literal::{read_date, unquote};

/// Whether a comment speaks to the linter rather than to people.
#[must_use]
pub fn is_directive(comment: &str) -> bool {
    comment.trim_start().starts_with("lint:")
}

/// Moves the `lint: allow <code> until <date> "<reason>"` lines out of the comments before a piece.
///
/// `until` and the reason may be absent. A directive that cannot be read is reported at `at` and leaves the comments too.
pub fn take_allow(before: &mut Vec<String>, at: Span, diagnostics: &mut Vec<Diagnostic>) -> Vec<Allow> {
    let mut allowed = Vec::new();
    before.retain(|comment| {
        if !is_directive(comment) {
            return true;
        }
        match read_allow(comment, at) {
            Ok(allow) => allowed.push(allow),
            Err(message) => diagnostics.push(
                Diagnostic::new(Code::BadSuppression, at, message)
                    .help("write `# lint: allow <code> until <date> \"<reason>\"` on the line before the piece"),
            ),
        }
        false
    });
    allowed
}

/// Reports a directive that stands where it can suppress nothing.
pub fn refuse_unattached(comment: &str, at: Span, diagnostics: &mut Vec<Diagnostic>) {
    if is_directive(comment) {
        diagnostics.push(
            Diagnostic::new(Code::BadSuppression, at, "a `lint:` comment here suppresses nothing")
                .help("it belongs on a line of its own right before a `rule`, `list`, `person`, `define` or `test`"),
        );
    }
}

/// A directive, or what is wrong with it.
fn read_allow(comment: &str, at: Span) -> Result<Allow, String> {
    let rest = comment.trim().strip_prefix("lint:").unwrap_or_default().trim_start();
    let Some(rest) = rest.strip_prefix("allow").filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) else {
        return Err("a `lint:` comment says `allow` and a code".to_owned());
    };
    let (code, mut rest) = first_word(rest);
    let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if code.is_empty() || !code.chars().all(kebab) {
        return Err("`lint: allow` needs the code of a finding, such as `unused-name`".to_owned());
    }
    let mut until = None;
    if let ("until", after) = first_word(rest) {
        let (date, after) = first_word(after);
        until = Some(read_date(date).ok_or("`until` needs a date such as `2026-12-31`")?);
        rest = after;
    }
    let reason = match rest.trim() {
        "" => None,
        quoted if quoted.len() >= 2 && quoted.starts_with('"') && ends_at_first_quote(quoted) => {
            Some(unquote(quoted).map_err(|_| "the reason of a `lint:` comment holds an escape that does not exist")?)
        }
        _ => return Err("after the code and the date a `lint:` comment takes a reason in quotes, and nothing else".to_owned()),
    };
    Ok(Allow { code: Located { value: code.to_owned(), at: At(at) }, until, reason, at: At(at) })
}

fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// Whether the first quote that is not escaped, after the opening one, is the last character.
fn ends_at_first_quote(quoted: &str) -> bool {
    let mut escaped = false;
    for (index, byte) in quoted.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return index + 1 == quoted.len(),
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(comment: &str) -> String {
        let mut diagnostics = Vec::new();
        let mut before = vec!["kept".to_owned(), comment.to_owned()];
        let allowed = take_allow(&mut before, Span::default(), &mut diagnostics);
        assert_eq!(before[0], "kept");
        match (allowed.as_slice(), diagnostics.as_slice()) {
            ([allow], []) => format!("{} {:?} {:?}", allow.code.value, allow.until, allow.reason),
            ([], [diagnostic]) => diagnostic.message.clone(),
            ([], []) => "a comment".to_owned(),
            _ => "both".to_owned(),
        }
    }

    #[test]
    fn a_suppression_has_a_code_a_date_and_a_reason() {
        assert_eq!(
            take(r#"lint: allow unused-name until 2026-12-31 "not \"yet\"""#),
            r#"unused-name Some(2026-12-31) Some("not \"yet\"")"#
        );
        assert_eq!(take("lint: allow unused-name"), "unused-name None None");
        assert_eq!(take("about lint: allow"), "a comment");
    }

    #[test]
    fn a_suppression_that_cannot_be_read_is_reported() {
        assert_eq!(take("lint: ignore x"), "a `lint:` comment says `allow` and a code");
        assert_eq!(take("lint: allow"), "`lint: allow` needs the code of a finding, such as `unused-name`");
        assert_eq!(take("lint: allow a until 2026-02-30"), "`until` needs a date such as `2026-12-31`");
        assert!(take(r#"lint: allow a "b" c"#).starts_with("after the code and the date"));
        assert!(take(r#"lint: allow a ""#).starts_with("after the code and the date"));
    }
}
