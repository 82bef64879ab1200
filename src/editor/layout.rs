//! Layout: the canonical text as an edit of the present one.

use crate::engine::{FormatError, format};

/// What to replace so that a text becomes its canonical layout: a range of bytes and what stands there then; `None` where it is
/// laid out already.
///
/// As little as whole lines allow is replaced, so that an editor keeps its place.
///
/// # Errors
/// [`FormatError`], where the text cannot be read.
pub fn layout(text: &str) -> Result<Option<(std::ops::Range<usize>, String)>, FormatError> {
    let formatted = format("text", text)?;
    if formatted == text {
        return Ok(None);
    }
    let start = text.lines().zip(formatted.lines()).zip(line_ends(text)).take_while(|((a, b), _)| a == b).map(|(_, end)| end);
    let start = start.last().filter(|start| text.get(..*start) == formatted.get(..*start)).unwrap_or(0);
    let (old, new) = (&text[start..], &formatted[start..]);
    let common = old.bytes().rev().zip(new.bytes().rev()).take_while(|(a, b)| a == b).count();
    // Whole lines at the end stay.
    let kept = old.len() - common;
    let kept = old[old.ceil_char_boundary(kept)..]
        .find('\n')
        .map_or(0, |newline| old.len() - (old.ceil_char_boundary(kept) + newline + 1));
    Ok(Some((start..text.len() - kept, new[..new.len() - kept].to_owned())))
}

/// Where each line of a text ends, with its line break.
fn line_ends(text: &str) -> impl Iterator<Item = usize> {
    text.split_inclusive('\n').scan(0, |at, line| {
        *at += line.len();
        Some(*at)
    })
}
