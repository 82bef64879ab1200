//! `callsheet-lint.toml`: which remarks a team wants, and how much each matters.
//!
//! ```toml
//! deny = "warning"
//! [levels]
//! id-style = "warning"
//! [options]
//! id-style = "^[a-z][a-z0-9_]*$"
//! long-condition = 8
//! unknown-provider-fact = ["google", "microsoft"]
//! ```

use crate::cli::{CliError, input};
use crate::diagnostic::{Code, Level, nearest};
use crate::lint::{Options, can_change};
use crate::value::{Closed, Provider};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// What the file is called.
pub const FILE_NAME: &str = "callsheet-lint.toml";

/// What a configuration file says.
#[derive(Debug, Default)]
pub struct Config {
    /// The least level that makes the command fail, where the file says one.
    pub deny: Option<Level>,
    /// Levels and lines drawn.
    pub options: Options,
}

impl Config {
    /// The file that was named, else the first one that stands beside one of the rule files or in the folder that the command
    /// runs in; else nothing is configured.
    pub fn load(named: Option<&Path>, rule_files: impl Iterator<Item = PathBuf>) -> Result<Self, CliError> {
        let found = match named {
            Some(path) => Some(path.to_owned()),
            None => rule_files
                .filter_map(|file| file.parent().map(|folder| folder.join(FILE_NAME)))
                .chain([PathBuf::from(FILE_NAME)])
                .find(|path| path.is_file()),
        };
        let Some(path) = found else { return Ok(Self::default()) };
        let text = input::read_text(&path)?;
        Self::parse(&text).map_err(|why| CliError::Content { name: input::shown(&path), why })
    }

    /// Reads the file's text; an error names the key and what it may be.
    fn parse(text: &str) -> Result<Self, String> {
        let table: Table = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        let mut config = Self::default();
        for (key, value) in &table {
            match key.as_str() {
                "deny" => config.deny = Some(deny(value)?),
                "levels" => config.read_levels(table_of("levels", value)?)?,
                "options" => config.read_options(table_of("options", value)?)?,
                _ => return Err(unknown("key", key, ["deny", "levels", "options"])),
            }
        }
        Ok(config)
    }

    fn read_levels(&mut self, levels: &Table) -> Result<(), String> {
        for (key, value) in levels {
            let Some(code) = Code::named(key) else {
                let known = Code::ALL.iter().filter(|code| can_change(**code)).map(|code| code.as_str());
                return Err(format!("`levels.{key}`: {}", unknown("code", key, known)));
            };
            if !can_change(code) {
                return Err(format!("`levels.{key}`: this is an error that keeps rules from being used, and stays one"));
            }
            let level = level(value).map_err(|why| format!("`levels.{key}`: {why}"))?;
            self.options.levels.insert(code, level);
        }
        Ok(())
    }

    fn read_options(&mut self, options: &Table) -> Result<(), String> {
        for (key, value) in options {
            match key.as_str() {
                "id-style" => {
                    let pattern = value.as_str().ok_or("`options.id-style` is a regular expression in quotes")?;
                    self.options.id_style = regex::RegexBuilder::new(pattern)
                        .size_limit(PATTERN_SIZE_MAX)
                        .build()
                        .map_err(|error| format!("`options.id-style`: {error}"))?;
                }
                "long-condition" => {
                    let most = value.as_integer().and_then(|most| usize::try_from(most).ok()).filter(|most| *most > 0);
                    self.options.conditions_max = most.ok_or("`options.long-condition` is a number from 1")?;
                }
                "unknown-provider-fact" => {
                    const WHAT: &str = "`options.unknown-provider-fact` is a list of `\"google\"`, `\"microsoft\"`, `\"ics\"`";
                    let words = value.as_array().ok_or(WHAT)?.iter().map(|word| word.as_str().and_then(Provider::from_word));
                    self.options.providers = words.collect::<Option<_>>().ok_or(WHAT)?;
                }
                _ => return Err(format!("`options.{key}`: {}", unknown("option", key, OPTIONS))),
            }
        }
        Ok(())
    }
}

/// Bytes that a pattern of the configuration may take, compiled.
const PATTERN_SIZE_MAX: usize = 1024 * 1024;

/// The lints that have an option.
const OPTIONS: [&str; 3] = ["id-style", "long-condition", "unknown-provider-fact"];

fn table_of<'t>(key: &str, value: &'t Value) -> Result<&'t Table, String> {
    value.as_table().ok_or_else(|| format!("`{key}` is a table: write `[{key}]` on a line of its own"))
}

fn level(value: &Value) -> Result<Level, String> {
    let word = value.as_str().ok_or("a level is `\"off\"`, `\"info\"`, `\"warning\"` or `\"error\"`")?;
    let levels = Level::ALL.map(Level::word);
    Level::ALL.into_iter().find(|level| level.word() == word).ok_or_else(|| unknown("level", word, levels))
}

fn deny(value: &Value) -> Result<Level, String> {
    match level(value).map_err(|why| format!("`deny`: {why}"))? {
        Level::Off => Err("`deny` is `\"info\"`, `\"warning\"` or `\"error\"`".into()),
        level => Ok(level),
    }
}

fn unknown<'a>(what: &str, word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let near = nearest(word, known.clone());
    let near = near.or_else(|| known.into_iter().find(|other| other.replace('-', "_") == word));
    match near {
        Some(near) => format!("there is no {what} `{word}`; did you mean `{near}`?"),
        None => format!("there is no {what} `{word}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_levels_and_options() {
        let text = "deny = \"warning\"\n[levels]\nid-style = \"error\"\nunused-name = \"off\"\n[options]\nlong-condition = 3\n";
        let config = Config::parse(text).expect("a configuration");
        assert_eq!(config.deny, Some(Level::Warning));
        assert_eq!(config.options.level(Code::UnusedName), Level::Off);
        assert_eq!(config.options.conditions_max, 3);
        assert_eq!(Config::parse("").expect("nothing is configured").options.level(Code::UnusedName), Level::Warning);
    }

    #[test]
    fn an_error_names_the_key_and_suggests() {
        for (text, expected) in [
            ("denny = \"info\"", "there is no key `denny`; did you mean `deny`?"),
            ("deny = \"off\"", "`deny` is `\"info\"`, `\"warning\"` or `\"error\"`"),
            ("levels = 1", "`levels` is a table: write `[levels]` on a line of its own"),
            ("[levels]\nunusd-name = \"off\"", "`levels.unusd-name`: there is no code `unusd-name`; did you mean `unused-name`?"),
            ("[levels]\nunused-name = \"warn\"", "`levels.unused-name`: there is no level `warn`"),
            ("[levels]\nunused-name = 1", "`levels.unused-name`: a level is `\"off\"`, `\"info\"`, `\"warning\"` or `\"error\"`"),
            (
                "[levels]\nsyntax-error = \"off\"",
                "`levels.syntax-error`: this is an error that keeps rules from being used, and stays one",
            ),
            ("[options]\nid_style = \"x\"", "`options.id_style`: there is no option `id_style`; did you mean `id-style`?"),
            ("[options]\nlong-condition = 0", "`options.long-condition` is a number from 1"),
        ] {
            assert_eq!(Config::parse(text).expect_err(text), expected);
        }
        assert!(Config::parse("[options]\nid-style = \"(\"").expect_err("no pattern").starts_with("`options.id-style`: "));
        assert!(Config::parse("deny").expect_err("no TOML").contains("line 1"));
    }
}
