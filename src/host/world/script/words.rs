//! Names, titles and rule texts of the simulated offices.

/// First names of users.
pub const NAMES: [&str; 16] = [
    "amara", "bruno", "celine", "dmitri", "esra", "farid", "greta", "hugo", "ines", "jonas", "kaja", "leon", "mira", "nils",
    "olga", "paul",
];

/// People of other organisations.
pub const OUTSIDERS: [&str; 5] = [
    "rosa@harbourfreight.example",
    "sven@nordlicht.example",
    "tara@quince.example",
    "umar@quince.example",
    "vera@applicants.example",
];

/// Titles; some of them mean something to the rules.
pub const TITLES: [&str; 20] = [
    "Quarterly numbers",
    "Customer call: harbour project",
    "Daily",
    "Roadmap, second half",
    "Interview: backend",
    "Salary review",
    "Incident review",
    "Sprint demo",
    "Budget draft",
    "Lunch and learn: parsers",
    "Contract talk",
    "Onboarding",
    "Hiring committee",
    "Design critique",
    "Pricing, again",
    "1:1",
    "Support handover",
    "Board preparation",
    "Retro",
    "Demo for Quince",
];

/// Rule texts; `OUR_DOMAIN` stands for the organisation's domain.
pub const RULES: [&str; 4] = [
    "callsheet 1\nlayer organisation\nour domains @OUR_DOMAIN\ndefault record\n",
    "callsheet 1\nlayer organisation\nour domains @OUR_DOMAIN\ndefault skip\n\n\
     rule salaries:\n  never record\n  when title contains \"salary\" or visibility is private\n\n\
     rule outside:\n  always record\n  when any attendee is external\n\n\
     rule larger:\n  record\n  when attendees >= 3\n",
    "callsheet 1\nlayer organisation\nour domains @OUR_DOMAIN\ndefault record\n\n\
     rule pairs:\n  skip\n  when one-on-one\n\n\
     rule daily:\n  skip\n  when title is \"Daily\" and repeats\n\n\
     rule declined:\n  skip\n  when my response is declined\n",
    "callsheet 1\nlayer organisation\nour domains @OUR_DOMAIN\ndefault skip\ndefaults with { join: 2m before start }\n\n\
     rule interviews:\n  never record\n  when title starts with \"Interview\"\n\n\
     rule moved:\n  record\n  when occurrence is moved\n\n\
     rule office-hours:\n  record\n  when starts between 08:00 and 18:00 on mon..fri\n",
];
