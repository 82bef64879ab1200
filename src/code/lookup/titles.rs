//! Questions about titles, answered together: one scan finds the literals of all of them.

use crate::builtins::literals::{Borders, Literals};
use crate::code::Op;
use crate::code::lookup::scan::Scanner;
use crate::code::program::Program;
use crate::value::words::{TextField, TextOp};
use regex_syntax::is_word_character;

/// What a scan of the title tells about questions.
#[derive(Debug, Default)]
pub struct Titles {
    scanner: Scanner,
    /// What each literal tells: the places where its part of `told` begins.
    starts: Vec<u32>,
    told: Vec<Told>,
}

/// What a literal that stands in the title tells about a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// The question.
    pub question: u16,
    /// In which form of the title.
    pub form: Form,
    /// How much.
    pub hit: Hit,
}

/// In which form of the title a literal is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Normalised and folded as a whole: how texts are compared.
    Folded,
    /// Character by character: how expressions find texts.
    Characters,
}

/// What it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hit {
    /// The answer is yes.
    Yes,
    /// It is yes where the literal stands between such borders of words.
    YesBetween {
        /// A border must be right before it.
        before: bool,
        /// A border must be right behind it.
        behind: bool,
    },
    /// The answer may be yes.
    Perhaps,
}

impl Titles {
    /// The questions of a program that are about the title and have literals; with each, how rare its literals are.
    pub(super) fn of(program: &Program) -> (Self, Vec<(u16, u32)>) {
        let questions = program.code.questions(program.outline.atoms.len());
        let mut told: Vec<(Box<str>, Told)> = Vec::new();
        let mut costs = Vec::new();
        for (question, op) in (0..).zip(&program.code.ops[questions]) {
            let Some(Looked { texts, form, hit }) = looked_for(program, op) else { continue };
            costs.push((question, texts.iter().fold(0, |sum: u32, text| sum.saturating_add(commonness(text)))));
            told.extend(texts.into_iter().map(|text| (text, Told { question, form, hit })));
        }
        told.sort_unstable();
        let mut titles = Self::default();
        let mut texts: Vec<Box<str>> = Vec::new();
        for (text, told) in told {
            if texts.last() != Some(&text) {
                titles.starts.push(titles.told.len() as u32);
                texts.push(text);
            }
            titles.told.push(told);
        }
        titles.starts.push(titles.told.len() as u32);
        titles.scanner = Scanner::of(texts);
        (titles, costs)
    }

    /// Scans a title in one of its forms, or in both where they are the same text, and shows what is found.
    pub fn scan(&self, title: &str, form: Option<Form>, mut found: impl FnMut(u16, Hit)) {
        self.scanner.scan(title, |at, literal| self.show(literal, (title, at), form, &mut found));
    }

    /// Scans a text that many titles make up, one behind the other. `title_at` tells the title around a place: the number that it is
    /// known by, where it begins, itself, and its form.
    pub fn scan_many<'t>(
        &self,
        text: &str,
        title_at: impl Fn(usize) -> (usize, usize, &'t str, Option<Form>),
        mut found: impl FnMut(usize, u16, Hit),
    ) {
        self.scanner.scan(text, |at, literal| {
            let (number, begin, title, form) = title_at(at);
            // What begins in one title and ends in the next stands in neither.
            if at + self.scanner.text(literal).len() <= begin + title.len() {
                self.show(literal, (title, at - begin), form, &mut |question, hit| found(number, question, hit));
            }
        });
    }

    /// Shows what a literal tells that stands in a title.
    fn show(&self, literal: u32, (title, at): (&str, usize), form: Option<Form>, found: &mut impl FnMut(u16, Hit)) {
        let told = self.starts[literal as usize] as usize..self.starts[literal as usize + 1] as usize;
        for told in self.told[told].iter().filter(|told| form.is_none_or(|form| form == told.form)) {
            match told.hit {
                Hit::YesBetween { before, behind } => {
                    let end = at + self.scanner.text(literal).len();
                    if (!before || is_border(title, at)) && (!behind || is_border(title, end)) {
                        found(told.question, Hit::Yes);
                    }
                }
                hit => found(told.question, hit),
            }
        }
    }
}

/// What is looked for in titles to answer a question.
struct Looked {
    texts: Vec<Box<str>>,
    form: Form,
    hit: Hit,
}

/// The literals of a question; `None` where it is not about the title, or where its answer may be yes without any.
fn looked_for(program: &Program, op: &Op) -> Option<Looked> {
    match *op {
        Op::AskText { field: TextField::Title, how, texts } => {
            let texts = &program.constants.texts[texts.index()];
            let hit = if how == TextOp::Contains { Hit::Yes } else { Hit::Perhaps };
            let boxed = || texts.iter().map(|text| text.as_str().into()).collect();
            texts.iter().all(|text| !text.is_empty()).then(|| Looked { texts: boxed(), form: Form::Folded, hit })
        }
        Op::AskPattern { field: TextField::Title, pattern } => {
            let written = &program.constants.patterns[pattern.index()];
            let Literals { texts, exactly } = Literals::of(&written.pattern, &written.flags)?;
            let texts = texts.into_iter().map(String::into_boxed_str).collect();
            Some(Looked { texts, form: Form::Characters, hit: exactly.map_or(Hit::Perhaps, hit) })
        }
        _ => None,
    }
}

fn hit(borders: Borders) -> Hit {
    match borders {
        Borders { before: false, behind: false } => Hit::Yes,
        Borders { before, behind } => Hit::YesBetween { before, behind },
    }
}

/// How many titles of ten thousand hold such a literal, roughly.
fn commonness(text: &str) -> u32 {
    match text.len() {
        0 => 10_000,
        1 => 5_000,
        2 => 1_000,
        3 => 300,
        4..=5 => 100,
        _ => 50,
    }
}

/// Whether a word begins or ends at a byte of `text`, as `\b` has it.
fn is_border(text: &str, at: usize) -> bool {
    let (before, behind) = text.as_bytes().split_at(at);
    let ascii = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let ends = match before.last() {
        None => false,
        Some(byte) if byte.is_ascii() => ascii(*byte),
        Some(_) => text[..at].chars().next_back().is_some_and(is_word_character),
    };
    let begins = match behind.first() {
        None => false,
        Some(byte) if byte.is_ascii() => ascii(*byte),
        Some(_) => text[at..].chars().next().is_some_and(is_word_character),
    };
    ends != begins
}
