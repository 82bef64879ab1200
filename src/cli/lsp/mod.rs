//! `callsheet lsp`: rule files in an editor, by the Language Server Protocol over standard input and output.
//!
//! What editors ask is answered by [`crate::editor`]; here is the protocol: the conversation ([`server`]), the texts
//! ([`documents`]), answers in the protocol's words ([`requests`], [`convert`]), and remarks, which are found beside the
//! conversation ([`background`]). Standard error never shows what is in a text.

mod background;
mod convert;
mod documents;
mod requests;
mod server;
mod wire;

use super::{CliError, Outcome, say};
use server::Server;
use std::io::BufReader;
use std::sync::mpsc::channel;

/// Arguments of `callsheet lsp`.
#[derive(clap::Args)]
pub struct Args {
    /// Speak over standard input and output, which is the only way there is
    #[arg(long)]
    stdio: bool,
}

pub(super) fn run(_: &Args) -> Result<Outcome, CliError> {
    // The words of a panic can hold a piece of a text.
    std::panic::set_hook(Box::new(|fault| {
        let place = fault.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
        say(&format!("callsheet lsp: a fault of this program{place}; please report it"));
    }));
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut input = BufReader::new(std::io::stdin());
        loop {
            match wire::read(&mut input) {
                Ok(Some(incoming)) => {
                    if sender.send(incoming).is_err() {
                        return;
                    }
                }
                Ok(None) => return,
                Err(error) => return say(&format!("callsheet lsp: the conversation ends: {error}")),
            }
        }
    });
    let ended_well = Server::new(wire::Out::new(std::io::stdout())).run(&receiver);
    Ok(Outcome::findings_if(!ended_well))
}
