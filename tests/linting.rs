//! `rule-lint` as CI meets it: formats, configuration, fixes, and what a change touched.

use expect_test::expect;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder with rule files that is there as long as the test runs; commands run in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("callsheet-linting-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        let folder = Self(path);
        files.iter().for_each(|(name, text)| folder.write(name, text));
        folder
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).expect("a file")
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.0).env_remove("COLUMNS").stdin(Stdio::null());
        command.output().expect("the program runs")
    }

    /// Runs `rule-lint` on the day of the tests: exit code, output, what it says beside.
    fn lint(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.run(env!("CARGO_BIN_EXE_rule-lint"), &[&["--today", "2026-03-01"], arguments].concat());
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
    }

    fn git(&self, arguments: &[&str]) {
        let who = ["-c", "user.name=Kim", "-c", "user.email=kim@acme.example", "-c", "init.defaultBranch=main"];
        let output = self.run("git", &[&who, arguments].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_clock_ends_what_takes_far_too_long_without_an_answer_and_with_a_code_of_its_own() {
    let rule = |at: usize| format!("rule r{at}:\n  record\n  when title contains \"{at}\" and attendees > {}\n\n", at % 9);
    let many: String = (0..450).map(rule).collect();
    let folder = Folder::new("clock", &[("many.rules", &many)]);
    let (code, out, said) = folder.lint(&["--time-limit", "0", "many.rules"]);
    assert_eq!(
        (code, out.as_str(), said.as_str()),
        (5, "", "error: stopped after 0 seconds, without an answer; --time-limit allows more\n",)
    );
}

fn schema(path: &str) -> jsonschema::Validator {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a schema");
    // The standard's own schema has one pattern with a bracket too many, which not every engine reads.
    jsonschema::validator_for(&json(&text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$"))).expect("a schema")
}

const RULES: &str = r#"# Rules with something to say about them.
our domains @acme.example
list words = ["demo", "demos", "call"]
list spare = ["x"]

rule demos:
  record
  when title contains any of words or repeats or repeats

rule hr:
  never record
  when title contains "hr" or organizer is interal
"#;

/// Texts that strangers could choose: rules are reviewed in terminals, logs and web pages.
const HOSTILE: &str = "our domains @acme.example\n\nrule r \"a\u{202e}b\":\n  record\n  \
    when title contains any of [\"x::%0A,\u{1b}[31m\u{202e}\", \"X::%0a,\u{1b}[31m\u{202e}\"] # \u{9b}31m <![CDATA[ ]]> &\n";

#[test]
fn every_format_tells_the_same_findings() {
    let folder = Folder::new("formats", &[("a b.rules", RULES)]);
    let (code, found, _) = folder.lint(&["a b.rules", "--format", "json"]);
    assert_eq!(code, 1);
    let codes: Vec<String> = json(&found)["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|one| one["code"].as_str().expect("a code").to_owned())
        .collect();
    expect![[r#"
        pattern-subsumed
        unused-name
        duplicate-condition
        keyword-hits-common-words
        undefined-name"#]]
    .assert_eq(&codes.join("\n"));
    let (_, github, _) = folder.lint(&["a b.rules", "--format", "github"]);
    expect![[r#"
        ::warning file=a b.rules,line=3,endLine=3,col=23,endColumn=30,title=pattern-subsumed::whatever "demos" finds, "demo" finds already
        ::warning file=a b.rules,line=4,endLine=4,col=6,endColumn=11,title=unused-name::no rule uses the list `spare`
        ::notice file=a b.rules,line=8,endLine=8,col=50,endColumn=57,title=duplicate-condition::this condition stands here twice
        ::notice file=a b.rules,line=12,endLine=12,col=23,endColumn=27,title=keyword-hits-common-words::`hr` also stands in words like `christmas`%0Aas a word of its own it is `matches /\bhr\b/i`
        ::error file=a b.rules,line=12,endLine=12,col=44,endColumn=51,title=undefined-name::no person is called `interal`
    "#]].assert_eq(&github);
    let (_, junit, _) = folder.lint(&["a b.rules", "--format", "junit", "--deny", "warning"]);
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="rule-lint" tests="5" skipped="0" failures="3" errors="0">
            <testsuite name="a b.rules" tests="5" skipped="0" errors="0" failures="3">
                <testcase name="pattern-subsumed 3:23" classname="a b.rules">
                    <failure message="whatever &quot;demos&quot; finds, &quot;demo&quot; finds already" type="pattern-subsumed">whatever &quot;demos&quot; finds, &quot;demo&quot; finds already</failure>
                </testcase>
                <testcase name="unused-name 4:6" classname="a b.rules">
                    <failure message="no rule uses the list `spare`" type="unused-name">no rule uses the list `spare`</failure>
                </testcase>
                <testcase name="duplicate-condition 8:50" classname="a b.rules">
                    <system-out>this condition stands here twice</system-out>
                </testcase>
                <testcase name="keyword-hits-common-words 12:23" classname="a b.rules">
                    <system-out>`hr` also stands in words like `christmas`
        as a word of its own it is `matches /\bhr\b/i`</system-out>
                </testcase>
                <testcase name="undefined-name 12:44" classname="a b.rules">
                    <failure message="no person is called `interal`" type="undefined-name">no person is called `interal`</failure>
                </testcase>
            </testsuite>
        </testsuites>
    "#]].assert_eq(&junit);
    let (_, sarif, _) = folder.lint(&["a b.rules", "--format", "sarif"]);
    let sarif = json(&sarif);
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let ids: Vec<&str> = results.iter().map(|result| result["ruleId"].as_str().expect("an id")).collect();
    assert_eq!(ids, codes);
    assert_eq!(github.lines().count(), codes.len());
    assert_eq!(junit.matches("<testcase ").count(), codes.len());
    let first = serde_json::to_string_pretty(&results[0]).expect("it prints");
    expect![[r#"
        {
          "ruleId": "pattern-subsumed",
          "ruleIndex": 4,
          "level": "warning",
          "message": {
            "text": "whatever \"demos\" finds, \"demo\" finds already"
          },
          "locations": [
            {
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "a%20b.rules"
                },
                "region": {
                  "startLine": 3,
                  "startColumn": 23,
                  "endLine": 3,
                  "endColumn": 30
                }
              }
            }
          ],
          "relatedLocations": [
            {
              "id": 1,
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "a%20b.rules"
                },
                "region": {
                  "startLine": 3,
                  "startColumn": 15,
                  "endLine": 3,
                  "endColumn": 21
                }
              },
              "message": {
                "text": "because of this"
              }
            }
          ],
          "fixes": [
            {
              "description": {
                "text": "remove \"demos\" (keeps every decision)"
              },
              "artifactChanges": [
                {
                  "artifactLocation": {
                    "uri": "a%20b.rules"
                  },
                  "replacements": [
                    {
                      "deletedRegion": {
                        "startLine": 3,
                        "startColumn": 21,
                        "endLine": 3,
                        "endColumn": 30
                      },
                      "insertedContent": {
                        "text": ""
                      }
                    }
                  ]
                }
              ]
            }
          ],
          "partialFingerprints": {
            "callsheetFinding/v1": "fedac143a56af3c6e717a2b52a12b3ff:1"
          }
        }"#]]
    .assert_eq(&first);
}

#[test]
fn documents_have_the_shape_of_their_schemas() {
    let (findings, sarif) = (schema("docs/findings.schema.json"), schema("tests/support/sarif-2.1.0.schema.json"));
    let clean = "rule a:\n  record\n  when repeats\n";
    let two = [("a.rules", RULES), ("b.rules", HOSTILE), ("c.rules", clean), ("d.json", "{\"rules\": 1}")];
    let folder = Folder::new("schemas", &two);
    for files in [&["a.rules"][..], &["b.rules"], &["c.rules"], &["d.json"], &["c.rules", "b.rules", "a.rules"]] {
        for (format, schema) in [("json", &findings), ("sarif", &sarif)] {
            let (_, text, _) = folder.lint(&[files, &["--format", format]].concat());
            let document = json(&text);
            schema.validate(&document).unwrap_or_else(|error| panic!("{files:?} {format}: {error}"));
            if format == "sarif" {
                no_empty_lists(&document, "");
            }
        }
    }
}

/// Code scanning refuses what is empty, besides the results of a run that found nothing.
fn no_empty_lists(value: &Value, at: &str) {
    match value {
        Value::Array(items) => {
            assert!(!items.is_empty() || at.ends_with("/results"), "{at} is empty");
            items.iter().for_each(|item| no_empty_lists(item, at));
        }
        Value::Object(members) => members.iter().for_each(|(key, value)| no_empty_lists(value, &format!("{at}/{key}"))),
        _ => {}
    }
}

#[test]
fn strangers_texts_steer_nothing_in_any_format() {
    let folder = Folder::new("hostile", &[("b,:%.rules", HOSTILE)]);
    for format in ["human", "json", "sarif", "github", "junit"] {
        let (code, out, said) = folder.lint(&["b,:%.rules", "--format", format, "--deny", "info"]);
        assert_eq!(code, 1, "{format}: {out}{said}");
        let steers = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!out.contains(steers), "{format}: {out:?}");
        if format == "github" {
            for line in out.lines() {
                assert!(line.starts_with("::") && line.contains("file=b%2C%3A%25.rules,"), "{line}");
            }
        }
    }
    let (_, junit, _) = folder.lint(&["b,:%.rules", "--format", "junit"]);
    let read = quick_junit::Report::deserialize_from_str(&junit).expect("JUnit XML");
    assert!(read.test_suites[0].test_cases.len() >= 2, "{junit}");
}

#[test]
fn fingerprints_survive_moved_lines() {
    let fingerprints = |folder: &Folder| -> Vec<String> {
        let (_, text, _) = folder.lint(&["a.rules", "--format", "sarif"]);
        let results = json(&text)["runs"][0]["results"].as_array().expect("results").clone();
        let mut names: Vec<String> = results
            .iter()
            .map(|result| result["partialFingerprints"]["callsheetFinding/v1"].as_str().expect("one").to_owned())
            .collect();
        names.sort();
        names
    };
    let folder = Folder::new("fingerprints", &[("a.rules", RULES)]);
    let before = fingerprints(&folder);
    assert_eq!(before.iter().collect::<std::collections::BTreeSet<_>>().len(), before.len());
    let (head, rest) = RULES.split_once("rule demos").expect("it is there");
    folder.write("a.rules", &format!("# moved\n\n\nrule other: record when one-on-one\n{head}\n\nrule demos{rest}"));
    assert_eq!(fingerprints(&folder), before);
    folder.write("a.rules", &RULES.replace("\"demos\"", "\"demos!\""));
    assert_ne!(fingerprints(&folder), before);
}

#[test]
fn levels_come_from_the_configuration_beside_the_files() {
    let text = "list l = [\"x\"]\nrule a_b:\n  record\n  when repeats\n";
    let folder = Folder::new(
        "config",
        &[
            ("rules/a.rules", text),
            ("rules/callsheet-lint.toml", "deny = \"info\"\n[levels]\nid-style = \"info\"\nunused-name = \"off\"\n"),
        ],
    );
    let found = |arguments: &[&str]| {
        let (code, out, said) = folder.lint(&[arguments, &["--format", "github"]].concat());
        format!("{code}\n{out}{said}")
    };
    expect![[r#"
        1
        ::notice file=rules/a.rules,line=2,endLine=2,col=6,endColumn=9,title=id-style::the name `a_b` is not of the style of this team
    "#]].assert_eq(&found(&["rules/a.rules"]));
    folder.write("other.toml", "");
    expect![[r#"
        0
        ::warning file=rules/a.rules,line=1,endLine=1,col=6,endColumn=7,title=unused-name::no rule uses the list `l`
    "#]]
    .assert_eq(&found(&["rules/a.rules", "--config", "other.toml"]));
    folder.write("other.toml", "[levels]\nunusd-name = \"off\"\n");
    expect![[r#"
        2
        error: other.toml: `levels.unusd-name`: there is no code `unusd-name`; did you mean `unused-name`?
    "#]]
    .assert_eq(&found(&["rules/a.rules", "--config", "other.toml"]));
    expect![[r#"
        2
        error: cannot read none.toml: No such file or directory (os error 2)
    "#]]
    .assert_eq(&found(&["rules/a.rules", "--config", "none.toml"]));
}

#[test]
fn fixes_that_keep_decisions_are_written_and_others_on_request() {
    let folder = Folder::new("fix", &[("a.rules", &RULES.replace("interal", "internal"))]);
    let (code, _, said) = folder.lint(&["a.rules", "--fix"]);
    assert_eq!(code, 0);
    expect![[r#"
        fixed 3 findings: 1 duplicate-condition, 1 pattern-subsumed, 1 unused-name
        1 file, 2 rules: 1 remark
    "#]]
    .assert_eq(&said);
    expect![[r##"
        # Rules with something to say about them.
        our domains @acme.example
        list words = ["demo", "call"]

        rule demos:
          record
          when title contains any of words or repeats

        rule hr:
          never record
          when title contains "hr" or organizer is internal
    "##]]
    .assert_eq(&folder.read("a.rules"));
    let (_, _, said) = folder.lint(&["a.rules", "--fix"]);
    assert!(said.starts_with("nothing to fix\n"), "{said}");
    let (_, _, said) = folder.lint(&["a.rules", "--fix=all"]);
    assert!(said.starts_with("fixed 1 finding: 1 keyword-hits-common-words\n"), "{said}");
    assert!(folder.read("a.rules").contains(r"when title matches /\bhr\b/i or organizer"), "{}", folder.read("a.rules"));
    // What leads to an error that was not there is left out.
    folder.write(
        "b.rules",
        "list l provided texts\ntest \"t\":\n  given list l = [\"y\"]\n  event { title: \"a\" }\n  expect default\n",
    );
    let before = folder.read("b.rules");
    let (_, _, said) = folder.lint(&["b.rules", "--fix"]);
    assert!(said.starts_with("nothing to fix\n"), "{said}");
    assert_eq!(folder.read("b.rules"), before);
    assert_eq!(folder.lint(&["-", "--fix"]).0, 2);
}

#[test]
fn fixes_in_json_leave_json() {
    let text = r#"{
  "callsheet": 1,
  "lists": { "words": ["demo", "demos", "call"] },
  "rules": [
    { "id": "a", "do": "record", "when": { "title": { "contains": { "list": "words" } } } }
  ]
}
"#;
    let folder = Folder::new("fix-json", &[("a.json", text)]);
    let (code, _, said) = folder.lint(&["a.json", "--fix"]);
    assert_eq!((code, said.as_str()), (0, "fixed 1 finding: 1 pattern-subsumed\n1 file, 1 rule: no findings\n"));
    assert_eq!(folder.read("a.json"), text.replace(", \"demos\"", ""));
}

#[test]
fn since_reports_on_what_a_change_touched() {
    let folder = Folder::new("since", &[("rules/a.rules", RULES)]);
    let since = |revision: &str| {
        let (code, out, said) = folder.lint(&["rules/a.rules", "--format", "json", &format!("--since={revision}")]);
        if code == 2 {
            return said;
        }
        let findings = json(&out)["findings"].as_array().expect("findings").clone();
        findings.iter().map(|one| format!("{} {}\n", one["code"].as_str().expect("a code"), one["place"]["line"])).collect()
    };
    expect![[r#"
        error: rules/a.rules: this file is in no git repository, which --since needs
    "#]]
    .assert_eq(&since("HEAD"));
    folder.git(&["init", "--quiet"]);
    folder.git(&["add", "."]);
    folder.git(&["commit", "--quiet", "-m", "rules"]);
    assert_eq!(since("HEAD"), "");
    expect![[r#"
        error: --since --output=x: git knows no such revision
    "#]]
    .assert_eq(&since("--output=x"));
    // The rule that moves is the same one; the one that was edited is not.
    let (head, rules) = RULES.split_once("rule demos").expect("it is there");
    let (demos, hr) = rules.split_once("\nrule hr").expect("it is there");
    folder.write(
        "rules/a.rules",
        &format!("{head}rule hr{hr}\nrule demos{}", demos.replace("or repeats or", "or repeats or one-on-one or")),
    );
    expect![[r#"
        duplicate-condition 12
    "#]]
    .assert_eq(&since("HEAD"));
    folder.write("rules/a.rules", &format!("{RULES}\nrule new:\n  record\n  when one-on-one or one-on-one\n"));
    expect![[r#"
        duplicate-condition 16
    "#]]
    .assert_eq(&since("HEAD"));
    // What stands before the pieces is no part of the first one.
    folder.write("rules/a.rules", &RULES.replace("@acme.example", "@acme.example, @other.example"));
    assert_eq!(since("HEAD"), "");
    // A file that was not there is all news.
    folder.git(&["rm", "--cached", "--quiet", "rules/a.rules"]);
    folder.git(&["commit", "--quiet", "--allow-empty", "-m", "gone"]);
    assert!(since("HEAD").lines().count() > 4);
}

#[test]
fn pages_can_be_read_without_a_network() {
    let folder = Folder::new("pages", &[]);
    let page = |code: &str| folder.run(env!("CARGO_BIN_EXE_rule-lint"), &["--page", code]);
    assert!(String::from_utf8_lossy(&page("broad-always").stdout).starts_with("# broad-always\n"));
    assert!(String::from_utf8_lossy(&page("unused-name").stdout).starts_with("# unused-name\n"));
    let wrong = page("brod-always");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("did you mean `broad-always`?"));
}
