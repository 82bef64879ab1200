//! A decision record in sentences: what [`json`](crate::explain::Explanation::json) wrote, read back for a person.

use crate::cli::text::one_line;
use crate::host::model::Meeting;
use serde_json::Value;
use std::fmt::Write;

/// Most lines about the condition of the rule that decided.
const CONDITION_LINES_MAX: usize = 40;
/// Most others of a kind that are told.
const OTHERS_MAX: usize = 10;

/// The decision about a meeting, who made it and what would change it. A record that cannot be read leaves the reason.
pub fn sentences(meeting: &Meeting, record: &Value) -> String {
    let told = &record["explanation"];
    let Some(headline) = told["headline"].as_str() else {
        return format!("{}: {}\n", meeting.outcome.word(), one_line(&meeting.reason));
    };
    let mut out = String::new();
    if record["by_hand"].is_array() {
        out.push_str("A person sent a bot by hand, and it comes whatever else holds. What the calendars say:\n");
    }
    let _ = writeln!(out, "{}", one_line(headline));
    by(&told["by"], &mut out);
    if told["why"].is_object() {
        out.push_str("\nIts condition:\n");
        let mut lines = Vec::new();
        condition(&told["why"], 1, &mut lines);
        let more = lines.len().saturating_sub(CONDITION_LINES_MAX);
        lines.iter().take(CONDITION_LINES_MAX).for_each(|line| out.push_str(line));
        if more > 0 {
            let _ = writeln!(out, "  … and {more} more");
        }
    }
    also(&told["also_matched"], &mut out);
    unknown(&told["unknown"]["mattered"], &mut out);
    flip(&told["flip"], &mut out);
    out
}

fn text(value: &Value) -> String {
    one_line(value.as_str().unwrap_or_default())
}

fn by(by: &Value, out: &mut String) {
    let rule = &by["rule"];
    if rule.is_object() {
        let _ = writeln!(out, "Rule {}: {} {}", text(&rule["id"]), text(&rule["do"]), text(&rule["condition"]));
        let place = &rule["place"];
        if place.is_object() {
            let _ = writeln!(out, "It stands in {}, line {}.", text(&place["file"]), place["line"]);
        }
        if rule["because"].is_string() {
            let _ = writeln!(out, "Its reason: {}", text(&rule["because"]));
        }
    }
    if by["remedy"].is_string() {
        let _ = writeln!(out, "{}", text(&by["remedy"]));
    }
    if by["otherwise"].is_object() {
        let _ = writeln!(out, "Otherwise it would be {}.", text(&by["otherwise"]["words"]));
    }
}

/// Each part of a condition on a line of its own, parts under what they are parts of.
fn condition(told: &Value, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let truth = text(&told["truth"]);
    let group = [("all", "all of"), ("any", "any of")].into_iter().find(|(member, _)| told[*member].is_array());
    let single = [("not", "not"), ("surely", "surely"), ("possibly", "possibly")].into_iter();
    if let Some((member, words)) = group {
        lines.push(format!("{indent}{truth}: {words}\n"));
        told[member].as_array().into_iter().flatten().for_each(|part| condition(part, depth + 1, lines));
    } else if let Some((member, words)) = single.into_iter().find(|(member, _)| told[*member].is_object()) {
        lines.push(format!("{indent}{truth}: {words}\n"));
        condition(&told[member], depth + 1, lines);
    } else {
        let reasons: Vec<String> =
            told["unknown"].as_array().into_iter().flatten().map(|reason| text(&reason["words"])).collect();
        let because = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
        lines.push(format!("{indent}{truth}: {}{because}\n", text(&told["condition"])));
    }
}

fn also(others: &Value, out: &mut String) {
    let others = others.as_array().map_or(&[][..], Vec::as_slice);
    if others.is_empty() {
        return;
    }
    out.push_str("\nAlso matched:\n");
    for other in others.iter().take(OTHERS_MAX) {
        let standing = text(&other["standing"]).replace('_', " ");
        let _ = writeln!(out, "  {}: {} ({standing})", text(&other["rule"]["id"]), text(&other["rule"]["do"]));
    }
}

fn unknown(unknowns: &Value, out: &mut String) {
    for unknown in unknowns.as_array().into_iter().flatten().take(OTHERS_MAX) {
        let reasons: Vec<String> =
            unknown["unknown"].as_array().into_iter().flatten().map(|reason| text(&reason["words"])).collect();
        let _ = writeln!(
            out,
            "\nUnknown: {} ({}). Were it {}, it would be {}.",
            text(&unknown["condition"]),
            reasons.join("; "),
            text(&unknown["if"]),
            text(&unknown["then"]["words"]),
        );
    }
}

fn flip(flip: &Value, out: &mut String) {
    let sets = flip["sets"].as_array().map_or(&[][..], Vec::as_slice);
    if sets.is_empty() {
        return;
    }
    out.push_str("\nWhat would change it:\n");
    for set in sets.iter().take(OTHERS_MAX) {
        let changes: Vec<String> = set["changes"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|change| format!("{} were {}", text(&change["condition"]), text(&change["to"])))
            .collect();
        let _ = writeln!(out, "  if {}: {}", changes.join(", and "), text(&set["then"]["words"]));
    }
}
