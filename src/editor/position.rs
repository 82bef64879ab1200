//! Places as editors count them: a line and a number of code units in it.

/// What the second number of a position counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16: a character outside of the basic plane is two.
    #[default]
    Utf16,
}

/// A line and a place in it, both from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words say it")]
pub struct LineColumn {
    pub line: u32,
    pub column: u32,
}

/// Where the lines of a text begin. A line ends with `\n`, `\r\n` or `\r`.
#[derive(Clone, Debug)]
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Looks for the lines of a text.
    #[must_use]
    pub fn of(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let ends_line = |at: usize| bytes[at] == b'\n' || bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
        let starts = std::iter::once(0).chain((0..bytes.len()).filter(|at| ends_line(*at)).map(|at| at + 1)).collect();
        Self { text, starts }
    }

    /// The position of a byte; a byte inside of a character counts as its first, one past the end as the end.
    #[must_use]
    pub fn position(&self, offset: usize, encoding: Encoding) -> LineColumn {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let before = &self.text[self.starts[line]..offset];
        let column = match encoding {
            Encoding::Utf8 => before.len(),
            Encoding::Utf16 => before.chars().map(char::len_utf16).sum(),
        };
        LineColumn { line: narrow(line), column: narrow(column) }
    }

    /// The byte at a position, on a character's boundary. Past the end of a line it is the line's end, before its line break; past
    /// the last line the end of the text.
    #[must_use]
    pub fn offset(&self, position: LineColumn, encoding: Encoding) -> usize {
        let Some(start) = usize::try_from(position.line).ok().and_then(|line| self.starts.get(line)) else {
            return self.text.len();
        };
        let rest = &self.text[*start..];
        let line = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
        let wanted = usize::try_from(position.column).unwrap_or(usize::MAX);
        let mut column = 0;
        for (index, character) in line.char_indices() {
            let units = match encoding {
                Encoding::Utf8 => character.len_utf8(),
                Encoding::Utf16 => character.len_utf16(),
            };
            if column + units > wanted {
                return start + index;
            }
            column += units;
        }
        start + line.len()
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_three_ways() {
        let text = "a\r\nb\rc\n\nd";
        let lines = Lines::of(text);
        assert_eq!(lines.starts, [0, 3, 5, 7, 8]);
        for (offset, line) in [(0, 0), (1, 0), (3, 1), (4, 1), (5, 2), (7, 3), (8, 4), (9, 4), (100, 4)] {
            assert_eq!(lines.position(offset, Encoding::Utf16).line, line, "{offset}");
        }
    }

    #[test]
    fn characters_outside_of_the_basic_plane_are_two_units_or_four_bytes() {
        let text = "x\n\"🎥é\" y";
        let lines = Lines::of(text);
        let at = text.find('y').expect("it is there");
        assert_eq!(lines.position(at, Encoding::Utf16), LineColumn { line: 1, column: 6 });
        assert_eq!(lines.position(at, Encoding::Utf8), LineColumn { line: 1, column: 9 });
        // A position inside of a character is before it.
        assert_eq!(lines.offset(LineColumn { line: 1, column: 2 }, Encoding::Utf16), 3);
        assert_eq!(lines.offset(LineColumn { line: 1, column: 3 }, Encoding::Utf16), 7);
    }

    #[test]
    fn every_boundary_has_one_position_and_back() {
        let text = "é🎥\r\n\r面\n接\u{feff}\r\r\nz";
        let lines = Lines::of(text);
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for (offset, character) in text.char_indices() {
                let inside_break = character == '\n' && text[..offset].ends_with('\r');
                if !inside_break {
                    assert_eq!(lines.offset(lines.position(offset, encoding), encoding), offset);
                }
            }
            assert_eq!(lines.offset(LineColumn { line: 0, column: 999 }, encoding), 6);
            assert_eq!(lines.offset(LineColumn { line: 99, column: 0 }, encoding), text.len());
        }
    }
}
