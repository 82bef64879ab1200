//! `callsheet test --coverage` and `--generate` as people and CI meet them.

use expect_test::expect;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder with one rule file that is there as long as the test runs; commands run in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, file: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("callsheet-testing-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        std::fs::write(path.join(file), text).expect("a file");
        Self(path)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).expect("a file")
    }

    /// Exit code, output, and what is said beside.
    fn test(&self, arguments: &[&str]) -> (i32, String, String) {
        self.run("test", arguments)
    }

    fn run(&self, command: &str, arguments: &[&str]) -> (i32, String, String) {
        let mut program = Command::new(env!("CARGO_BIN_EXE_callsheet"));
        program.arg(command).args(arguments).current_dir(&self.0).env_remove("COLUMNS").stdin(Stdio::null());
        let output = program.output().expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const RULES: &str = r#"callsheet 1
our domains @acme.example

rule hr-private:
  never record
  when title contains "salary" or visibility is private

rule demos:
  record
  when title contains "demo" and any attendee is external

test "a demo for a customer":
  event { title: "Demo", attendees: [me, pat@customer.com] }
  expect record by demos

test "salaries stay private":
  event { title: "Salary demo" }
  expect skip by hr-private
"#;

fn guide() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/testing-rules.md")).expect("the guide")
}

#[test]
fn coverage_is_told_as_the_guide_shows() {
    let folder = Folder::new("coverage", "acme.rules", RULES);
    let (code, out, said) = folder.test(&["acme.rules", "--coverage"]);
    assert_eq!((code, said.as_str()), (0, "2 tests: 2 passed, 0 failed\n"));
    expect![[r#"
        ok   a demo for a customer
        ok   salaries stay private

        coverage by 2 tests

                     decision      condition     MC/DC
        hr-private   2 of 2        3 of 4        3 of 4
        demos        1 of 2        2 of 4        2 of 4
        the default  0 of 1        –             –
        all          60 %          62.5 %        62.5 %

        not shown by any test:
          hr-private
            condition  `visibility is private` is true when `hr-private` is reached
                       for example by event { visibility: private }
            MC/DC      `visibility is private`, being true, settles alone whether `hr-private` matches
          demos
            decision   `demos` is reached and does not match
                       for example by any meeting
            condition  `title contains "demo"` is false when `demos` is reached
            condition  `any attendee is external` is false when `demos` is reached
            MC/DC      `title contains "demo"`, being false, settles alone whether `demos` matches
                       for example by event { attendees: [ann@elsewhere.example] }
            MC/DC      `any attendee is external`, being false, settles alone whether `demos` matches
                       for example by event { title: "demo" }
          the default
            decision   the default decides
                       for example by any meeting
    "#]]
    .assert_eq(&out);
    assert!(guide().contains(out.trim_end()), "{out}");
}

#[test]
fn tests_are_written_as_the_guide_shows_and_show_everything() {
    let folder = Folder::new("generate", "acme.rules", RULES);
    let (code, out, said) = folder.test(&["acme.rules", "--generate"]);
    assert_eq!(code, 0, "{said}");
    expect![[r#"
        test "hr-private: visibility is private":
          event { visibility: private }
          expect skip by hr-private

        test "demos: not (title contains 'demo')":
          event { attendees: [ann@elsewhere.example] }
          expect default

        test "demos: not (any attendee is external)":
          event { title: "demo" }
          expect default
    "#]]
    .assert_eq(&out);
    expect![[r#"
        3 new tests: decision 60 % → 100 %, condition 62.5 % → 100 %, MC/DC 62.5 % → 100 %
    "#]]
    .assert_eq(&said);
    assert!(guide().contains(out.trim_end()), "{out}");
    assert_eq!(folder.read("acme.rules"), RULES);
    assert_eq!(folder.test(&["acme.rules", "--generate", "--write"]).0, 0);
    let written = folder.read("acme.rules");
    assert_eq!(written, format!("{RULES}\n{out}"));
    let full = ["acme.rules", "--min-decision", "100", "--min-condition", "100%", "--min-mcdc", "100"];
    assert_eq!(folder.test(&full).0, 0);
    // Nothing is left to write, and the files are in the one layout.
    assert_eq!(folder.test(&["acme.rules", "--generate"]).1, "");
    assert_eq!(folder.run("fmt", &["--check", "acme.rules"]).0, 0);
}

#[test]
fn json_rules_get_their_tests_too() {
    let rules = r#"{"callsheet": 1, "rules": [{"id": "weekly", "do": "record", "when": {"repeats": {"freq": "weekly"}}}]}"#;
    let folder = Folder::new("json", "acme.json", rules);
    assert_eq!(folder.test(&["acme.json", "--generate", "--write"]).0, 0);
    assert_eq!(folder.test(&["acme.json", "--min-mcdc", "100"]).0, 0);
    assert!(folder.read("acme.json").contains("\"tests\""));
}

#[test]
fn too_little_coverage_fails_with_the_code_of_a_failed_test() {
    let folder = Folder::new("least", "acme.rules", RULES);
    let (code, _, said) = folder.test(&["acme.rules", "--min-decision", "90", "--min-mcdc", "10"]);
    assert_eq!(code, 3);
    expect![[r#"
        2 tests: 2 passed, 0 failed
        too little decision coverage: 60 %, and at least 90 % is asked for
    "#]]
    .assert_eq(&said);
    assert_eq!(folder.test(&["acme.rules", "--min-decision", "20"]).0, 0);
    assert_eq!(folder.test(&["acme.rules", "--min-decision", "101"]).0, 2);
    assert_eq!(folder.test(&["acme.rules", "--write"]).0, 2);
}

#[test]
fn coverage_as_json_is_as_its_schema_says() {
    let folder = Folder::new("schema", "acme.rules", RULES);
    let (code, out, _) = folder.test(&["acme.rules", "--format", "json"]);
    assert_eq!(code, 0);
    let json: Value = serde_json::from_str(&out).expect("JSON");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coverage.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).expect("a schema")).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema").validate(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
}

#[test]
fn rules_with_errors_have_no_coverage() {
    let folder = Folder::new("errors", "bad.rules", "rule r:\n  record\n  when organiser is internal\n");
    for arguments in [["bad.rules", "--coverage"], ["bad.rules", "--generate"]] {
        let (code, out, said) = folder.test(&arguments);
        assert_eq!((code, out.as_str()), (1, ""));
        assert!(said.contains("error[unknown-subject]") && said.ends_with("no test was run: the rules have errors\n"), "{said}");
    }
}
