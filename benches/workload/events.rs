//! Meetings as a mid-sized company has them.

use super::dice::Dice;
use super::vocabulary::{self, COLLEAGUES, MAIL_DOMAINS, MANAGER, ME, OWN_DOMAINS, Vocabulary};
use callsheet::event::Freq;
use callsheet::value::{Provider, Response};

/// One meeting, in nobody's form.
#[derive(Clone, Debug)]
pub struct Event {
    /// 10 to 80 characters, less a space that was cut off.
    pub title: String,
    /// One to forty, each address once; the organizer stands first.
    pub attendees: Vec<Attendee>,
    /// Seconds since 1970 in UTC; midnight for a whole day.
    pub start_secs: i64,
    /// The zone that it was entered in.
    pub zone: &'static str,
    /// Whole days for a whole-day event.
    pub duration_mins: u32,
    /// Whether it takes whole days.
    pub all_day: bool,
    /// How it repeats, if it does; each time for ever.
    pub repeats: Option<Freq>,
    /// Whose service holds it.
    pub provider: Provider,
    /// What the user of the calendar answered.
    pub my_response: Response,
    /// Names the meeting's room.
    pub link: String,
}

/// Somebody who is invited.
#[derive(Clone, Debug)]
pub struct Attendee {
    /// In lower case.
    pub address: String,
    pub response: Response,
    pub optional: bool,
}

impl Attendee {
    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.address.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// Whether they are one of us.
    pub fn is_internal(&self) -> bool {
        OWN_DOMAINS.contains(&self.domain())
    }
}

impl Event {
    /// Who called it.
    pub fn organizer(&self) -> &Attendee {
        &self.attendees[0]
    }
}

/// Monday, 2026-03-02 00:00 in UTC.
pub const EPOCH_SECS: i64 = 1_772_409_600;

/// What stands between two words; mostly nothing but a space.
const SEPARATORS: [&str; 8] = [" ", " ", " ", " ", " ", ": ", " / ", " - "];

const ZONES: [&str; 4] = ["Europe/London", "Europe/Berlin", "America/New_York", "Asia/Tokyo"];

/// The first `count` events of a seed: asking for more adds to the end.
pub fn events(seed: u64, count: usize) -> Vec<Event> {
    let vocabulary = Vocabulary::new();
    let event = |place: usize| {
        let mut dice = Dice::new(seed.wrapping_mul(0x1000_0001).wrapping_add(place as u64));
        event(&mut dice, &vocabulary)
    };
    (0..count).map(event).collect()
}

fn event(dice: &mut Dice, vocabulary: &Vocabulary) -> Event {
    let all_day = dice.happens(0.03);
    let day = dice.between(0, 90) as i64;
    let minute = if all_day { 0 } else { (dice.between(7, 19) * 60 + dice.between(0, 4) * 15) as i64 };
    let my_response = match dice.between(0, 20) {
        0..14 => Response::Accepted,
        14..16 => Response::Tentative,
        16..19 => Response::None,
        _ => Response::Declined,
    };
    Event {
        title: title(dice, vocabulary),
        attendees: attendees(dice, vocabulary, my_response),
        start_secs: EPOCH_SECS + day * 86_400 + minute * 60,
        zone: ZONES[dice.between(0, 12).saturating_sub(8).min(3)],
        duration_mins: if all_day { 24 * 60 } else { *dice.pick(&[15, 30, 30, 30, 45, 60, 60, 90, 120]) },
        all_day,
        repeats: repeats(dice),
        provider: *dice.pick(&[Provider::Google, Provider::Google, Provider::Microsoft, Provider::Microsoft, Provider::Ics]),
        my_response,
        link: format!("abc-{:04x}-xyz", dice.bits() & 0xffff),
    }
}

fn repeats(dice: &mut Dice) -> Option<Freq> {
    match dice.between(0, 100) {
        0..18 => Some(Freq::Weekly),
        18..22 => Some(Freq::Daily),
        22..27 => Some(Freq::Monthly),
        _ => None,
    }
}

/// 10 to 80 characters: a tenth up to 16, half up to 34, nine tenths up to 62. A quarter is not ASCII.
fn title(dice: &mut Dice, vocabulary: &Vocabulary) -> String {
    let share = dice.share();
    let steps = [(0.0, 10.0), (0.1, 16.0), (0.5, 34.0), (0.9, 62.0), (1.0, 80.0)];
    let at = steps.partition_point(|(up_to, _)| *up_to <= share).clamp(1, steps.len() - 1);
    let ((from, low), (to, high)) = (steps[at - 1], steps[at]);
    let length = (low + (high - low) * (share - from) / (to - from)).round() as usize;
    let (mostly_foreign, adorned) = match dice.between(0, 100) {
        0..17 => (true, false),
        17..25 => (false, true),
        _ => (false, false),
    };
    let mut title = if adorned { format!("{} ", vocabulary::ornament(dice)) } else { String::new() };
    while title.chars().count() < length {
        if !title.is_empty() && !title.ends_with(' ') {
            title.push_str(SEPARATORS[dice.between(0, SEPARATORS.len())]);
        }
        // The first word decides the script, so that a short title has it too.
        if mostly_foreign && (title.is_empty() || dice.happens(0.95)) {
            title.push_str(vocabulary.foreign_word(dice));
        } else {
            let word = vocabulary.word(dice);
            title.push_str(&if dice.happens(0.35) { capital(word) } else { word.to_owned() });
        }
    }
    let cut: String = title.chars().take(length.max(10)).collect();
    let cut = cut.trim_end();
    if dice.happens(0.02) { cut.to_uppercase() } else { cut.to_owned() }
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

fn attendees(dice: &mut Dice, vocabulary: &Vocabulary, my_response: Response) -> Vec<Attendee> {
    let count = match dice.between(0, 100) {
        0..4 => 1,
        4..24 => 2,
        24..72 => dice.between(3, 8),
        72..94 => dice.between(7, 15),
        _ => dice.between(15, 41),
    };
    let domains = guest_domains(dice, vocabulary);
    let guests = if domains.is_empty() { 0.0 } else { 0.26 + 0.6 * dice.share() };
    let mut addresses = vec![ME.to_owned()];
    if dice.happens(if count == 2 { 0.12 } else { 0.04 }) && count > 1 {
        addresses.push(MANAGER.to_owned());
    }
    let mut to_come = domains.iter();
    while addresses.len() < count {
        let next = match to_come.next() {
            Some(domain) => guest(dice, domain),
            None if dice.happens(guests) => {
                let domain = dice.pick(&domains);
                guest(dice, domain)
            }
            None => vocabulary::colleague(dice.between(0, COLLEAGUES)),
        };
        if !addresses.contains(&next) {
            addresses.push(next);
        }
    }
    let organizer = if dice.happens(0.35) { 0 } else { dice.between(0, addresses.len()) };
    addresses.swap(0, organizer);
    addresses.into_iter().enumerate().map(|(place, address)| attendee(dice, place, address, my_response)).collect()
}

fn attendee(dice: &mut Dice, place: usize, address: String, my_response: Response) -> Attendee {
    let answered = *dice.pick(&[
        Response::Accepted,
        Response::Accepted,
        Response::Accepted,
        Response::None,
        Response::None,
        Response::Tentative,
        Response::Declined,
    ]);
    let response = match () {
        () if address == ME => my_response,
        () if place == 0 => Response::Accepted,
        () => answered,
    };
    Attendee { address, response, optional: place > 0 && dice.happens(0.1) }
}

/// The domains of those who come from elsewhere: for half of all meetings none.
fn guest_domains(dice: &mut Dice, vocabulary: &Vocabulary) -> Vec<String> {
    let count = match dice.between(0, 100) {
        0..48 => 0,
        48..82 => 1,
        82..92 => 2,
        92..97 => 3,
        _ => 4,
    };
    let domain = |dice: &mut Dice| {
        if dice.happens(0.12) { (*dice.pick(&MAIL_DOMAINS)).to_owned() } else { vocabulary.customer(dice).to_owned() }
    };
    (0..count).map(|_| domain(dice)).collect()
}

fn guest(dice: &mut Dice, domain: &str) -> String {
    let names = ["ann", "bo", "chris", "dee", "eli", "fay", "gus", "hana", "ivo", "jo", "kai", "lea", "max", "nia", "oli", "pat"];
    format!("{}.{}@{domain}", dice.pick(&names), dice.between(1, 60))
}
