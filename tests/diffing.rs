//! `callsheet diff` as people and CI meet it: what it prints, its exit codes, and real calendars.

use callsheet::diagnostic::Code;
use callsheet::engine::{CheckOptions, Checked, RuleText, check};
use callsheet::lint::{CHANGES, Options};
use expect_test::{expect, expect_file};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder with files that is there as long as the test runs; commands run in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("callsheet-diffing-{}-{name}", std::process::id()));
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

    fn run(&self, program: &str, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.0).env_remove("COLUMNS").stdin(Stdio::null());
        let output = command.output().expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
    }

    /// Exit code, output, and what is said beside.
    fn diff(&self, arguments: &[&str]) -> (i32, String, String) {
        self.run(env!("CARGO_BIN_EXE_callsheet"), &[&["diff", "--today", "2026-03-01"], arguments].concat())
    }

    fn git(&self, arguments: &[&str]) {
        let who = ["-c", "user.name=Kim", "-c", "user.email=kim@acme.example", "-c", "init.defaultBranch=main"];
        let (code, _, said) = self.run("git", &[&who, arguments].concat());
        assert_eq!(code, 0, "{said}");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

const OLD: &str = r#"callsheet 1
our domains @acme.example
list customers = [@customer.com]

rule hr-private:
  never record
  when title contains any of ["salary", "confidential"]

rule demos:
  record
  when title contains "demo"
  with { join: 2m before start }

rule weekly:
  record
  when repeats weekly and attendees >= 3
"#;

const NEW: &str = r#"callsheet 1
our domains @acme.example
list customers = [@customer.com]

rule hr-private:
  never record
  when title contains "salary"

rule customer-calls:
  record
  when any attendee in customers

rule demos:
  record
  when title contains "demo"
  with { join: 5m before start, keep: 90d }

rule weekly:
  record
  when repeats weekly and attendees >= 3
"#;

const SAME: &str = r#"callsheet 1
our domains @acme.example
list customers = [@customer.com]

rule hr-private:
  never record
  when title contains any of ["confidential", "salary", "my salary"]

rule weekly-syncs "Renamed":
  record
  when repeats weekly and attendees > 2

rule demos:
  record
  when title contains "demo" and not repeats weekly
  with { join: 2m before start }

rule weekly-demos:
  record
  when title contains "demo"
  with { join: 2m before start }
"#;

fn example_of_the_guide(name: &str) -> Folder {
    Folder::new(name, &[("acme.rules", OLD), ("acme-next.rules", NEW)])
}

#[test]
fn a_change_is_told_as_the_guide_shows() {
    let folder = example_of_the_guide("guide-1");
    let (code, out, said) = folder.diff(&["acme.rules", "acme-next.rules"]);
    assert_eq!((code, said.as_str()), (1, "7 classes of meetings are decided otherwise: 1 error, 3 warnings\n"));
    expect_file![root().join("tests/goldens/diff.txt")].assert_eq(&out);
    let guide = std::fs::read_to_string(root().join("docs/changing-rules.md")).expect("the guide");
    let (classes, _) = out.split_once("error[").expect("findings");
    assert!(guide.contains(classes.trim_end()), "{classes}");
}

#[test]
fn an_edit_that_changes_nothing_is_proven_to() {
    let folder = Folder::new("same", &[("old.rules", OLD), ("same.rules", &OLD.replace("demo\"", "Demo\""))]);
    let (code, out, said) = folder.diff(&["old.rules", "same.rules"]);
    expect![[r#"
        old.rules → same.rules: every meeting is decided as before

        info[no-op-edit]: the edit changes no decision: every meeting is decided as before, with the same settings
         --> same.rules:1:1
          |
        1 | callsheet 1
          | ^

    "#]]
    .assert_eq(&out);
    assert_eq!((code, said.as_str()), (0, "every meeting is decided as before: 1 remark\n"));
    assert_eq!(folder.diff(&["old.rules", "same.rules", "--deny", "info"]).0, 1);
    let (code, out, said) = folder.diff(&["old.rules", "old.rules"]);
    assert_eq!(out, "old.rules → old.rules: every meeting is decided as before\n\n");
    assert_eq!((code, said.as_str()), (0, "every meeting is decided as before, no findings\n"));
}

#[test]
fn the_order_of_weekly_demos_matters_and_is_found() {
    // Their settings differ, so that which rule comes first shows.
    let folder = Folder::new("order", &[("old.rules", OLD), ("new.rules", SAME)]);
    let (_, out, _) = folder.diff(&["old.rules", "new.rules"]);
    expect![[r#"
        old.rules → new.rules: 1 class of meetings is decided otherwise

        record, with other settings
          `demos` → `weekly-syncs`
            join: 2m before start → 1m30s before start
            for example event { title: "demo", attendees: [ann@elsewhere.example, ben@elsewhere.example], repeats: "FREQ=WEEKLY" }

    "#]]
    .assert_eq(&out);
}

#[test]
fn what_stands_beside_both_sides_counts() {
    let kim = "layer user\nrule mine:\n  skip\n  when title contains \"demo\"\n";
    let folder = Folder::new("beside", &[("old.rules", OLD), ("new.rules", NEW), ("kim.rules", kim)]);
    let (_, out, _) = folder.diff(&["old.rules", "new.rules", "--user", "kim.rules"]);
    assert!(out.contains("old.rules → new.rules: "), "{out}");
    assert!(out.contains("`hr-private` of the organisation → `mine` of the user"), "{out}");
    // The demos of Kim were skipped and are.
    assert!(!out.contains("`demos`"), "{out}");
}

#[test]
fn a_folder_is_one_rule_set_and_git_knows_what_it_was() {
    let folder = Folder::new("git", &[("rules/acme.rules", OLD), ("rules/kim.rules", "layer user\ndefault skip\n")]);
    folder.git(&["init", "--quiet"]);
    folder.git(&["add", "."]);
    folder.git(&["commit", "--quiet", "--message", "rules"]);
    assert_eq!(folder.diff(&["--since", "HEAD", "rules"]).0, 0);
    folder.write("rules/kim.rules", "layer user\ndefault record\n");
    let (code, out, _) = folder.diff(&["--since", "HEAD", "rules", "--deny", "warning"]);
    assert_eq!(code, 1);
    expect![[r#"
        HEAD:rules/kim.rules → rules/kim.rules: 1 class of meetings is decided otherwise

        skip → record
          the default
            for example any meeting

        warning[widens-recording]: the default records meetings that were not recorded before
         --> rules/kim.rules:2:1
          |
        2 | default record
          | ^^^^^^^^^^^^^^
          |
          = help: before, the default decided (`skip`), for example about any meeting

    "#]]
    .assert_eq(&out);
    let (code, _, said) = folder.diff(&["--since", "no-such", "rules"]);
    assert_eq!((code, said.as_str()), (2, "error: --since no-such: git knows no such revision\n"));
}

#[test]
fn each_finding_fails_a_job_on_its_own_or_is_allowed() {
    let folder = example_of_the_guide("guide-2");
    let levels = |levels: &str| {
        folder.write("callsheet-lint.toml", &format!("[levels]\n{levels}"));
        folder.diff(&["acme.rules", "acme-next.rules"]).0
    };
    assert_eq!(levels("weakens-never = \"off\"\n"), 0);
    assert_eq!(levels("weakens-never = \"warning\"\n"), 0);
    assert_eq!(levels("weakens-never = \"off\"\nwidens-recording = \"error\"\n"), 1);
    folder.write("callsheet-lint.toml", "");
    let allowed = "# lint: allow weakens-never until 2026-06-30 \"the works council agreed\"\nrule hr-private";
    folder.write("acme-next.rules", &NEW.replace("rule hr-private", allowed));
    assert_eq!(folder.diff(&["acme.rules", "acme-next.rules"]).0, 0);
    // Once it is the old version, the comment allows nothing; and linting has no word about it.
    let (_, out, _) = folder.diff(&["acme-next.rules", "acme-next.rules"]);
    assert!(out.contains("unused-suppression"), "{out}");
    let (code, out, _) = folder.run(env!("CARGO_BIN_EXE_callsheet"), &["lint", "--today", "2026-03-01", "acme-next.rules"]);
    assert!(code == 0 && !out.contains("suppression"), "{out}");
}

#[test]
fn programs_read_the_same() {
    let folder = example_of_the_guide("guide-3");
    let of = |format: &str| folder.diff(&["acme.rules", "acme-next.rules", "--format", format]).1;
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("docs/changes.schema.json")).expect("a schema")).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let json: Value = serde_json::from_str(&of("json")).expect("JSON");
    schema.validate(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
    assert_eq!(json["classes"].as_array().expect("classes").len(), 7);
    let codes = |found: &Value| found.as_array().expect("findings").iter().map(|one| one["code"].clone()).collect::<Vec<_>>();
    let sarif: Value = serde_json::from_str(&of("sarif")).expect("JSON");
    let ids: Vec<Value> =
        sarif["runs"][0]["results"].as_array().expect("results").iter().map(|one| one["ruleId"].clone()).collect();
    assert_eq!(ids, codes(&json["findings"]));
    assert_eq!(of("github").lines().count(), ids.len());
    assert!(of("junit").contains("failures=\"1\""), "{}", of("junit"));
}

#[test]
fn rules_with_errors_are_not_compared() {
    let folder =
        Folder::new("errors", &[("good.rules", OLD), ("bad.rules", "rule r:\n  record\n  when organiser is internal\n")]);
    let (code, out, said) = folder.diff(&["good.rules", "bad.rules"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(
        said.contains("error[unknown-subject]") && said.ends_with("nothing was compared: the new rules have errors\n"),
        "{said}"
    );
    let (code, out, _) = folder.diff(&["good.rules", "bad.rules", "--format", "github"]);
    assert!(code == 1 && out.starts_with("::error file=bad.rules,line=3"), "{out}");
    let (code, _, said) = folder.diff(&["bad.rules", "good.rules"]);
    assert!(code == 1 && said.ends_with("nothing was compared: the old rules have errors\n"), "{said}");
    assert_eq!(folder.diff(&["good.rules", "no-such.rules"]).0, 2);
    assert_eq!(folder.diff(&["good.rules"]).0, 2);
    assert_eq!(folder.diff(&["good.rules", "."]).0, 1);
}

/// A calendar of Kim's with these meetings: day of March 2026, title, one more guest.
fn calendar(meetings: &[(u32, &str, &str)]) -> String {
    let mut lines = vec!["BEGIN:VCALENDAR".to_owned()];
    for (number, (day, title, guest)) in meetings.iter().enumerate() {
        lines.extend([
            "BEGIN:VEVENT".to_owned(),
            format!("UID:{number}@acme.example"),
            format!("DTSTART:202603{day:02}T{:02}0000Z", 9 + number % 8),
            format!("DTEND:202603{day:02}T{:02}3000Z", 9 + number % 8),
            format!("SUMMARY:{title}"),
            format!("LOCATION:https://meet.google.com/abc-defg-h{:02}", number),
            "ORGANIZER:mailto:kim@acme.example".to_owned(),
            format!("ATTENDEE;PARTSTAT=ACCEPTED:mailto:{guest}"),
            "END:VEVENT".to_owned(),
        ]);
    }
    lines.push("END:VCALENDAR".to_owned());
    lines.join("\r\n") + "\r\n"
}

const MEETINGS: &[(u32, &str, &str)] = &[
    (2, "Legal review", "pat@customer.com"),
    (2, "Planning", "lee@acme.example"),
    (3, "Legal: contract", "sam@customer.com"),
    (3, "Confidential", "lee@acme.example"),
    (4, "Product demo", "ann@elsewhere.example"),
    (5, "Kick-off", "pat@customer.com"),
    (6, "Lunch", "lee@acme.example"),
    (6, "Review", "lee@acme.example"),
];

#[test]
fn the_meetings_of_a_calendar_that_change_are_listed() {
    let folder = example_of_the_guide("guide-4");
    folder.write("kim.ics", &calendar(MEETINGS));
    let days = ["--from", "2026-03-01", "--to", "2026-04-01", "--me", "kim@acme.example"];
    let all = ["acme.rules", "acme-next.rules", "--calendar", "kim.ics"];
    let (_, out, _) = folder.diff(&[&all[..], &days].concat());
    let from = out.find("5 of 8 meetings").unwrap_or_else(|| panic!("{out}"));
    let real = &out[from..out.find("error[").expect("findings")];
    expect![[r#"
        5 of 8 meetings change: 3 skip → record (2 of them with "legal" in the title); 1 never record → skip; 1 record, with other settings
        1 Mar 2026 to 31 Mar 2026, times in UTC

        Monday 2 March 2026
          09:00–09:30   Legal review     skip → record                the default → `customer-calls`

        Tuesday 3 March 2026
          11:00–11:30   Legal: contract  skip → record                the default → `customer-calls`
          12:00–12:30   Confidential     never record → skip          `hr-private` → the default

        Wednesday 4 March 2026
          13:00–13:30   Product demo     record, with other settings  `demos`

        Thursday 5 March 2026
          14:00–14:30   Kick-off         skip → record                the default → `customer-calls`

    "#]]
    .assert_eq(real);
    let guide = std::fs::read_to_string(root().join("docs/changing-rules.md")).expect("the guide");
    assert!(guide.contains(real.trim_end()), "{real}");
    // The same by way of `events --full`, and for programs.
    let events = folder
        .run(env!("CARGO_BIN_EXE_callsheet"), &["events", "kim.ics", "--full", "--from", "2026-03-01", "--to", "2026-04-01"]);
    folder.write("kim.jsonl", &events.1);
    let lines = ["acme.rules", "acme-next.rules", "--calendar", "kim.jsonl"];
    let (_, of_lines, _) = folder.diff(&[&lines[..], &days].concat());
    assert_eq!(of_lines, out);
    let (_, json, _) = folder.diff(&[&all[..], &days, &["--format", "json"]].concat());
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((json["calendar"]["meetings"].as_u64(), json["calendar"]["changes"].as_array().map(Vec::len)), (Some(8), Some(5)));
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join("docs/changes.schema.json")).expect("a schema")).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema").validate(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
}

#[test]
fn in_a_narrow_terminal_who_decides_stands_below() {
    let folder = example_of_the_guide("guide-6");
    folder.write("kim.ics", &calendar(MEETINGS));
    let mut command = Command::new(env!("CARGO_BIN_EXE_callsheet"));
    command.args(["diff", "acme.rules", "acme-next.rules", "--today", "2026-03-01", "--calendar", "kim.ics"]);
    command.args(["--from", "2026-03-01", "--to", "2026-04-01", "--me", "kim@acme.example"]);
    let output = command.current_dir(&folder.0).env("COLUMNS", "72").stdin(Stdio::null()).output().expect("the program runs");
    let out = String::from_utf8(output.stdout).expect("text");
    let line = "  12:00–12:30   Confidential     never record → skip\n                `hr-private` → the default\n";
    assert!(out.contains(line), "{out}");
}

#[test]
fn a_calendar_that_cannot_be_read_stops_with_the_reason() {
    let folder = example_of_the_guide("guide-5");
    folder.write("broken.ics", "this is no calendar\n");
    let (code, out, said) = folder.diff(&["acme.rules", "acme-next.rules", "--calendar", "broken.ics"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(said, "error: broken.ics: not a calendar: no component begins in it\n");
    for (json, why) in [
        ("{\"items\": [", "not JSON from line 1, column 11 on"),
        ("{\"a\": 1}", "not a calendar: no entries in it"),
        (" []", "not a calendar: no entries in it"),
    ] {
        folder.write("broken.json", json);
        let (code, out, said) = folder.diff(&["acme.rules", "acme-next.rules", "--calendar", "broken.json"]);
        assert_eq!((code, out.as_str(), said), (2, "", format!("error: broken.json: {why}\n")));
    }
    assert_eq!(folder.diff(&["acme.rules", "acme-next.rules", "--calendar", "no-such.ics"]).0, 2);
    let (code, _, said) = folder.diff(&["acme.rules", "acme-next.rules", "--list", "vips=x", "--calendar", "broken.ics"]);
    assert_eq!((code, said.as_str()), (2, "error: --list vips: the rules have no `list vips provided …`\n"));
}

fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section `{heading}`"));
    rest.split("\n## ").next().unwrap_or_default()
}

#[test]
fn the_pages_of_the_findings_are_true() {
    let checked = |text: &str| -> Checked {
        let text = RuleText { name: "team.rules".into(), text: text.into(), layer: None };
        check(&[text], &CheckOptions::default())
    };
    for code in CHANGES {
        let page = code.page().expect("a page");
        for (heading, expected) in [("Avoid", true), ("Prefer", false)] {
            let files: Vec<&str> =
                section(page, heading).split("```text\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
            let [old, new] = files.as_slice() else { panic!("{}: before and after", code.as_str()) };
            let (old, new) = (checked(old), checked(new));
            let comparison = new.compared_with(&old).expect("both can be used");
            let findings = new.change_findings(&old, &comparison, &Options::default());
            let found = findings.iter().any(|finding| finding.code == *code);
            assert_eq!(found, expected, "{}, {heading}: {findings:#?}", code.as_str());
            assert!(findings.iter().all(|finding| finding.code != Code::Undecided));
        }
    }
}
