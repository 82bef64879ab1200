//! Json-logic cases as rules and the event that they are asked about.
//!
//! A value that a case computes with becomes a fact of the event: a number its count of attendees or its minutes, a text its
//! title or another text, a list its attendees, `true` and `false` its status. What a case asks about the values becomes a
//! condition. A case that cannot be said so has a reason, which depends on its kind only.

use callsheet::value::fold;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Why rules do not say what a case says.
pub type Reason = &'static str;

/// Which fact the first number of a case becomes; the second becomes the other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// How many people attend.
    Count,
    /// How many minutes it takes.
    Duration,
}

/// A case in the words of the language.
pub struct Case {
    /// A rule file in the JSON form.
    pub rules: Value,
    /// The event in the normalised form.
    pub event: Value,
    /// What the case comes to where this rule decides; `None` where the default does.
    pub outcomes: BTreeMap<Option<String>, Value>,
    /// Whether the outcome is the result itself. Else both only have to be true or false alike.
    pub exact: bool,
}

/// Whether a value counts as true in json-logic.
pub fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(_) => true,
    }
}

/// The operator of a rule and its operands; `None` for a plain value.
pub fn operation(rule: &Value) -> Result<Option<(&str, Vec<Value>)>, Reason> {
    let Value::Object(members) = rule else { return Ok(None) };
    let (1, Some((operator, operands))) = (members.len(), members.iter().next()) else {
        return Err("an object as a value");
    };
    let operands = operands.as_array().cloned().unwrap_or_else(|| vec![operands.clone()]);
    Ok(Some((operator.as_str(), operands)))
}

/// Says a case as rules, numbers as `first` says.
pub fn translate(rule: &Value, data: &Value, first: Number) -> Result<Case, Reason> {
    let mut facts = Facts { data, first, people: None, minutes: None, texts: Vec::new() };
    if let Some(("if" | "?:", operands)) = operation(rule)?
        && operands.len() > 1
    {
        return facts.choice(&operands);
    }
    let when = facts.condition(rule)?;
    Ok(Case {
        rules: json!({"callsheet": 1, "default": "skip", "rules": [{"id": "holds", "do": "record", "when": when}]}),
        event: facts.event(),
        outcomes: [(Some("holds".into()), json!(true)), (None, json!(false))].into(),
        exact: false,
    })
}

const NOT_THERE: Reason = "data that are not there: null there, unknown in rules";
const DEFAULTED: Reason = "a default in place of data that are not there";
const CONVERTED: Reason = "converts between kinds of values; rules have no conversion";
const KINDS_DIFFER: Reason = "compares values of different kinds, which the checker refuses";
const OPERANDS: Reason = "not as many operands as the operator takes";
const NO_WHOLE_NUMBER: Reason = "a number that no count or duration is: negative, broken or too large";
const FACTS_TAKEN: Reason = "more values of one kind than an event has facts of it";
const TWO_FACTS: Reason = "compares two facts of the data with each other";

/// Largest number that is read as a count of people; an event shows no more with certainty.
const COUNT_MAX: u64 = 900;
/// Largest number that is read as minutes: about a year.
const MINUTES_MAX: u64 = 500_000;
/// Longest text that no fact cuts.
const TEXT_BYTES_MAX: usize = 1000;
/// The texts of an event.
const TEXTS: [&str; 4] = ["title", "location", "description", "calendar"];

/// A value, and what it was read from: equal operands are one fact.
struct Operand {
    source: Value,
    value: Value,
}

impl Operand {
    fn is_data(&self) -> bool {
        self.source.is_object()
    }
}

/// The facts of the event so far.
struct Facts<'a> {
    data: &'a Value,
    first: Number,
    people: Option<(Value, Vec<String>)>,
    minutes: Option<(Value, u64)>,
    texts: Vec<(Value, String)>,
}

impl Facts<'_> {
    /// The event, called by a room: nobody besides the people of the case attends, and it is certain that nobody does.
    fn event(&self) -> Value {
        let minutes = self.minutes.as_ref().map_or(30, |(_, minutes)| *minutes);
        let start: callsheet::time::Instant = "2026-03-02T10:00:00Z".parse().expect("an instant");
        let end = start + callsheet::time::Elapsed::from_secs(i64::try_from(minutes * 60).expect("within a year"));
        let people = self.people.iter().flat_map(|(_, people)| people);
        let people: Vec<Value> = people.map(|local| json!({"email": format!("{local}@items.example")})).collect();
        let mut event = json!({
            "uid": "1", "organizer_detail": {"email": "room@items.example", "kind": "room"}, "start": start.to_string(), "end": end.to_string(), "status": "confirmed", "attendees": people,
            "conference": {"platform": "meet", "id": "abc-defg-hij", "url": "https://meet.google.com/abc-defg-hij"},
        });
        for (fact, (_, text)) in TEXTS.iter().zip(&self.texts) {
            event[*fact] = json!(text);
        }
        event
    }

    /// A chain of conditions as rules in their order.
    fn choice(&self, operands: &[Value]) -> Result<Case, Reason> {
        let mut facts = Facts { data: self.data, first: self.first, people: None, minutes: None, texts: Vec::new() };
        let verb = |value: &Value| if truthy(value) { "record" } else { "skip" };
        let (mut rules, mut outcomes) = (Vec::new(), BTreeMap::new());
        let pairs = operands.chunks_exact(2);
        let otherwise = facts.result(pairs.remainder().first().unwrap_or(&Value::Null))?;
        for (index, pair) in pairs.enumerate() {
            let (id, value) = (format!("branch-{}", index + 1), facts.result(&pair[1])?);
            rules.push(json!({"id": id, "do": verb(&value), "when": facts.condition(&pair[0])?}));
            outcomes.insert(Some(id), value);
        }
        let rules = json!({"callsheet": 1, "default": verb(&otherwise), "rules": rules});
        outcomes.insert(None, otherwise);
        Ok(Case { rules, event: facts.event(), outcomes, exact: true })
    }

    /// What a branch comes to.
    fn result(&self, rule: &Value) -> Result<Value, Reason> {
        match operation(rule)? {
            None => Ok(rule.clone()),
            Some(("var", _)) => Ok(self.operand(rule)?.value),
            Some(_) => Err("a branch that computes its value"),
        }
    }

    fn condition(&mut self, rule: &Value) -> Result<Value, Reason> {
        let Some((operator, operands)) = operation(rule)? else { return self.truth(rule) };
        match (operator, &operands[..]) {
            ("==" | "===" | "!=" | "!==", [one, other]) => self.equality(operator, one, other),
            ("<" | "<=" | ">" | ">=", [one, other]) => self.order(operator, one, other),
            ("<" | "<=", [low, middle, high]) => {
                let above = if operator == "<" { ">" } else { ">=" };
                Ok(json!({"all": [self.order(above, middle, low)?, self.order(operator, middle, high)?]}))
            }
            ("and" | "or", [_, ..]) => {
                let conditions = operands.iter().map(|operand| self.condition(operand)).collect::<Result<Vec<_>, _>>()?;
                Ok(if operator == "and" { json!({"all": conditions}) } else { json!({"any": conditions}) })
            }
            ("!", [operand]) => Ok(not(self.condition(operand)?)),
            ("!!", [operand]) => self.condition(operand),
            ("if" | "?:", [_, ..]) => self.choice_of_truth(&operands),
            ("in", [needle, hay]) => self.membership(needle, hay),
            ("some" | "all" | "none", [list, test]) => self.quantified(operator, list, test),
            ("var", _) => self.truth(rule),
            _ => Err(unsaid(operator)),
        }
    }

    /// A chain of conditions whose branches are only asked for their truth.
    fn choice_of_truth(&mut self, operands: &[Value]) -> Result<Value, Reason> {
        let pairs = operands.chunks_exact(2);
        let mut otherwise = pairs.remainder().first().map(|rule| self.condition(rule)).transpose()?;
        for pair in operands.chunks_exact(2).rev() {
            let (asked, chosen) = (self.condition(&pair[0])?, self.condition(&pair[1])?);
            let this = json!({"all": [asked, chosen]});
            otherwise = Some(match otherwise {
                None => this,
                Some(otherwise) => json!({"any": [this, {"all": [not(asked), otherwise]}]}),
            });
        }
        otherwise.ok_or(OPERANDS)
    }

    /// Whether a value counts as true.
    fn truth(&mut self, rule: &Value) -> Result<Value, Reason> {
        let Operand { source, value } = self.operand(rule)?;
        match value {
            Value::Null => Err(NOT_THERE),
            Value::Bool(truth) => Ok(json!({"status": [if truth { "confirmed" } else { "tentative" }]})),
            Value::Number(_) => self.number(&source, &value, "ne", &json!(0)),
            Value::String(text) => Ok(not(json!({(self.text(&source, &text)?): {"is": ""}}))),
            Value::Array(items) => {
                self.attend(&source, (0..items.len()).map(|index| format!("item{index}")).collect())?;
                Ok(json!({"count": {"ge": 1}}))
            }
            Value::Object(_) => Err("an object as a value"),
        }
    }

    fn equality(&mut self, operator: &str, one: &Value, other: &Value) -> Result<Value, Reason> {
        let (mut fact, mut literal) = (self.operand(one)?, self.operand(other)?);
        if literal.is_data() {
            std::mem::swap(&mut fact, &mut literal);
        }
        if literal.is_data() {
            return Err(TWO_FACTS);
        }
        let same = match (&fact.value, &literal.value) {
            (Value::Number(_), Value::Number(_)) => self.number(&fact.source, &fact.value, "eq", &literal.value)?,
            (Value::String(text), Value::String(wanted)) => {
                without_case(text == wanted, fold(text) == fold(wanted))?;
                json!({(self.text(&fact.source, text)?): {"is": wanted}})
            }
            (Value::Bool(_), Value::Bool(wanted)) => {
                let truth = self.truth(&fact.source)?;
                if *wanted { truth } else { not(truth) }
            }
            (Value::Null, _) | (_, Value::Null) => return Err(NOT_THERE),
            (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => {
                return Err("compares whole lists or objects");
            }
            _ if operator.len() == 3 => return Err(KINDS_DIFFER),
            _ => return Err(CONVERTED),
        };
        Ok(if operator.starts_with('!') { not(same) } else { same })
    }

    fn order(&mut self, operator: &str, one: &Value, other: &Value) -> Result<Value, Reason> {
        let (one, other) = (self.operand(one)?, self.operand(other)?);
        match (&one.value, &other.value) {
            (Value::Number(_), Value::Number(_)) => {}
            (Value::String(_), Value::String(_)) => return Err("orders texts"),
            (Value::Null, _) | (_, Value::Null) => return Err(NOT_THERE),
            _ => return Err(CONVERTED),
        }
        let (fact, literal, word) = match (one.is_data(), other.is_data(), operator) {
            (true, true, _) => return Err(TWO_FACTS),
            (false, true, "<") => (other, one, "gt"),
            (false, true, "<=") => (other, one, "ge"),
            (false, true, ">") => (other, one, "lt"),
            (false, true, _) => (other, one, "le"),
            (_, _, "<") => (one, other, "lt"),
            (_, _, "<=") => (one, other, "le"),
            (_, _, ">") => (one, other, "gt"),
            _ => (one, other, "ge"),
        };
        self.number(&fact.source, &fact.value, word, &literal.value)
    }

    /// A text inside of another, or a value in a list.
    fn membership(&mut self, needle: &Value, hay: &Value) -> Result<Value, Reason> {
        let (needle, hay) = (self.operand(needle)?, self.operand(hay)?);
        match (&needle.value, &hay.value) {
            (Value::String(_), Value::String(_)) if needle.is_data() => Err("looks for a fact inside of a text"),
            (Value::String(wanted), Value::String(text)) => {
                without_case(text.contains(wanted), fold(text).contains(&fold(wanted)))?;
                Ok(json!({(self.text(&hay.source, text)?): {"contains": wanted}}))
            }
            (_, Value::Array(_)) if needle.is_data() && hay.is_data() => Err(TWO_FACTS),
            (wanted, Value::Array(items)) if hay.is_data() => {
                let people = items.iter().map(local_part).collect::<Result<_, _>>()?;
                self.attend(&hay.source, people)?;
                Ok(json!({"attendees": {"any": {"is": {"address": format!("{}@items.example", local_part(wanted)?)}}}}))
            }
            (Value::String(text), Value::Array(items)) if !items.is_empty() && items.iter().all(Value::is_string) => {
                let folded = items.iter().filter_map(Value::as_str).any(|item| fold(item) == fold(text));
                without_case(items.contains(&needle.value), folded)?;
                Ok(json!({(self.text(&needle.source, text)?): {"is": items}}))
            }
            (Value::Number(_), Value::Array(items)) if !items.is_empty() && items.iter().all(Value::is_number) => {
                let each = items.iter().map(|item| self.number(&needle.source, &needle.value, "eq", item));
                Ok(json!({"any": each.collect::<Result<Vec<_>, _>>()?}))
            }
            (Value::Null, _) | (_, Value::Null) => Err(NOT_THERE),
            _ => Err("membership in a list of several kinds, or in what is no list"),
        }
    }

    /// A question to the elements of a list: the people of the event.
    fn quantified(&mut self, operator: &str, list: &Value, test: &Value) -> Result<Value, Reason> {
        let list = self.operand(list)?;
        let Value::Array(elements) = &list.value else { return Err(NOT_THERE) };
        let mut property = None;
        let test = person_test(test, &mut property)?;
        let path = property.unwrap_or_default();
        let people = elements.iter().map(|element| local_part(at(element, &path).unwrap_or(&Value::Null)));
        self.attend(&list.source, people.collect::<Result<_, _>>()?)?;
        let quantifier = match operator {
            "some" => "any",
            "all" => "every",
            _ => "no",
        };
        Ok(json!({"attendees": {quantifier: test}}))
    }

    /// The value that a rule stands for: itself, or a part of the data.
    fn operand(&self, rule: &Value) -> Result<Operand, Reason> {
        match operation(rule)? {
            None if rule.as_array().is_some_and(|items| items.iter().any(Value::is_object)) => Err("a list that is computed"),
            None => Ok(Operand { source: rule.clone(), value: rule.clone() }),
            Some(("var", operands)) => {
                let value = at(self.data, &path_of(&operands)?).filter(|value| !value.is_null());
                match (value, operands.len()) {
                    (Some(value), _) => Ok(Operand { source: rule.clone(), value: value.clone() }),
                    (None, 2..) => Err(DEFAULTED),
                    (None, _) => Ok(Operand { source: rule.clone(), value: Value::Null }),
                }
            }
            Some(("==" | "===" | "!=" | "!==" | "<" | "<=" | ">" | ">=" | "and" | "or" | "!" | "!!" | "in" | "if" | "?:", _)) => {
                Err("the result of a condition as a value")
            }
            Some((operator, _)) => Err(unsaid(operator)),
        }
    }

    /// A comparison of a number with a written one.
    fn number(&mut self, source: &Value, value: &Value, word: &str, literal: &Value) -> Result<Value, Reason> {
        let (value, literal) = (whole(value)?, whole(literal)?);
        let facts = match self.first {
            Number::Count => [Number::Count, Number::Duration],
            Number::Duration => [Number::Duration, Number::Count],
        };
        for fact in facts {
            match fact {
                Number::Count if value <= COUNT_MAX && literal <= COUNT_MAX => {
                    let people = (0..value).map(|index| format!("item{index}")).collect();
                    if self.attend(source, people).is_ok() {
                        return Ok(json!({"count": {word: literal}}));
                    }
                }
                Number::Duration if self.minutes.as_ref().is_none_or(|(taken, _)| taken == source) => {
                    self.minutes = Some((source.clone(), value));
                    return Ok(json!({"duration": {word: format!("PT{literal}M")}}));
                }
                _ => {}
            }
        }
        Err(FACTS_TAKEN)
    }

    /// The name of the fact that holds a text.
    fn text(&mut self, source: &Value, text: &str) -> Result<String, Reason> {
        if text.len() > TEXT_BYTES_MAX {
            return Err("a text that is longer than a title");
        }
        let known = self.texts.iter().position(|(taken, _)| taken == source);
        let place = known.unwrap_or(self.texts.len());
        let fact = TEXTS.get(place).ok_or(FACTS_TAKEN)?;
        if known.is_none() {
            self.texts.push((source.clone(), text.to_owned()));
        }
        Ok((*fact).to_owned())
    }

    fn attend(&mut self, source: &Value, people: Vec<String>) -> Result<(), Reason> {
        if people.len() as u64 > COUNT_MAX {
            return Err(NO_WHOLE_NUMBER);
        }
        let people = (source.clone(), people);
        match &self.people {
            Some(taken) if *taken != people => Err(FACTS_TAKEN),
            _ => {
                self.people = Some(people);
                Ok(())
            }
        }
    }
}

/// A question to one element as a test of one person, who is named by the property that it asks about.
fn person_test(test: &Value, property: &mut Option<String>) -> Result<Value, Reason> {
    let Some((operator, operands)) = operation(test)? else { return Err("a test of elements that asks nothing of them") };
    let mut asks = |rule: &Value| -> Result<bool, Reason> {
        let Some(("var", operands)) = operation(rule)? else { return Ok(false) };
        let path = path_of(&operands)?;
        let first = property.get_or_insert_with(|| path.clone());
        if *first == path { Ok(true) } else { Err("asks two properties of each element") }
    };
    let is = |value: &Value| Ok(json!({"is": {"address": format!("{}@items.example", local_part(value)?)}}));
    match (operator, &operands[..]) {
        ("==" | "===" | "!=" | "!==", [one, other]) => {
            let literal = if asks(one)? { other } else { one };
            if asks(literal)? || !(asks(one)? || asks(other)?) {
                return Err(TWO_FACTS);
            }
            let same = is(literal)?;
            Ok(if operator.starts_with('!') { not(same) } else { same })
        }
        ("in", [element, Value::Array(items)]) if asks(element)? && !items.is_empty() => {
            Ok(json!({"any": items.iter().map(is).collect::<Result<Vec<_>, Reason>>()?}))
        }
        ("and" | "or", [_, ..]) => {
            let tests = operands.iter().map(|operand| person_test(operand, property)).collect::<Result<Vec<_>, _>>()?;
            Ok(if operator == "and" { json!({"all": tests}) } else { json!({"any": tests}) })
        }
        ("!", [operand]) => Ok(not(person_test(operand, property)?)),
        ("<" | "<=" | ">" | ">=", _) => Err("orders the elements of a list; people are only told apart"),
        _ => Err(unsaid(operator)),
    }
}

fn unsaid(operator: &str) -> Reason {
    match operator {
        "+" | "-" | "*" | "/" | "%" | "max" | "min" => "computes a number",
        "cat" | "substr" => "builds a text",
        "merge" => "builds a list",
        "map" | "filter" | "reduce" => "makes another list or value of a list",
        "missing" | "missing_some" => "asks which data are missing; rules ask nothing about absence",
        "==" | "===" | "!=" | "!==" | "<" | "<=" | ">" | ">=" | "and" | "or" | "!" | "!!" | "in" | "some" | "all" | "none"
        | "if" | "?:" | "var" => OPERANDS,
        _ => "an operator of no kind that is known here",
    }
}

fn not(condition: Value) -> Value {
    json!({"not": condition})
}

/// Texts are compared without regard to case; where that makes the difference, the suite means something else.
fn without_case(exact: bool, folded: bool) -> Result<(), Reason> {
    if exact == folded { Ok(()) } else { Err("tells upper from lower case") }
}

fn whole(number: &Value) -> Result<u64, Reason> {
    let fraction = || number.as_f64().filter(|number| *number >= 0.0 && number.fract() == 0.0 && *number <= MINUTES_MAX as f64);
    let whole = number.as_u64().or_else(|| fraction().map(|number| number as u64));
    whole.filter(|number| *number <= MINUTES_MAX).ok_or(NO_WHOLE_NUMBER)
}

/// The name of a person who stands for an element: equal for equal elements only.
fn local_part(element: &Value) -> Result<String, Reason> {
    let simple = |text: &&String| {
        let char = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
        (1..=40).contains(&text.len()) && text.chars().all(char)
    };
    match element {
        Value::Number(_) => Ok(format!("number.{}", whole(element)?)),
        Value::String(text) => Some(text).filter(simple).cloned().ok_or("an element that is no name of a person"),
        Value::Null => Err(NOT_THERE),
        _ => Err("an element that is no name of a person"),
    }
}

fn path_of(operands: &[Value]) -> Result<String, Reason> {
    match operands.first() {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(path)) => Ok(path.clone()),
        Some(Value::Number(index)) => Ok(index.to_string()),
        Some(_) => Err("a path that is computed"),
    }
}

/// The part of the data that a path with dots names.
fn at<'a>(data: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').filter(|step| !step.is_empty()).try_fold(data, |part, step| match part {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        Value::Object(members) => Map::get(members, step),
        _ => None,
    })
}
