//! Questions about one person, resolved.

use crate::builtins::PersonCond;
use crate::diagnostic::{Code, Diagnostic};
use crate::semantics::conditions::Scope;
use crate::semantics::effective::Lowering;
use crate::semantics::lists::{read_address, read_domain};
use crate::semantics::names::Kind;
use crate::source::Span;
use crate::syntax::ast::{Operand, PersonRef, PersonTest, PersonTestKind};
use crate::value::words::ListKind;

impl Lowering<'_> {
    /// Resolves a question about one person; `None` where the author erred, which is reported.
    pub(super) fn person_test(&mut self, scope: &mut Scope, test: &PersonTest, depth: usize) -> Option<PersonCond> {
        self.count_condition(test.at.0)?;
        let mut many = |this: &mut Self, tests: &[PersonTest]| {
            let depth = this.deeper(scope, depth, test.at.0)?;
            let read: Vec<_> = tests.iter().map(|test| this.person_test(scope, test, depth)).collect();
            read.into_iter().collect::<Option<Vec<_>>>()
        };
        match &test.kind {
            PersonTestKind::All(tests) => many(self, tests).map(PersonCond::All),
            PersonTestKind::Any(tests) => many(self, tests).map(PersonCond::Any),
            PersonTestKind::None(tests) => {
                let tests = many(self, tests)?;
                Some(PersonCond::Not(Box::new(PersonCond::Any(tests))))
            }
            PersonTestKind::Not(inner) => {
                let mut inner = many(self, std::slice::from_ref(inner))?;
                inner.pop().map(|inner| PersonCond::Not(Box::new(inner)))
            }
            PersonTestKind::Is(who) => self.person_ref(scope, who, test.at.0),
            PersonTestKind::In(list) => self.list_ref(scope, list, ListKind::People).map(PersonCond::In),
            PersonTestKind::From(domains) => self.domains_of_test(scope, domains, test.at.0),
            PersonTestKind::Response(response) => Some(PersonCond::Response(*response)),
            PersonTestKind::Optional => Some(PersonCond::Optional),
            PersonTestKind::Error => None,
        }
    }

    fn person_ref(&mut self, scope: &mut Scope, who: &PersonRef, at: Span) -> Option<PersonCond> {
        match who {
            PersonRef::Me => Some(PersonCond::Me),
            PersonRef::Organizer => Some(PersonCond::Organizer),
            PersonRef::Internal => {
                self.need_own_domains(scope, "internal", at);
                Some(PersonCond::Internal)
            }
            PersonRef::External => {
                self.need_own_domains(scope, "external", at);
                Some(PersonCond::External)
            }
            PersonRef::Address(written) => {
                let address = read_address(&written.value, written.at.0, &mut self.diagnostics)?;
                Some(PersonCond::Addresses(vec![address]))
            }
            PersonRef::Name(name) => {
                let id = self.names.resolve(scope.layer, Kind::Person, name, &mut self.diagnostics)?;
                scope.uses.push(id);
                // Like a definition, the name stands for all that is behind it.
                self.count_conditions(self.people[id.index].len(), at)?;
                Some(PersonCond::Addresses(self.people[id.index].clone()))
            }
        }
    }

    fn domains_of_test(&mut self, scope: &Scope, domains: &Operand<String>, at: Span) -> Option<PersonCond> {
        let read = match domains {
            Operand::One(domain) => vec![read_domain(&domain.value, domain.at.0, &mut self.diagnostics)],
            Operand::Several(items) => {
                self.several(scope, items.len(), at)?;
                items.iter().map(|item| read_domain(&item.value, item.at.0, &mut self.diagnostics)).collect()
            }
            // Readers never make one; domains of a list are asked for with `in`.
            Operand::List(_) => return None,
        };
        let mut domains = read.into_iter().collect::<Option<Vec<_>>>()?;
        domains.sort_unstable();
        domains.dedup();
        Some(PersonCond::From(domains))
    }

    /// Says once in each file that nothing is known about who is internal.
    fn need_own_domains(&mut self, scope: &Scope, word: &str, at: Span) {
        if self.own_domains.is_empty() && !self.layers.domains_written && self.told_no_domains.insert(scope.file) {
            self.diagnostics.push(
                Diagnostic::new(Code::NoOwnDomains, at, format!("who is {word} cannot be told: no own domain is known"))
                    .help("write `our domains @your-company.example` in the organisation's file, or give `--our-domains`"),
            );
        }
    }
}
