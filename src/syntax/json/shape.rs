//! What a table of JSON shapes is made of. The reader's checks ([`super::check`]) and the published schema
//! ([`super::schema`]) both follow the table, so neither knows a member that the other does not.

use crate::syntax::json::table::matches;
use crate::syntax::json::value::{Kind, Node};

/// What a value may look like.
#[derive(Clone, Copy)]
pub enum Shape {
    /// A string.
    Text(&'static Text),
    /// One word of a closed set.
    Word(&'static Words),
    /// A whole number, ends included.
    Whole(i64, i64),
    /// `true` or `false`.
    Flag,
    /// `true`, where leaving the member out says the opposite.
    True,
    /// The version of the language.
    Version,
    /// Items of one shape.
    Array(&'static Array),
    /// Members by name.
    Object(&'static Object),
    /// Members that the author names.
    Map(&'static Map),
    /// One of several, told apart by their JSON types where these differ.
    AnyOf(&'static [Shape]),
    /// A value, or `{"value": …}` around it with comments. Objects inside carry their comments themselves.
    Commented(&'static Shape),
    /// A definition of its own in the schema. By a function, because definitions contain themselves.
    Def(fn() -> &'static Def),
}

/// A string.
pub struct Text {
    /// What the table calls it.
    pub id: &'static str,
    /// What it is, with an example: "a date such as `2026-03-02`".
    pub about: &'static str,
    /// A regular expression that Rust and JSON Schema read alike; `None` for any text.
    pub pattern: Option<&'static str>,
    /// Whether the words of the language are refused.
    pub name: bool,
    /// What the text stands for.
    pub leaf: Leaf,
}

/// What a string stands for in the tree, where its place does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    Text,
    Word,
    Duration,
    Moment,
    Date,
}

/// A closed set of words.
pub struct Words {
    /// What they are: "a weekday".
    pub about: &'static str,
    pub words: &'static [&'static str],
}

/// Items of one shape.
pub struct Array {
    /// What the array is: "days in brackets".
    pub about: &'static str,
    pub item: Shape,
    /// How many items there are, least and most.
    pub len: (usize, usize),
}

/// Members by name.
pub struct Object {
    /// What it is: "a rule".
    pub about: &'static str,
    /// The forms it takes, told apart by the first member of their `head`. A plain object has one.
    pub variants: &'static [Variant],
    /// Members of every form.
    pub optional: &'static [Member],
    /// Members that the author names: the pattern of the names and the shape of the values.
    pub free: Option<(&'static Text, Shape)>,
    /// Members that need another to be one of some words.
    pub only_with: &'static [OnlyWith],
    /// Whether `"//"` and `"//end"` may stand in it.
    pub comments: Comments,
}

/// The comments that an object carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comments {
    /// None: what is around it carries them.
    Outside,
    /// Lines before it, and one on the line where it ends.
    Around,
    /// Lines before the first piece of a file, and lines after the last.
    File,
}

/// One form of an object.
pub struct Variant {
    /// Members that make the form what it is; all are required.
    pub head: &'static [Member],
    /// Members that only this form has.
    pub with: &'static [Member],
}

/// A member of an object.
pub struct Member {
    pub name: &'static str,
    pub shape: Shape,
    /// What it says, for the schema.
    pub about: &'static str,
}

/// `member`, unless it is false, needs `other` to be one of `words`.
pub struct OnlyWith {
    pub member: &'static str,
    pub other: &'static str,
    pub words: &'static [&'static str],
}

/// Members that the author names.
pub struct Map {
    /// What it is: "lists by name".
    pub about: &'static str,
    pub key: &'static Text,
    pub value: Shape,
}

/// A definition of its own in the schema.
pub struct Def {
    pub name: &'static str,
    pub about: &'static str,
    pub shape: Shape,
}

/// The type of a JSON value, as JSON Schema names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Type {
    /// The type of a value.
    pub fn of(node: &Node<'_>) -> Self {
        match node.kind {
            Kind::Null => Self::Null,
            Kind::Flag(_) => Self::Boolean,
            Kind::Number(_) => Self::Number,
            Kind::Text(_) => Self::String,
            Kind::Array(_) => Self::Array,
            Kind::Object(_) => Self::Object,
        }
    }

    /// As an author calls it.
    pub fn about(self) -> &'static str {
        match self {
            Self::Null => "`null`",
            Self::Boolean => "true or false",
            Self::Number => "a number",
            Self::String => "a text",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

impl Shape {
    /// The JSON types that a value of this shape can have.
    pub fn types(&self) -> Vec<Type> {
        match self {
            Self::Text(_) | Self::Word(_) => vec![Type::String],
            Self::Whole(..) | Self::Version => vec![Type::Number],
            Self::Flag | Self::True => vec![Type::Boolean],
            Self::Array(_) => vec![Type::Array],
            Self::Object(_) | Self::Map(_) => vec![Type::Object],
            Self::AnyOf(shapes) => shapes.iter().flat_map(Self::types).collect(),
            Self::Commented(shape) => shape.types(),
            Self::Def(def) => def().shape.types(),
        }
    }

    /// The shapes behind definitions and alternatives.
    pub fn alternatives(&self) -> Vec<&Self> {
        match self {
            Self::AnyOf(shapes) => shapes.iter().flat_map(Self::alternatives).collect(),
            Self::Commented(shape) => shape.alternatives(),
            Self::Def(def) => def().shape.alternatives(),
            _ => vec![self],
        }
    }

    /// The alternatives, definitions closed.
    pub fn choices(&self) -> Vec<&Self> {
        match self {
            Self::AnyOf(shapes) => shapes.iter().flat_map(Self::choices).collect(),
            _ => vec![self],
        }
    }

    /// What an author calls it.
    pub fn about(&self) -> String {
        match self {
            Self::Text(text) => text.about.to_owned(),
            Self::Word(words) => words.about.to_owned(),
            Self::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Self::Flag => "`true` or `false`".to_owned(),
            Self::True => "`true`".to_owned(),
            Self::Version => "the version of the language, `1`".to_owned(),
            Self::Array(array) => array.about.to_owned(),
            Self::Object(object) => object.about.to_owned(),
            Self::Map(map) => map.about.to_owned(),
            Self::AnyOf(shapes) => shapes.iter().map(Self::about).collect::<Vec<_>>().join(", or "),
            Self::Commented(shape) => shape.about(),
            Self::Def(def) => def().shape.about(),
        }
    }

    /// What a string of this shape stands for in the tree.
    pub fn leaf(&self, written: &str) -> Option<Leaf> {
        self.alternatives().into_iter().find_map(|shape| match shape {
            Self::Text(text) if text.takes(written) => Some(text.leaf),
            Self::Word(words) if words.words.contains(&written) => Some(Leaf::Word),
            _ => None,
        })
    }
}

impl Text {
    /// Whether `written` is such a text.
    pub fn takes(&self, written: &str) -> bool {
        let shaped = self.pattern.is_none_or(|pattern| matches(pattern, written));
        shaped && !(self.name && crate::syntax::names::is_reserved(written))
    }
}

impl Object {
    /// Every member that some form of the object has, in table order.
    pub fn members(&self) -> impl Iterator<Item = &'static Member> {
        let variants = self.variants;
        let optional = self.optional;
        variants.iter().flat_map(|variant| variant.head.iter().chain(variant.with)).chain(optional)
    }

    /// The member of this name.
    pub fn member(&self, name: &str) -> Option<&'static Member> {
        self.members().find(|member| member.name == name)
    }

    /// The shape of the member of this name, those that the author names included.
    pub fn shape_of(&self, name: &str) -> Option<Shape> {
        let free = || self.free.filter(|(key, _)| key.takes(name)).map(|(_, shape)| shape);
        self.member(name).map(|member| member.shape).or_else(free)
    }
}
