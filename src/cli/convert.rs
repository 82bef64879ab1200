//! `callsheet convert`: text rules to JSON, JSON rules to text.

use super::fmt::say_format_error;
use super::input::{read_text, shown};
use super::{CliError, Outcome, print};
use crate::engine;
use crate::source::Form;
use std::path::PathBuf;

/// Arguments of `callsheet convert`.
#[derive(clap::Args)]
pub struct Args {
    /// A rule file in either form; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// The form to write
    #[arg(long, value_enum)]
    to: To,
    /// Where to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum To {
    /// The text form
    Text,
    /// The JSON form
    Json,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let name = shown(&args.file);
    let text = read_text(&args.file)?;
    let form = match args.to {
        To::Text => Form::Text,
        To::Json => Form::Json,
    };
    match engine::convert(&name, &text, form) {
        Ok(converted) => {
            match &args.output {
                Some(path) => std::fs::write(path, &converted).map_err(|source| CliError::Write { name: shown(path), source })?,
                None => print(&converted)?,
            }
            Ok(Outcome::Clean)
        }
        Err(error) => Ok(say_format_error(&name, error)),
    }
}
