//! Tests of one person.

use super::Reader;
use super::conditions::{Connective, complete, group_chain};
use super::grammar::{Pair, Rule, only, parts_of};
use crate::syntax::ast::*;
use crate::value::Response;

impl Reader<'_> {
    pub fn person_test(&mut self, pair: Pair<'_>) -> PersonTest {
        let pair = match complete(pair) {
            Ok(pair) => pair,
            Err(pair) => {
                let at = self.at(&pair);
                return PersonTest { kind: self.broken_test_part(&pair), at, trivia: Trivia::default() };
            }
        };
        let at = self.at(&pair);
        let kind = match pair.as_rule() {
            Rule::test_group => return self.test_group(pair),
            Rule::test_not => self.test_not(pair),
            Rule::test_all => self.test_all(pair),
            Rule::test_any => self.test_any(pair),
            Rule::test_none => self.test_none(pair),
            Rule::is_optional => PersonTestKind::Optional,
            Rule::is_person => self.is_person(pair),
            Rule::in_list => self.in_list(pair),
            Rule::at_domains => self.at_domains(pair),
            Rule::answered => answered(pair),
            Rule::nothing => self.nothing(&pair, "a test of a person", PersonTestKind::Error),
            _ => self.broken_test_part(&pair),
        };
        PersonTest { kind, at, trivia: Trivia::default() }
    }

    fn test_group(&mut self, pair: Pair<'_>) -> PersonTest {
        self.test_condition(only(pair))
    }

    fn test_condition(&mut self, pair: Pair<'_>) -> PersonTest {
        let at = self.at(&pair);
        let (mut elements, mut places, mut connectives) = (Vec::new(), Vec::new(), Vec::new());
        for part in parts_of(pair) {
            if part.as_rule() == Rule::connective {
                connectives.push(self.connective(part));
            } else {
                places.push(self.at(&part));
                elements.push(self.person_test(part));
            }
        }
        self.refuse_mixed(&places, &connectives);
        group_chain(elements, &connectives, |connective, elements| {
            let kind = match connective {
                Connective::And => PersonTestKind::All(elements),
                Connective::Or => PersonTestKind::Any(elements),
            };
            PersonTest { kind, at, trivia: Trivia::default() }
        })
    }

    fn test_not(&mut self, pair: Pair<'_>) -> PersonTestKind {
        PersonTestKind::Not(Box::new(self.person_test(parts_of(pair).nth(1).expect("`not` has an operand"))))
    }

    fn test_all(&mut self, pair: Pair<'_>) -> PersonTestKind {
        PersonTestKind::All(self.test_conditions(pair))
    }

    fn test_any(&mut self, pair: Pair<'_>) -> PersonTestKind {
        PersonTestKind::Any(self.test_conditions(pair))
    }

    fn test_none(&mut self, pair: Pair<'_>) -> PersonTestKind {
        PersonTestKind::None(self.test_conditions(pair))
    }

    fn test_conditions(&mut self, pair: Pair<'_>) -> Vec<PersonTest> {
        let list = parts_of(pair).find(|part| part.as_rule() == Rule::test_conditions).expect("a list of tests");
        let at = self.at(&list);
        let elements: Vec<PersonTest> = parts_of(list).map(|part| self.test_condition(part)).collect();
        if elements.is_empty() {
            self.report(crate::diagnostic::Code::EmptyList, at, "a list of tests needs at least one");
        }
        elements
    }

    fn is_person(&mut self, pair: Pair<'_>) -> PersonTestKind {
        let person = parts_of(pair).last().expect("a person");
        PersonTestKind::Is(match person.as_rule() {
            Rule::kw_me => PersonRef::Me,
            Rule::kw_internal => PersonRef::Internal,
            Rule::kw_external => PersonRef::External,
            Rule::kw_organizer => PersonRef::Organizer,
            Rule::name => PersonRef::Name(self.located(&person)),
            _ => PersonRef::Address(self.any_address(person)),
        })
    }

    fn in_list(&mut self, pair: Pair<'_>) -> PersonTestKind {
        PersonTestKind::In(self.located(&parts_of(pair).last().expect("a name")))
    }

    fn at_domains(&mut self, pair: Pair<'_>) -> PersonTestKind {
        let domains = parts_of(pair).last().expect("domains");
        PersonTestKind::From(match domains.as_rule() {
            Rule::address_list => Operand::Several(self.address_list(domains)),
            _ => Operand::One(self.any_address(domains)),
        })
    }
}

fn answered(pair: Pair<'_>) -> PersonTestKind {
    PersonTestKind::Response(match only(pair).as_rule() {
        Rule::kw_accepted => Response::Accepted,
        Rule::kw_tentative => Response::Tentative,
        Rule::kw_declined => Response::Declined,
        _ => Response::None,
    })
}
