//! Remarks, found beside the conversation: what is wrong at once, what lints find and prove once nobody types.
//!
//! One thread looks at texts as they were when it was asked. What it finds is sent only while the editor still has those texts, and
//! held under one lock with the versions, so that nothing old is sent after something new.

use super::convert;
use super::documents::{Member, check_options, path_of};
use super::wire::Out;
use crate::cli::lint::Config;
use crate::diagnostic::Diagnostic;
use crate::editor::position::Encoding;
use crate::engine::{Checked, RuleText, check};
use crate::lint::Options;
use lsp_server::Notification;
use lsp_types::notification::{Notification as _, PublishDiagnostics, ShowMessage};
use lsp_types::{MessageType, ShowMessageParams};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long nobody types before lints are run.
const QUIET: Duration = Duration::from_millis(200);

/// What is to be looked at.
pub struct Job {
    /// The texts of one set.
    pub members: Vec<Member>,
    /// How the editor counts.
    pub encoding: Encoding,
}

impl Job {
    /// Jobs about the same texts have the same key: the later one counts.
    fn key(&self) -> String {
        self.members.first().map(|member| member.uri.clone()).unwrap_or_default()
    }

    fn texts(&self) -> Vec<RuleText> {
        self.members.iter().map(|member| member.text.clone()).collect()
    }
}

/// The texts of a set: the address of each, and the editor's number where it is open.
type Versions = Vec<(String, Option<i32>)>;

/// What is known of the open texts.
#[derive(Default)]
struct Known {
    /// The editor's number for each open text.
    versions: BTreeMap<String, i32>,
    /// The remarks on a set, by the addresses and versions that they are about.
    remarks: Vec<(Versions, Arc<Vec<Diagnostic>>)>,
}

impl Known {
    /// Whether the editor still has the texts that a job is about.
    fn has(&self, job: &Job) -> bool {
        job.members.iter().all(|member| member.version == self.versions.get(&member.uri).copied())
    }
}

/// The other thread, seen from the conversation.
pub struct Background {
    jobs: Sender<Job>,
    known: Arc<Mutex<Known>>,
    out: Out,
}

impl Background {
    pub fn start(out: Out) -> Self {
        let (jobs, todo) = channel();
        let known = Arc::new(Mutex::new(Known::default()));
        let worker = Worker { known: Arc::clone(&known), out: out.clone(), said: BTreeMap::new(), complaint: None };
        std::thread::spawn(move || worker.run(&todo));
        Self { jobs, known, out }
    }

    /// From now on this version counts.
    pub fn is_now(&self, uri: &str, version: i32) {
        lock(&self.known).versions.insert(uri.to_owned(), version);
    }

    /// A text was closed: nothing is shown about it any more.
    pub fn is_closed(&self, uri: &str) {
        let mut known = lock(&self.known);
        known.versions.remove(uri);
        known.remarks.retain(|(about, _)| about.iter().all(|(other, _)| other != uri));
        publish(&self.out, uri, None, &[]);
    }

    /// Has a set looked at. A thread that is gone looks at nothing.
    pub fn look_at(&self, job: Job) {
        let _ = self.jobs.send(job);
    }

    /// The remarks on exactly these texts, where they were found already.
    pub fn remarks(&self, members: &[Member]) -> Option<Arc<Vec<Diagnostic>>> {
        let about = about(members);
        lock(&self.known).remarks.iter().find(|(known, _)| *known == about).map(|(_, remarks)| Arc::clone(remarks))
    }
}

fn about(members: &[Member]) -> Versions {
    members.iter().map(|member| (member.uri.clone(), member.version)).collect()
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Worker {
    known: Arc<Mutex<Known>>,
    out: Out,
    /// What the check said last about each set, without places.
    said: BTreeMap<String, Vec<(String, String)>>,
    /// What was said last about the configuration.
    complaint: Option<String>,
}

impl Worker {
    fn run(mut self, todo: &Receiver<Job>) {
        let mut waiting: BTreeMap<String, (Job, Checked)> = BTreeMap::new();
        loop {
            let next = if waiting.is_empty() {
                todo.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                todo.recv_timeout(QUIET)
            };
            match next {
                // The editor has other texts by now, and a job about them is on its way.
                Ok(job) if !lock(&self.known).has(&job) => {}
                Ok(job) => {
                    // A fault of ours must not end the remarks on other texts.
                    let checked = catch_unwind(AssertUnwindSafe(|| self.check(&job)));
                    if let Ok(checked) = checked {
                        waiting.insert(job.key(), (job, checked));
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    let Some((_, (job, checked))) = waiting.pop_first() else { continue };
                    if lock(&self.known).has(&job) {
                        let _ = catch_unwind(AssertUnwindSafe(|| self.lint(&job, &checked)));
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// What is wrong, told at once where it is something else than before.
    fn check(&mut self, job: &Job) -> Checked {
        let checked = check(&job.texts(), &check_options());
        let said: Vec<(String, String)> =
            checked.diagnostics.iter().map(|remark| (remark.code.as_str().to_owned(), remark.message.clone())).collect();
        let known = lock(&self.known);
        if known.has(job) && self.said.get(&job.key()) != Some(&said) {
            self.tell(job, &checked.diagnostics);
            self.said.insert(job.key(), said);
        }
        drop(known);
        checked
    }

    /// All there is to say. What it can be cured by is known before anybody sees it.
    fn lint(&mut self, job: &Job, checked: &Checked) {
        let paths = job.members.iter().filter_map(|member| path_of(&member.uri));
        let options = match Config::load(None, paths) {
            Ok(config) => config.options,
            Err(error) => {
                self.complain(error.to_string());
                Options::default()
            }
        };
        let remarks = Arc::new(checked.remarks(&options));
        let mut known = lock(&self.known);
        if known.has(job) {
            let about = about(&job.members);
            known.remarks.retain(|(other, _)| other.first().map(|(uri, _)| uri) != about.first().map(|(uri, _)| uri));
            known.remarks.push((about, Arc::clone(&remarks)));
            self.tell(job, &remarks);
        }
    }

    /// Says once what is wrong with the configuration.
    fn complain(&mut self, message: String) {
        if self.complaint.as_ref() != Some(&message) {
            let params = ShowMessageParams { typ: MessageType::WARNING, message: message.clone() };
            self.out.send(Notification::new(ShowMessage::METHOD.to_owned(), params));
            self.complaint = Some(message);
        }
    }

    /// Sends the remarks on the texts that are open.
    fn tell(&self, job: &Job, remarks: &[Diagnostic]) {
        let texts = convert::lines_of(&job.members);
        for (index, member) in job.members.iter().enumerate().filter(|(_, member)| member.version.is_some()) {
            let own = remarks.iter().filter(|remark| usize::from(remark.primary.span.source.0) == index);
            let told: Vec<_> = own.map(|remark| convert::diagnostic(remark, &texts, job.encoding)).collect();
            publish(&self.out, &member.uri, member.version, &told);
        }
    }
}

fn publish(out: &Out, uri: &str, version: Option<i32>, diagnostics: &[lsp_types::Diagnostic]) {
    let params = serde_json::json!({ "uri": uri, "version": version, "diagnostics": diagnostics });
    out.send(Notification::new(PublishDiagnostics::METHOD.to_owned(), params));
}
