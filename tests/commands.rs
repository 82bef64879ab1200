//! The commands as scripts and people meet them: output, exit codes, and that they agree with each other.

use expect_test::expect;
use serde_json::Value;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a command came to.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn callsheet(arguments: &[&str]) -> Ran {
    callsheet_with(arguments, "")
}

fn callsheet_with(arguments: &[&str], input: &str) -> Ran {
    run(env!("CARGO_BIN_EXE_callsheet"), arguments, input)
}

fn run(program: &str, arguments: &[&str], input: &str) -> Ran {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("COLUMNS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("its input");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("the input is written");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Ran { code: output.status.code().expect("an exit code"), out: text(output.stdout), err: text(output.stderr) }
}

/// A file with this content that is there as long as the test runs.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, content: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("callsheet-commands-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for scratch files");
        let path = folder.join(name);
        std::fs::write(&path, content).expect("a scratch file");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path that is text")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn examples() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules-examples");
    let folders = std::fs::read_dir(root).expect("the examples").map(|entry| entry.expect("an entry").path());
    let mut names: Vec<String> = folders
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    let files = |name: String| {
        let folder = format!("rules-examples/{name}");
        (format!("{folder}/{name}.rules"), format!("{folder}/{name}.json"), format!("{folder}/events.ics"))
    };
    names.into_iter().map(files).collect()
}

const WINDOW: [&str; 4] = ["--from", "2026-01-01", "--to", "2026-07-01"];

#[test]
fn eval_over_full_events_decides_as_plan_does() {
    let mut compared = 0;
    for (rules, json, calendar) in examples() {
        let me = ["--me", "somebody@elsewhere.example"];
        let plan = callsheet(&[&["plan", &rules, "--calendar", &calendar, "--format", "json"], &WINDOW[..], &me[..]].concat());
        let plan: Value = serde_json::from_str(&plan.out).expect("a JSON document");
        let events = callsheet(&[&["events", &calendar, "--full"], &WINDOW[..]].concat());
        for form in [&rules, &json] {
            let eval = callsheet_with(&[&["eval", form.as_str(), "--reasons"], &me[..]].concat(), &events.out);
            let lines: Vec<Value> = eval.out.lines().map(|line| serde_json::from_str(line).expect("a decision")).collect();
            let planned = plan["decisions"].as_array().expect("decisions");
            assert_eq!(lines.len(), planned.len(), "{form}");
            for planned in planned {
                let name =
                    |decision: &Value| (decision["uid"].clone(), decision["recurrence_id"].clone(), decision["start"].clone());
                let line = lines.iter().find(|line| name(line) == name(planned)).expect("the same occurrence");
                for member in ["decision", "by", "reason", "join_at", "settings"] {
                    assert_eq!(line[member], planned[member], "{form}: {member} of {planned}");
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 200, "{compared}");
}

/// Who writes one meeting and waits has an answer before the next; many at once have theirs in order, beside lines that cannot be read.
#[test]
fn eval_answers_what_is_there_and_waits_for_no_more() {
    let rules = Scratch::new("answers.rules", "rule weekly:\n  record\n  when repeats weekly\n");
    let calendar = "rules-examples/school/events.ics";
    let events = callsheet(&[&["events", calendar, "--full"], &WINDOW[..]].concat()).out;
    let lines: Vec<&str> = events.lines().collect();
    let eval = ["eval", rules.path(), "--me", "somebody@elsewhere.example"];
    let decided = callsheet_with(&eval, &events).out;
    let decided: Vec<&str> = decided.lines().collect();
    assert!(decided.len() == lines.len() && lines.len() > 5, "{}", lines.len());

    let mut child = Command::new(env!("CARGO_BIN_EXE_callsheet"))
        .args(eval)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let (mut stdin, stdout) = (child.stdin.take().expect("its input"), child.stdout.take().expect("its output"));
    let (tell, told) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        std::io::BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
    });
    for (line, decided) in lines.iter().zip(&decided).take(3) {
        writeln!(stdin, "{line}").expect("it reads");
        let answer = told.recv_timeout(std::time::Duration::from_secs(60)).expect("an answer while it waits for more");
        assert_eq!(answer, *decided);
    }
    drop(stdin);
    assert!(child.wait().expect("it ends").success() && reader.join().is_ok());

    let many = 2500;
    let input: String =
        (0..many).map(|at| if at % 100 == 7 { "{}\n".to_owned() } else { format!("{}\n", lines[at % lines.len()]) }).collect();
    let ran = callsheet_with(&eval, &input);
    let expected: Vec<&str> = (0..many).filter(|at| at % 100 != 7).map(|at| decided[at % lines.len()]).collect();
    assert!(ran.out.lines().eq(expected), "{}", ran.out.lines().count());
    assert_eq!((ran.code, ran.err.lines().count()), (1, many / 100), "{}", ran.err);
}

#[test]
fn output_has_the_shape_that_its_schemas_publish() {
    let schema = |name: &str| -> Value {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
        serde_json::from_str(&std::fs::read_to_string(path).expect("a schema")).expect("JSON")
    };
    let (event, decisions) = (schema("event.schema.json"), schema("decision.schema.json"));
    let (event, decisions) =
        (jsonschema::validator_for(&event).expect("a schema"), jsonschema::validator_for(&decisions).expect("a schema"));
    for (rules, _, calendar) in examples() {
        for detail in [&["--full"][..], &[]] {
            let events = callsheet(&[&["events", &calendar], &WINDOW[..], detail].concat());
            for line in events.out.lines() {
                let line: Value = serde_json::from_str(line).expect("an event");
                event.validate(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            }
        }
        let plan = callsheet(&[&["plan", &rules, "--calendar", &calendar, "--format", "json"], &WINDOW[..]].concat());
        let plan: Value = serde_json::from_str(&plan.out).expect("a JSON document");
        decisions.validate(&plan).unwrap_or_else(|error| panic!("{error}: {plan}"));
    }
}

#[test]
fn exit_codes_tell_what_happened() {
    let good = Scratch::new("good.rules", "rule all:\n  record\n  when repeats\n");
    let bad = Scratch::new("bad.rules", "rule all:\n  record\n  when organiser is internal\n");
    let warned = Scratch::new("warned.rules", "list l = [\"a\"]\nrule all:\n  record\n  when repeats\n");
    let failing = Scratch::new(
        "failing.rules",
        "rule all:\n  record\n  when repeats\n\ntest \"t\":\n  event { title: \"x\" }\n  expect record\n",
    );
    let loose = Scratch::new("loose.rules", "rule   all:\n  record\n  when repeats\n");
    let code = |arguments: &[&str]| callsheet(arguments).code;
    assert_eq!(code(&["lint", good.path()]), 0);
    assert_eq!(code(&["lint", bad.path()]), 1);
    assert_eq!(code(&["lint", warned.path()]), 0);
    assert_eq!(code(&["lint", warned.path(), "--deny", "warning"]), 1);
    assert_eq!(code(&["lint", "no-such.rules"]), 2);
    assert_eq!(code(&["lint"]), 2);
    assert_eq!(code(&["lint", good.path(), "--format", "no-such"]), 2);
    assert_eq!(code(&["test", good.path()]), 0);
    assert_eq!(code(&["test", failing.path()]), 3);
    assert_eq!(code(&["test", bad.path()]), 1);
    assert_eq!(code(&["fmt", "--check", loose.path()]), 1);
    assert_eq!(code(&["fmt", loose.path()]), 0);
    assert_eq!(code(&["fmt", "--check", loose.path()]), 0);
    assert_eq!(code(&["eval", good.path()]), 0);
    assert_eq!(callsheet_with(&["eval", good.path()], "not an event\n").code, 1);
    assert_eq!(code(&["plan", good.path(), "--calendar", good.path()]), 2);
    assert_eq!(code(&["--help"]), 0);
    assert_eq!(code(&["--version"]), 0);
    assert_eq!(run(env!("CARGO_BIN_EXE_rule-lint"), &[bad.path()], "").code, 1);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_decided() {
    let rules = Scratch::new("partly.rules", "rule all:\n  record\n  when starts after 00:00\n");
    let calendar = Scratch::new(
        "partly.ics",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260302T100000Z\r\nDTEND:20260302T110000Z\r\nLOCATION:https://meet.google.com/abc-defg-hij\r\nEND:VEVENT\r\n\
         BEGIN:VEVENT\r\nUID:2\r\nDTSTART:tomorrow\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    );
    let ran =
        callsheet(&["plan", rules.path(), "--calendar", calendar.path(), "--from", "2026-03-01", "--me", "me@acme.example"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("1 meeting: 1 with a bot"), "{}", ran.out);
    expect![[r#"
        partly.ics: line 8: an event that cannot be read: its start is no date
    "#]]
    .assert_eq(&ran.err.replace(calendar.path(), "partly.ics"));
}

#[test]
fn one_meeting_in_two_calendars_gets_one_bot() {
    let rules = Scratch::new("copies.rules", "rule all:\n  record\n  when starts after 00:00\n");
    let copy = |name: &str, title: &str| {
        let lines = [
            "BEGIN:VCALENDAR",
            "BEGIN:VEVENT",
            "UID:1@acme.example",
            "DTSTART:20260302T100000Z",
            "DTEND:20260302T103000Z",
            title,
            "LOCATION:https://meet.google.com/abc-defg-hij",
            "ORGANIZER:mailto:dana@acme.example",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ];
        Scratch::new(name, &lines.join("\r\n"))
    };
    let (one, other) = (copy("one.ics", "SUMMARY:Planning"), copy("other.ics", "SUMMARY:Planning"));
    let ran = callsheet(&[
        "plan",
        rules.path(),
        "--calendar",
        one.path(),
        other.path(),
        "--from",
        "2026-03-01",
        "--me",
        "me@acme.example",
    ]);
    expect![[r#"
        1 Mar 2026 to 14 Mar 2026, times in UTC, 2 calendars

        Monday 2 March 2026
          ● 10:00–10:30   Planning ×2       bot 09:58:30      by all

                    08  09  10  11  12  13  14  15  16  17
        Mon 2 Mar   ·   ·   ██  ·   ·   ·   ·   ·   ·   ·

                    █ a bot records   ░ skipped   ┄ not recordable

        1 meeting: 1 with a bot, 0 skipped, 0 not recordable
    "#]]
    .assert_eq(&ran.out);
}

#[test]
fn a_title_cannot_steer_the_terminal() {
    let rules = Scratch::new("steer.rules", "default record\n");
    let calendar = Scratch::new(
        "steer.ics",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260302T100000Z\r\nDTEND:20260302T110000Z\r\nSUMMARY:a\u{1b}[2Jb\u{202e}c\\nd\r\nLOCATION:https://meet.google.com/abc-defg-hij\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    );
    let ran =
        callsheet(&["plan", rules.path(), "--calendar", calendar.path(), "--from", "2026-03-01", "--me", "me@acme.example"]);
    assert!(ran.out.contains("a\u{fffd}[2Jb\u{fffd}c d"), "{}", ran.out);
    assert!(!ran.out.chars().any(|character| character == '\u{1b}' || character == '\u{202e}'), "{:?}", ran.out);
}

#[test]
fn planned_recordings_are_a_calendar_that_can_be_read() {
    let (rules, _, calendar) = examples().remove(0);
    let plan = callsheet(&[&["plan", &rules, "--calendar", &calendar, "--format", "json"], &WINDOW[..]].concat());
    let plan: Value = serde_json::from_str(&plan.out).expect("a JSON document");
    let joins: Vec<&str> =
        plan["decisions"].as_array().expect("decisions").iter().filter_map(|decision| decision["join_at"].as_str()).collect();
    let ics = callsheet(&[&["plan", &rules, "--calendar", &calendar, "--format", "ics"], &WINDOW[..]].concat());
    let events = callsheet_with(&[&["events", "-"], &WINDOW[..]].concat(), &ics.out);
    assert_eq!(events.code, 0, "{}", events.err);
    let starts: Vec<String> = events
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("an event")["start"].as_str().expect("a start").to_owned())
        .collect();
    assert!(!starts.is_empty());
    assert_eq!(starts, joins);
}

#[test]
fn a_program_file_reads_as_the_rules_it_was_made_from() {
    let program = Scratch::new("program.csp", "");
    for (rules, json, _) in examples() {
        assert_eq!(callsheet(&["compile", &rules, "--output", program.path()]).code, 0);
        let listed = callsheet(&["disasm", "--program", program.path()]);
        assert_eq!(listed.code, 0, "{}", listed.err);
        assert_eq!(listed.out, callsheet(&["disasm", &rules]).out);
        assert_eq!(
            callsheet(&["convert", "--to", "text", &json]).out,
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&rules)).expect("the rules")
        );
    }
}

#[test]
fn refusals_of_the_command_line_say_what_to_do() {
    let rules = Scratch::new("refused.rules", "rule all:\n  record\n  when repeats\n");
    let error = |arguments: &[&str]| callsheet(arguments).err.replace(rules.path(), "refused.rules");
    expect![[r#"
        error: --list customers: the rules have no `list customers provided …`
    "#]]
    .assert_eq(&error(&["eval", rules.path(), "--list", "customers=x", "--me", "a@b.example"]));
    expect![[r#"
        error: cannot read no-such.rules: No such file or directory (os error 2)
    "#]]
    .assert_eq(&error(&["lint", "no-such.rules"]));
    expect![[r#"
        error: no rule file was named
    "#]]
    .assert_eq(&error(&["lint"]));
    expect![[r#"
        error: --to must lie after --from
    "#]]
    .assert_eq(&error(&["events", rules.path(), "--from", "2026-03-02", "--to", "2026-03-01"]));
}

#[test]
fn the_readme_shows_what_its_first_command_prints() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("the README");
    let command = readme.lines().find_map(|line| line.strip_prefix("$ cargo run --release -- ")).expect("the first command");
    let ran = callsheet(&command.split(' ').collect::<Vec<_>>());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(readme.contains(&format!("```text\n{}```", ran.out)), "{}", ran.out);
}

#[test]
fn the_rules_in_the_manual_and_the_readme_pass_the_check() {
    for page in ["README.md", "docs/writing-rules.md"] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).expect("the page");
        let whole = text.split("```text\n").map(|rest| rest.split("```").next().expect("a block"));
        let mut files = 0;
        for block in whole.filter(|block| block.starts_with("callsheet 1\n")) {
            let file = Scratch::new(&format!("{}.rules", page.replace('/', "-")), block);
            let ran = callsheet(&["lint", file.path(), "--deny", "warning", "--format", "github"]);
            assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{page}");
            assert_eq!(callsheet(&["test", file.path()]).code, 0, "{page}");
            files += 1;
        }
        assert!(files > 0, "{page}");
    }
}
