//! HTML of calendar entries: reduced to text, and cut into tags and text for who looks for links in it.
//!
//! Descriptions are HTML, plain text or something between, so that a `<` counts as markup only where a tag's name follows:
//! `<https://…>` and `<dana@acme.com>`, as mail programs write them, stay text. Reading takes time in proportion to the
//! length of the text, whatever is written in it.
//!
//! Deliberately absent: styles, layout, and every judgement about what a browser would show.

use std::borrow::Cow;

/// The text of `html`, with line breaks where the markup has them; text without markup keeps its own white space.
///
/// What is no content (styles, scripts, comments) is left out, and character references are decoded.
///
/// ```
/// use callsheet::event::html::to_text;
/// assert_eq!(to_text("<p>Agenda &amp; notes</p>\n<ul><li>one<li>two</ul>"), "Agenda & notes\none\ntwo");
/// assert_eq!(to_text("a < b,  see <https://acme.com/x>"), "a < b,  see <https://acme.com/x>");
/// ```
#[must_use]
pub fn to_text(html: &str) -> String {
    let mut text = Reduced::default();
    let mut has_markup = false;
    for piece in Pieces::of(html) {
        match piece {
            Piece::Text(raw) => text.push_text(&decode_entities(raw)),
            Piece::Tag(tag) => {
                has_markup = true;
                text.push_tag(&tag);
            }
        }
    }
    if has_markup { text.finish() } else { decode_entities(html).into_owned() }
}

/// A text under construction: white space as a browser would collapse it.
#[derive(Default)]
struct Reduced {
    text: String,
    space: bool,
}

impl Reduced {
    fn push_text(&mut self, text: &str) {
        for character in text.chars() {
            if character.is_whitespace() {
                self.space = true;
                continue;
            }
            if std::mem::take(&mut self.space) && !self.text.is_empty() && !self.text.ends_with('\n') {
                self.text.push(' ');
            }
            self.text.push(character);
        }
    }

    fn push_tag(&mut self, tag: &Tag<'_>) {
        if tag.is("br") {
            self.space = false;
            if !self.text.is_empty() && !self.text.ends_with("\n\n") {
                self.text.push('\n');
            }
        } else if tag.breaks_line() {
            self.space = false;
            if !self.text.is_empty() && !self.text.ends_with('\n') {
                self.text.push('\n');
            }
        } else if tag.is("td") || tag.is("th") {
            self.space = true;
        }
    }

    fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

/// A part of an HTML text.
pub(crate) enum Piece<'a> {
    /// Text between tags, its character references not yet decoded.
    Text(&'a str),
    /// A tag.
    Tag(Tag<'a>),
}

/// A tag: `<a href="…">`, `</p>`.
pub(crate) struct Tag<'a> {
    /// As written, without the slash of a closing tag.
    name: &'a str,
    /// What follows the name, up to the `>`.
    rest: &'a str,
}

/// Elements that begin on a line of their own.
#[rustfmt::skip]
const BLOCKS: &[&str] = &[
    "address", "article", "blockquote", "body", "center", "dd", "div", "dl", "dt", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "h6", "header", "hr", "html", "li", "main", "ol", "p", "pre", "section", "table", "tbody", "thead", "tr", "ul",
];

impl<'a> Tag<'a> {
    /// Whether this is a tag of the element `name`, opening or closing.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn breaks_line(&self) -> bool {
        BLOCKS.iter().any(|block| self.is(block))
    }

    /// The names and raw values of the attributes that have a value.
    pub(crate) fn attributes(&self) -> Attributes<'a> {
        Attributes { rest: self.rest }
    }
}

/// The attributes of a tag, in order.
pub(crate) struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '=' | '"' | '\''));
            let name_end =
                start.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '"' | '\'' | '/')).unwrap_or(start.len());
            if name_end == 0 {
                return None;
            }
            let (name, rest) = start.split_at(name_end);
            let Some(value) = rest.trim_ascii_start().strip_prefix('=') else {
                self.rest = rest;
                continue;
            };
            let value = value.trim_ascii_start();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (value, rest) = match quote {
                Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
                None => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
            };
            self.rest = rest;
            return Some((name, value));
        }
    }
}

/// Elements whose content is no text of the entry.
const HIDDEN: [&str; 3] = ["style", "script", "title"];

/// Cuts HTML into tags and text.
pub(crate) struct Pieces<'a> {
    rest: &'a str,
    /// For each of [`HIDDEN`] and, last, for comments: no end follows any more. Looking again would take quadratic time.
    endless: [bool; HIDDEN.len() + 1],
    no_more_tags: bool,
}

impl<'a> Pieces<'a> {
    /// The pieces of `html`.
    pub(crate) fn of(html: &'a str) -> Self {
        Self { rest: html, endless: [false; HIDDEN.len() + 1], no_more_tags: false }
    }

    /// Skips what is no content, then reads a tag that begins right here.
    fn tag(&mut self) -> Option<Tag<'a>> {
        let after = self.rest.strip_prefix('<')?;
        let name_start = after.strip_prefix('/').unwrap_or(after);
        let name_end =
            name_start.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, ':' | '-' | '_')).unwrap_or(name_start.len());
        let (name, rest) = name_start.split_at(name_end);
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
        let ends_well = rest.starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
        if !is_name || !ends_well || (name.ends_with(':') && rest.starts_with('/')) {
            return None;
        }
        let Some(end) = tag_end(rest) else {
            self.no_more_tags = true;
            return None;
        };
        self.rest = &rest[end + 1..];
        let tag = Tag { name, rest: &rest[..end] };
        let hidden = HIDDEN.iter().position(|hidden| tag.is(hidden)).filter(|_| !after.starts_with('/'));
        if let Some(hidden) = hidden.filter(|hidden| !self.endless[*hidden]) {
            match closing_tag(self.rest, HIDDEN[hidden]) {
                Some(end) => self.rest = &self.rest[end..],
                None => self.endless[hidden] = true,
            }
        }
        Some(tag)
    }

    /// Skips a comment or a declaration that begins right here.
    fn skip_comment(&mut self) -> bool {
        let end = if self.rest.starts_with("<!--") {
            let comments = HIDDEN.len();
            let end = if self.endless[comments] { None } else { self.rest.find("-->") };
            self.endless[comments] |= end.is_none();
            end.map(|end| end + "-->".len())
        } else if self.rest.starts_with("<!") || self.rest.starts_with("<?") {
            let end = self.rest.find('>').map(|end| end + 1);
            self.no_more_tags |= end.is_none();
            end
        } else {
            None
        };
        let Some(end) = end else { return false };
        self.rest = &self.rest[end..];
        true
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        while !self.no_more_tags && self.skip_comment() {}
        if self.rest.is_empty() {
            return None;
        }
        if !self.no_more_tags
            && let Some(tag) = self.tag()
        {
            return Some(Piece::Tag(tag));
        }
        // A `<` that begins no tag is text.
        let first = self.rest.chars().next().map_or(0, char::len_utf8);
        let end = if self.no_more_tags { None } else { self.rest[first..].find('<') };
        let (text, rest) = self.rest.split_at(end.map_or(self.rest.len(), |end| first + end));
        self.rest = rest;
        Some(Piece::Text(text))
    }
}

/// The `>` that ends a tag: the first one outside of quotes, else the first one.
///
/// A quote that never closes sends this to the end of the text, but only once for each kind: no quote of that kind follows.
fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    let outside = rest.bytes().position(|byte| {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            _ => {}
        }
        quote.is_none() && byte == b'>'
    });
    outside.or_else(|| rest.find('>'))
}

/// Where the closing tag of the element `name` begins.
fn closing_tag(text: &str, name: &str) -> Option<usize> {
    let after = |at: usize| text.get(at + 2..at + 2 + name.len());
    text.match_indices("</").map(|(at, _)| at).find(|at| after(*at).is_some_and(|found| found.eq_ignore_ascii_case(name)))
}

/// Longest character reference that is looked for, with its `&` and `;`.
const REFERENCE_BYTES_MAX: usize = 12;

/// `text` with its character references decoded, in one pass: `&amp;lt;` gives `&lt;`.
///
/// Only references that end in `;` count, so that `?a=1&copy=2` in a link stays what it is; unknown ones stay as written.
pub(crate) fn decode_entities(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        decoded.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.bytes().take(REFERENCE_BYTES_MAX).position(|byte| byte == b';');
        match end.and_then(|end| Some((end, reference(&rest[1..end])?))) {
            Some((end, character)) => {
                decoded.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// The character that a reference names, given without `&` and `;`.
fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|character| *character != '\0');
    }
    if let Some(at) = LATIN_1.iter().position(|known| *known == name) {
        return char::from_u32(0xA0 + u32::try_from(at).ok()?);
    }
    NAMED.iter().find(|(known, _)| *known == name).map(|(_, character)| *character)
}

/// References outside of Latin-1: the syntax of HTML and of links, and the marks that mail programs write.
#[rustfmt::skip]
const NAMED: &[(&str, char)] = &[
    ("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("colon", ':'), ("sol", '/'), ("bsol", '\\'),
    ("period", '.'), ("comma", ','), ("commat", '@'), ("quest", '?'), ("equals", '='), ("num", '#'), ("percnt", '%'),
    ("lowbar", '_'), ("lpar", '('), ("rpar", ')'), ("lsqb", '['), ("rsqb", ']'), ("plus", '+'), ("excl", '!'), ("semi", ';'),
    ("ast", '*'), ("dollar", '$'), ("Tab", '\t'), ("NewLine", '\n'), ("ndash", '\u{2013}'), ("mdash", '\u{2014}'),
    ("lsquo", '\u{2018}'), ("rsquo", '\u{2019}'), ("sbquo", '\u{201A}'), ("ldquo", '\u{201C}'), ("rdquo", '\u{201D}'),
    ("bdquo", '\u{201E}'), ("bull", '\u{2022}'), ("hellip", '\u{2026}'), ("euro", '\u{20AC}'), ("trade", '\u{2122}'),
    ("rarr", '\u{2192}'), ("larr", '\u{2190}'), ("zwnj", '\u{200C}'), ("zwj", '\u{200D}'), ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'), ("thinsp", '\u{2009}'), ("OElig", '\u{152}'), ("oelig", '\u{153}'), ("Scaron", '\u{160}'),
    ("scaron", '\u{161}'),
];

/// The names of U+00A0 to U+00FF, in order.
#[rustfmt::skip]
const LATIN_1: [&str; 96] = [
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo", "not", "shy", "reg",
    "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot", "cedil", "sup1", "ordm", "raquo", "frac14",
    "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig", "Ccedil", "Egrave",
    "Eacute", "Ecirc", "Euml", "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute", "Ocirc", "Otilde",
    "Ouml", "times", "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN", "szlig", "agrave", "aacute", "acirc",
    "atilde", "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc", "euml", "igrave", "iacute", "icirc", "iuml",
    "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml", "divide", "oslash", "ugrave", "uacute", "ucirc", "uuml",
    "yacute", "thorn", "yuml",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_comments_and_declarations_are_no_text() {
        let html = "<!DOCTYPE html><html><head><title>x</title><STYLE>p { a > b }</Style></head>\
                    <body><!--[if mso]><p>no</p><![endif]-->Hello,&nbsp; <b>wor</b>ld<br><br><br>Bye</body></html>";
        assert_eq!(to_text(html), "Hello, world\n\nBye");
    }

    #[test]
    fn broken_markup_loses_no_text() {
        assert_eq!(to_text("<p>a <!-- b"), "a <!-- b");
        assert_eq!(to_text("<style>a"), "a");
        assert_eq!(to_text("x <a href='y"), "x <a href='y");
        assert_eq!(to_text("1 &lt; 2 &amp;amp; &bogus; &#0; &#x1F600;"), "1 < 2 &amp; &bogus; &#0; \u{1F600}");
    }

    #[test]
    fn hostile_text_takes_linear_time() {
        for bait in ["<", "<a \"", "<!--", "<style>", "<a '<b \"", "&", "&#", "<!", "</style", "<a href="] {
            let text = bait.repeat(200_000 / bait.len());
            assert!(to_text(&text).len() <= text.len() + 1, "{bait}");
        }
    }

    #[test]
    fn attributes_are_read_with_and_without_quotes() {
        let Some(Piece::Tag(tag)) = Pieces::of("<a b c=d HREF = 'x>y' e=\"f\">").next() else { panic!("a tag") };
        assert_eq!(tag.attributes().collect::<Vec<_>>(), [("c", "d"), ("HREF", "x>y"), ("e", "f")]);
    }
}
