//! The grammar as data: the text of `grammar/rules.pest`, read once.

use pest_meta::ast::{Expr as Written, RuleType};
use pest_meta::parser;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A production.
#[derive(Debug)]
pub(super) struct Production {
    pub name: String,
    /// No white space between its parts.
    pub atomic: bool,
    pub body: Expr,
}

/// What a production is made of.
#[derive(Debug)]
pub(super) enum Expr {
    Text(String),
    Class(fn(char) -> bool),
    Range(char, char),
    /// The end of the text.
    End,
    Production(usize),
    Sequence(Vec<Expr>),
    Choice(Vec<Expr>),
    Repeat(Box<Expr>, u32, u32),
    /// Looks ahead.
    If(Box<Expr>),
    Unless(Box<Expr>),
}

/// All productions.
#[derive(Debug)]
pub(super) struct Grammar {
    pub productions: Vec<Production>,
    places: HashMap<String, usize>,
}

impl Grammar {
    /// The grammar of the text form.
    pub fn get() -> &'static Self {
        static GRAMMAR: LazyLock<Grammar> = LazyLock::new(Grammar::read);
        &GRAMMAR
    }

    /// The production of this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    fn read() -> Self {
        let text = include_str!("../../../../grammar/rules.pest");
        let pairs = parser::parse(parser::Rule::grammar_rules, text).expect("the parser was made from this grammar");
        let rules = parser::consume_rules(pairs).expect("the parser was made from this grammar");
        let places: HashMap<String, usize> = rules.iter().enumerate().map(|(place, rule)| (rule.name.clone(), place)).collect();
        let productions = rules
            .iter()
            .map(|rule| Production {
                name: rule.name.clone(),
                atomic: matches!(rule.ty, RuleType::Atomic | RuleType::CompoundAtomic),
                body: lower(&rule.expr, &places),
            })
            .collect();
        Self { productions, places }
    }
}

fn lower(written: &Written, places: &HashMap<String, usize>) -> Expr {
    let of = |inner: &Written| Box::new(lower(inner, places));
    let times = |inner: &Written, least, most| Expr::Repeat(of(inner), least, most);
    match written {
        Written::Str(text) => Expr::Text(text.clone()),
        Written::Range(from, to) => {
            let character = |text: &String| text.chars().next().expect("a range of characters");
            Expr::Range(character(from), character(to))
        }
        Written::Ident(name) => match places.get(name) {
            Some(place) => Expr::Production(*place),
            None => built_in(name),
        },
        Written::PosPred(inner) => Expr::If(of(inner)),
        Written::NegPred(inner) => Expr::Unless(of(inner)),
        Written::Seq(..) => {
            let mut parts = Vec::new();
            flatten(written, &mut parts, &|part| match part {
                Written::Seq(first, rest) => Some((first, rest)),
                _ => None,
            });
            Expr::Sequence(parts.into_iter().map(|part| lower(part, places)).collect())
        }
        Written::Choice(..) => {
            let mut parts = Vec::new();
            flatten(written, &mut parts, &|part| match part {
                Written::Choice(first, rest) => Some((first, rest)),
                _ => None,
            });
            Expr::Choice(parts.into_iter().map(|part| lower(part, places)).collect())
        }
        Written::Opt(inner) => times(inner, 0, 1),
        Written::Rep(inner) => times(inner, 0, u32::MAX),
        Written::RepOnce(inner) => times(inner, 1, u32::MAX),
        Written::RepExact(inner, count) => times(inner, *count, *count),
        Written::RepMin(inner, least) => times(inner, *least, u32::MAX),
        Written::RepMax(inner, most) => times(inner, 0, *most),
        Written::RepMinMax(inner, least, most) => times(inner, *least, *most),
        other => unreachable!("the grammar has no {other:?}"),
    }
}

type Split = dyn Fn(&Written) -> Option<(&Box<Written>, &Box<Written>)>;

/// The parts of nested pairs, in order.
fn flatten<'e>(written: &'e Written, parts: &mut Vec<&'e Written>, split: &Split) {
    match split(written) {
        Some((first, rest)) => {
            flatten(first, parts, split);
            flatten(rest, parts, split);
        }
        None => parts.push(written),
    }
}

fn built_in(name: &str) -> Expr {
    Expr::Class(match name {
        "ANY" => |_| true,
        "ASCII_DIGIT" => |character| character.is_ascii_digit(),
        "ASCII_ALPHANUMERIC" => |character| character.is_ascii_alphanumeric(),
        "LETTER" => pest::unicode::LETTER,
        "MARK" => pest::unicode::MARK,
        "DECIMAL_NUMBER" => pest::unicode::DECIMAL_NUMBER,
        "WHITE_SPACE" => pest::unicode::WHITE_SPACE,
        "EOI" => return Expr::End,
        other => unreachable!("the grammar has no production `{other}`"),
    })
}
