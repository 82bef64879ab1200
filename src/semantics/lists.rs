//! Lists and people: items read, each list of one kind.

use crate::builtins::{ListItems, ListTable};
use crate::diagnostic::{Code, Diagnostic};
use crate::event::Address;
use crate::event::address::DomainPattern;
use crate::semantics::effective::Lowering;
use crate::source::Span;
use crate::syntax::ast::{Item, List, ListItem, Located, PersonAlias, Piece};
use crate::value::fold;
use crate::value::words::ListKind;

/// A list after its check.
#[derive(Clone, Debug)]
pub(super) struct CheckedList {
    pub table: ListTable,
    /// Its kind is known; where not, the author was told and uses of the list are not remarked on.
    pub usable: bool,
}

pub(super) fn kind_word(kind: ListKind) -> &'static str {
    match kind {
        ListKind::People => "people",
        ListKind::Texts => "texts",
        ListKind::Dates => "dates",
    }
}

fn kind_of(item: &ListItem) -> ListKind {
    match item {
        ListItem::Person(_) => ListKind::People,
        ListItem::Text(_) => ListKind::Texts,
        ListItem::Date(_) => ListKind::Dates,
    }
}

/// Reads an address; says at its place where it is none.
pub(super) fn read_address(written: &str, at: Span, diagnostics: &mut Vec<Diagnostic>) -> Option<Address> {
    let address = Address::parse(written);
    if address.is_none() {
        let diagnostic = Diagnostic::new(Code::BadAddress, at, format!("`{written}` is not a mail address"));
        diagnostics.push(match written.strip_prefix('@') {
            Some(_) => diagnostic.help("a domain is asked for with `from`, or stands in a list of people"),
            None => diagnostic.label("expected `name@domain`"),
        });
    }
    address
}

/// Reads `@domain` or `@*.domain`; says at its place where it is neither, or covers everyone's addresses.
pub(super) fn read_domain(written: &str, at: Span, diagnostics: &mut Vec<Diagnostic>) -> Option<DomainPattern> {
    match DomainPattern::parse(written) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let message = format!("`{written}` cannot be used as a domain");
            diagnostics.push(Diagnostic::new(Code::BadDomain, at, message).label(error.to_string()));
            None
        }
    }
}

/// Reads the items of a list; the kind is that of the first one. `None` where there is none to tell.
pub(super) fn read_items(
    name: &Located<String>,
    items: &[Item<ListItem>],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(ListKind, ListItems)> {
    let Some(first) = items.first() else {
        let message = format!("the list `{}` has no items", name.value);
        diagnostics.push(
            Diagnostic::new(Code::EmptyList, name.at.0, message)
                .help("nothing can be in an empty list; a list that is filled elsewhere is written `provided people`"),
        );
        return None;
    };
    let kind = kind_of(&first.value);
    let mut read = ListItems::default();
    for item in items {
        let at = item.at.0;
        match (&item.value, kind) {
            (ListItem::Person(written), ListKind::People) if written.starts_with('@') => {
                read.domains.extend(read_domain(written, at, diagnostics));
            }
            (ListItem::Person(written), ListKind::People) => read.addresses.extend(read_address(written, at, diagnostics)),
            (ListItem::Text(text), ListKind::Texts) => read.texts.push(fold(text)),
            (ListItem::Date(date), ListKind::Dates) => read.dates.push(*date),
            (other, _) => {
                let (first_word, other_word) = (kind_word(kind), kind_word(kind_of(other)));
                let message = format!("the list `{}` holds {first_word} and {other_word}", name.value);
                diagnostics.push(
                    Diagnostic::new(Code::MixedList, at, message)
                        .label(format!("among {other_word}"))
                        .also(first.at.0, format!("among {first_word}"))
                        .help("a list holds people, texts or dates, one kind each"),
                );
                return None;
            }
        }
    }
    Some((kind, read.sorted()))
}

impl Lowering<'_> {
    /// Checks one list and adds it to the table.
    pub(super) fn add_list(&mut self, file: usize, piece: &Piece<List>) {
        let name = piece.name.value.clone();
        let checked = match &piece.value {
            List::Provided(kind) => CheckedList { table: ListTable { name, kind: kind.value, items: None }, usable: true },
            List::Items(items) => {
                self.count_items(file, items.len(), piece.name.at.0);
                match read_items(&piece.name, items, &mut self.diagnostics) {
                    Some((kind, items)) => CheckedList { table: ListTable { name, kind, items: Some(items) }, usable: true },
                    None => {
                        let table = ListTable { name, kind: ListKind::People, items: Some(ListItems::default()) };
                        CheckedList { table, usable: false }
                    }
                }
            }
        };
        self.lists.push(checked);
    }

    /// Checks one `person` and adds their addresses.
    pub(super) fn add_person(&mut self, file: usize, piece: &Piece<PersonAlias>) {
        let items = &piece.value.addresses;
        self.count_items(file, items.len(), piece.name.at.0);
        if items.is_empty() {
            let message = format!("the person `{}` has no address", piece.name.value);
            self.diagnostics.push(Diagnostic::new(Code::EmptyList, piece.name.at.0, message));
        }
        let addresses = items.iter().filter_map(|item| read_address(&item.value, item.at.0, &mut self.diagnostics)).collect();
        self.people.push(addresses);
    }

    /// Counts items against the limit of one file, which counts all lists, those in conditions included.
    pub(super) fn count_items(&mut self, file: usize, items: usize, at: Span) {
        let limit = self.input.limits.list_items;
        let before = self.items_of_file[file];
        self.items_of_file[file] = before + items;
        if before <= limit && before + items > limit {
            let message = format!("more than {limit} list items in one file");
            self.diagnostics.push(
                Diagnostic::new(Code::LimitExceeded, at, message)
                    .label("past the limit here")
                    .help("a list that the tenant keeps outside of the file may be longer: `list name provided people`"),
            );
        }
    }
}
