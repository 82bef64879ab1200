//! Edits that fixes are made of. Each is offered only where the text around it is as plain as the edit needs; elsewhere the
//! author is told and does it by hand.

use super::Subject;
use crate::source::{Form, Span};

/// Takes one of several elements out, which stand one after the other with nothing but commas, `and`, `or` between them.
pub fn without_element(subject: &Subject<'_>, elements: &[Span], index: usize) -> Option<Vec<(Span, String)>> {
    let here = *elements.get(index)?;
    let gone = match index.checked_sub(1).and_then(|before| elements.get(before)) {
        Some(before) => Span { start: before.end, ..here },
        None => Span { end: elements.get(1)?.start, ..here },
    };
    if elements.len() < 2 || gone.start > here.start || gone.end < here.end {
        return None;
    }
    let text = &subject.sources.get(here.source).text;
    let between = [gone.start as usize..here.start as usize, here.end as usize..gone.end as usize];
    between
        .into_iter()
        .filter(|range| !range.is_empty())
        .all(|range| matches!(text.get(range).map(str::trim), Some("," | "and" | "or")))
        .then(|| vec![(gone, String::new())])
}

/// Takes a piece out of a file of the text form, with the comments on the lines right above it.
pub fn without_piece(subject: &Subject<'_>, piece: Span) -> Option<Vec<(Span, String)>> {
    let text = text_form(subject, piece)?;
    let mut lines = whole_lines(text, piece)?;
    while let Some(before) = text[..lines.start as usize].strip_suffix('\n') {
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        if !before[start..].trim_start().starts_with('#') {
            break;
        }
        lines.start = Span::new(piece.source, start, start).start;
    }
    // One of the blank lines around it goes with it.
    if text[lines.end as usize..].starts_with('\n') && (lines.start == 0 || text[..lines.start as usize].ends_with("\n\n")) {
        lines.end += 1;
    }
    Some(vec![(lines, String::new())])
}

/// Takes out something that has its lines for itself.
pub fn without_lines(subject: &Subject<'_>, place: Span) -> Option<Vec<(Span, String)>> {
    let text = text_form(subject, place)?;
    Some(vec![(whole_lines(text, place)?, String::new())])
}

/// The text of a file, where it has the text form.
pub fn text_form<'a>(subject: &Subject<'a>, place: Span) -> Option<&'a str> {
    let text = subject.sources.get(place.source).text.as_str();
    (Form::of(text) == Form::Text).then_some(text)
}

/// The lines of a place with their end, where nothing else stands on them.
fn whole_lines(text: &str, place: Span) -> Option<Span> {
    let start = text[..place.start as usize].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[place.end as usize..].find('\n').map_or(text.len(), |newline| place.end as usize + newline + 1);
    let alone = text[start..place.start as usize].trim().is_empty() && text[place.end as usize..end].trim().is_empty();
    alone.then(|| Span::new(place.source, start, end))
}
