//! Which days a command looks at.

use super::CliError;
use crate::event::Window;
use crate::time::{Date, Instant, Zone};

/// `--from`, `--to` and `--zone`.
#[derive(clap::Args)]
pub struct WindowArgs {
    /// First day, or an instant such as 2026-03-02T09:00:00Z [default: today]
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// First day that is no longer shown, or an instant [default: 14 days after --from]
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
}

/// Days shown when `--to` does not say otherwise.
const DAYS_SHOWN: i32 = 14;

impl WindowArgs {
    /// The window in UTC; days begin at midnight in `zone`.
    pub fn window(&self, zone: &Zone) -> Result<Window, CliError> {
        let from = match &self.from {
            Some(text) => border("--from", text, zone)?,
            None => midnight(today(zone), zone),
        };
        let to = match &self.to {
            Some(text) => border("--to", text, zone)?,
            None => {
                let last = zone.civil(from).date();
                midnight(last.checked_add(jiff::Span::new().days(DAYS_SHOWN)).unwrap_or(Date::MAX), zone)
            }
        };
        if to <= from {
            return Err(CliError::Usage("--to must lie after --from".into()));
        }
        Ok(from..to)
    }
}

/// Today in `zone`, by the machine's clock.
pub fn today(zone: &Zone) -> Date {
    zone.civil(Instant::now()).date()
}

fn midnight(date: Date, zone: &Zone) -> Instant {
    zone.instant(date.to_datetime(crate::time::ClockTime::midnight()))
}

fn border(option: &str, text: &str, zone: &Zone) -> Result<Instant, CliError> {
    if let Ok(date) = parse_date(text) {
        return Ok(midnight(date, zone));
    }
    text.parse::<Instant>().map_err(|_| {
        CliError::Usage(format!("{option}: `{text}` is neither a date like 2026-03-02 nor an instant like 2026-03-02T09:00:00Z"))
    })
}

/// A date written `2026-03-02`.
pub fn parse_date(text: &str) -> Result<Date, String> {
    if text.len() != "2026-03-02".len() {
        return Err(format!("`{text}` is not a date like 2026-03-02"));
    }
    text.parse::<Date>().map_err(|_| format!("`{text}` is not a date like 2026-03-02"))
}
