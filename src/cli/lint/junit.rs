//! JUnit XML: a suite a file, a case a remark, and a case that passes for a file without any.

use super::report::Report;
use crate::cli::text::steady;
use crate::diagnostic::{Diagnostic, Severity};
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

/// The document. A remark of the level `deny` or above is a failure, others are cases that passed with their text beside.
pub fn document(report: Report<'_>, deny: Severity) -> String {
    let mut document = Document::new("rule-lint");
    for (id, source) in report.checked.sources.iter() {
        let mut suite = TestSuite::new(shown(&source.name));
        suite.add_test_cases(
            report.remarks.iter().filter(|remark| remark.primary.span.source == id).map(|remark| case(remark, report, deny)),
        );
        if suite.test_cases.is_empty() {
            suite.add_test_case(TestCase::new("no findings", TestCaseStatus::success()));
        }
        document.add_test_suite(suite);
    }
    document.to_string().expect("texts without control characters are XML")
}

fn case(remark: &Diagnostic, report: Report<'_>, deny: Severity) -> TestCase {
    let place = report.place(remark.primary.span);
    let name = format!("{} {}:{}", remark.code.as_str(), place.start.line, place.start.column);
    let told: Vec<String> = Report::told(remark).split('\n').map(shown).collect();
    let mut case = if remark.severity >= deny {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type(remark.code.as_str()).set_message(told[0].clone()).set_description(told.join("\n"));
        TestCase::new(name, status)
    } else {
        let mut case = TestCase::new(name, TestCaseStatus::success());
        case.set_system_out(told.join("\n"));
        case
    };
    case.set_classname(shown(place.file));
    case
}

/// A text that XML can hold, and that steers no terminal.
fn shown(text: impl AsRef<str>) -> String {
    steady(text.as_ref())
}
