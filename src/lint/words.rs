//! Short keywords inside of common words.

use super::{Subject, edit, walk};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{ConditionKind, Operand, TextField, TextOp};

/// `keyword-hits-common-words`: `title contains "hr"` finds "three".
pub(super) fn common(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    walk::each(subject, |condition| {
        let ConditionKind::Text { field, op: TextOp::Contains, operand } = &condition.kind else { return };
        if *field == TextField::Calendar {
            return;
        }
        let keywords: Vec<(&str, Span)> = match operand {
            Operand::One(text) => vec![(&text.value, text.at.0)],
            Operand::Several(items) => items.iter().map(|item| (item.value.as_str(), item.at.0)).collect(),
            // A list may serve other conditions, which ask for whole texts.
            Operand::List(_) => return,
        };
        for (keyword, at) in keywords {
            let Some(hit) = hit_by(keyword) else { continue };
            let word = keyword.trim();
            let finding =
                Diagnostic::new(Code::KeywordHitsCommonWords, at, format!("`{word}` also stands in words like `{hit}`"))
                    .help(format!("as a word of its own it is `matches /\\b{word}\\b/i`"));
            findings.push(match (operand, edit::text_form(subject, at), condition_end(subject, condition.at.0, at)) {
                (Operand::One(_), Some(_), Some(place)) => {
                    finding.fix(format!("ask for the word `{word}`"), place, format!("matches /\\b{word}\\b/i"))
                }
                _ => finding,
            });
        }
    });
}

/// The place of `contains "…"` in a condition, where it is written as that.
fn condition_end(subject: &Subject<'_>, condition: Span, keyword: Span) -> Option<Span> {
    let text = &subject.sources.get(condition.source).text;
    let before = text.get(condition.start as usize..keyword.start as usize)?;
    let start = condition.start as usize + before.rfind("contains")?;
    let plain = text[start..keyword.start as usize].trim_end() == "contains" && keyword.end == condition.end;
    plain.then(|| Span::new(condition.source, start, keyword.end as usize))
}

/// A common word in which a keyword stands among other letters; none for keywords that are words, long or not of letters.
fn hit_by(keyword: &str) -> Option<&'static str> {
    let keyword = keyword.to_lowercase();
    let short = (1..=KEYWORD_CHARS_MAX).contains(&keyword.len()) && keyword.bytes().all(|byte| byte.is_ascii_lowercase());
    let mut hits = COMMON.split_whitespace().filter(|word| word.len() > keyword.len() && word.contains(&keyword));
    // A word that only goes on where the keyword ends is mostly meant: `demo` and `demos`.
    short.then(|| hits.find(|word| !word.starts_with(&keyword) || word.len() > keyword.len() + 2)).flatten()
}

/// Longer keywords rarely stand in other words by accident.
const KEYWORD_CHARS_MAX: usize = 4;

/// Words that are frequent in titles of meetings.
const COMMON: &str = "
    about access account action actual advance after again agenda agree align alignment all analysis annual another apply
    approach april architecture area around assess asset assistant audit august author autumn available background balance based
    basic battle before behind benefit better between birthday board book boost border both bottom brainstorm branch break
    breakfast brief briefing bring broadcast budget build building business calendar call campaign cancel candidate capacity
    career carry case catch center central chain challenge chance change channel chapter charge chart chat check choice christmas
    chrome class clean clear client clinic close closing cloud coach coffee collect comment commercial committee common community
    company compare complete concept concern conference confirm connect consult contact content contract control cost council
    country course cover create credit crisis critical cross culture current customer cycle daily data date deadline deal debrief
    december decide decision deep define deliver delivery demand department deploy design desk detail develop digital dinner
    direct director discuss discussion doctor document domain download draft drive dynamic early earth editor education effort
    eight energy engage engineering enough enter entry environment equity event every example exchange executive exercise exit
    expert express external family fast feature february feedback field final finance financial finish first fiscal floor focus
    follow forecast forum forward founder frame friday friend from full function fund future general global goal grade great green
    group growth guest guide half handover happy head health hiring history holiday hour house however idea impact import important
    improve incident include increase independent industry informal information initiative inner innovation input inside insight
    install instead integration internal interview intro introduction invest invite issue january join joint journey july june
    kickoff knowledge lab language large last launch lead leader leadership learn learning leave legal lesson level library life
    light list listen live local logistics long lunch machine main make management manager march market marketing material matter
    maybe measure media medical meet meeting member mentor message method metric middle migration mission mobile model module
    moment monday money month monthly morning move name network never news next night nine notes november number october offer
    office often onboarding online open operation opportunity option orange order other outlook outside over overview owner page
    panel parent park part partner party past payment payroll people performance person phase phone picture pipeline place plan
    planning platform play please point policy portfolio practice prepare present presentation press price pricing prior
    private problem process product production program progress project property proposal provider public purpose quarter quarterly
    question quick range rather ready real reason record recruiting reference refinement region regular release remote report
    request research reserve resource response rest result retention retro retrospective return review right risk road roadmap
    room round safety salary sales saturday scale schedule school science scope screen screening search season second section
    security seminar senior september series server service session setup several share sharing shift short show sign simple
    single site skills slot social software solution source speaker special spring sprint staff stage stand standup start state
    status steering step still story strategy street stream strong student study style subject success summary summer sunday
    supplier supply support sync system table talent talk target task team tech technical technology template test their
    themselves there think third thread three through throughput thursday ticket time today together tomorrow tooling topic town
    track trade training transfer transport travel trial trip tuesday turn type under union university update upgrade urgent user
    vacation value vendor version video virtual vision visit voice vote wait walk wednesday week weekend weekly welcome which while
    window winter within without women word work working workshop world write year yearly yesterday young
";
