//! Services whose meetings are recognised but not joined: named in output, `other` in rules.
//!
//! One table, after the lists that calendar programs keep. A row is a service, its hosts and the shapes of its paths.

use super::address::Address;

/// A service that is recognised.
struct Service {
    name: &'static str,
    /// `meet.jit.si`: this host. `.chime.aws`: this one and those below it. `*.zm.page`: those below it. `meet*.livekit.io`:
    /// those below it whose name begins so.
    hosts: &'static [&'static str],
    /// Shapes of the path: `*` any segment, `#` digits, `@` eight to thirteen letters or digits, `**` one or more segments
    /// of any kind, a trailing `**?` none or more. Behind a `?`: a parameter of the query or the fragment that must be there, `=` in front of it where it
    /// names the meeting. Behind a `#/`: how the fragment begins.
    shapes: &'static [&'static str],
}

const fn service(name: &'static str, hosts: &'static [&'static str], shapes: &'static [&'static str]) -> Service {
    Service { name, hosts, shapes }
}

/// Every service; the first that fits is taken.
const SERVICES: &[Service] = &[
    service("meet_stream", &["stream.meet.google.com"], &["stream/*"]),
    service("hangouts", &["hangouts.google.com"], &["**"]),
    service("duo", &["duo.app.goo.gl", "duo.google.com"], &["**"]),
    service("zm_page", &["*.zm.page"], &["**?"]),
    service("reclaim", &["reclaim.ai"], &["z/**"]),
    service("gotowebinar", &[".gotowebinar.com"], &["**"]),
    service("jitsi", &["meet.jit.si"], &["*"]),
    service("chime", &[".chime.aws"], &["#"]),
    service("ringcentral", &[".ringcentral.com"], &["**"]),
    service("bluejeans", &[".bluejeans.com"], &["**"]),
    service("8x8", &["8x8.vc"], &["**"]),
    service("demio", &["event.demio.com", "my.demio.com"], &["**"]),
    service("join_me", &["join.me", "secure.join.me"], &["**"]),
    service("whereby", &[".whereby.com"], &["**"]),
    service("uberconference", &["uberconference.com", "www.uberconference.com"], &["**"]),
    service("blizz", &["go.blizz.com"], &["**"]),
    service("teamviewer", &["go.teamviewer.com"], &["**"]),
    service("vsee", &["vsee.com"], &["**"]),
    service("starleaf", &["meet.starleaf.com"], &["**"]),
    service("voov", &["voovmeeting.com", "www.voovmeeting.com", "meeting.tencent.com"], &["**"]),
    service("workplace", &[".workplace.com"], &["groupcall/**"]),
    service("lifesize", &["call.lifesizecloud.com"], &["**"]),
    service("skype", &["join.skype.com"], &["**"]),
    service("skype_for_business", &["meet.lync.com"], &["**"]),
    service("facetime", &["facetime.apple.com"], &["join?=p", "join"]),
    service("youtube", &["youtube.com", "www.youtube.com", "m.youtube.com"], &["watch?=v", "**"]),
    service("youtube", &["youtu.be"], &["**"]),
    service("vonage", &["meetings.vonage.com"], &["#"]),
    service("around", &["around.co", "meet.around.co"], &["**"]),
    service("jam", &["jam.systems"], &["**"]),
    service("discord", &[".discord.com", ".discordapp.com", "discord.gg"], &["**"]),
    service("blackboard", &[".bbcollab.com"], &["**"]),
    service("coscreen", &["join.coscreen.co"], &["**"]),
    service("vowel", &[".vowel.com"], &["#/g/"]),
    service("zhumu", &["welink.zhumu.com"], &["j/#?pwd"]),
    service("lark", &["vc.larksuite.com"], &["j/#"]),
    service("feishu", &["vc.feishu.cn"], &["j/#"]),
    service("vimeo", &["vimeo.com"], &["showcase/#", "event/#", "event/#/*"]),
    service("vimeo", &["venues.vimeo.com"], &["**"]),
    service("ovice", &[".ovice.in", ".ovice.com"], &["**?"]),
    service("luma", &["lu.ma", "luma.com"], &["join/**"]),
    service("preply", &["preply.com"], &["**"]),
    service("userzoom", &["go.userzoom.com"], &["participate/*"]),
    service("venue", &["app.venue.live"], &["app/**"]),
    service("teemyco", &["app.teemyco.com"], &["room/**"]),
    service("demodesk", &["demodesk.com"], &["**"]),
    service(
        "zoho_cliq",
        &["cliq.zoho.com", "cliq.zoho.eu", "cliq.zoho.in", "cliq.zoho.com.au", "cliq.zoho.com.cn", "cliq.zoho.jp"],
        &["meetings/**"],
    ),
    service("slack", &["app.slack.com"], &["huddle/**"]),
    service("gather", &["app.gather.town"], &["app/*/*?spawnToken", "app/*/*?meeting"]),
    service("pop", &["pop.com"], &["j/*"]),
    service("chorus", &["go.chorus.ai"], &["**"]),
    service("gong", &[".join.gong.io"], &["**"]),
    service("livestorm", &["app.livestorm.com", "app.livestorm.co"], &["p/**"]),
    service("tuple", &["tuple.app"], &["c/**"]),
    service("pumble", &["meet.pumble.com"], &["*"]),
    service("suit_conference", &[".conference.istesuit.com"], &["**"]),
    service("doxy_me", &[".doxy.me"], &["**"]),
    service("cal_com", &["app.cal.com"], &["video/**"]),
    service("livekit", &["meet*.livekit.io"], &["rooms/*"]),
    service("meetecho", &["meetings.conf.meetecho.com"], &["**"]),
    service("streamyard", &["streamyard.com", "www.streamyard.com"], &["guest/*", "@"]),
    service("riverside", &["riverside.fm", "riverside.com"], &["studio/**"]),
    service("proton_meet", &["meet.proton.me"], &["join/**"]),
    // Installations of one's own: any host of this name, so the shape has to say it.
    service("skype_for_business", &["meet.*", "join.*"], &["*/meet/**", "meet/*/*"]),
];

/// The service that `address` belongs to, and what names the meeting there.
pub(super) fn recognise(address: &Address) -> Option<(&'static str, String)> {
    if !address.is_web() {
        return None;
    }
    let here = |service: &&Service| service.hosts.iter().any(|pattern| host_fits(address.host(), pattern));
    SERVICES.iter().filter(here).find_map(|service| {
        let path_id = service.shapes.iter().find_map(|shape| shape_fits(address, shape))?;
        // One service's hosts can be its customers': the room alone would not name the meeting then.
        let id = match (service.hosts.contains(&address.host()), path_id.is_empty()) {
            (true, false) => path_id,
            (_, true) => address.host().to_owned(),
            (false, false) => format!("{}/{path_id}", address.host()),
        };
        Some((service.name, id))
    })
}

/// The hosts of all services as the table writes them, with the service's name.
pub(super) fn hosts() -> impl Iterator<Item = (&'static str, &'static str)> {
    SERVICES.iter().flat_map(|service| service.hosts.iter().map(|host| (service.name, *host)))
}

fn host_fits(host: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        Some(("", domain)) => host.strip_suffix(domain).is_some_and(|label| !label.is_empty()),
        Some((start, ".*" | "")) => host.starts_with(start),
        Some((start, domain)) => host.starts_with(start) && host.ends_with(domain),
        None => match pattern.strip_prefix('.') {
            Some(domain) => host == domain || host.ends_with(pattern),
            None => host == pattern,
        },
    }
}

/// What names the meeting where `address` has this shape; empty where the host alone does.
fn shape_fits(address: &Address, shape: &str) -> Option<String> {
    if let Some(start) = shape.strip_prefix('#').filter(|start| start.starts_with('/')) {
        return address.fragment()?.strip_prefix(start).filter(|rest| !rest.is_empty()).map(str::to_owned);
    }
    let (path, parameter) = match shape.strip_suffix("**?") {
        Some(_) => (shape, None),
        None => shape.split_once('?').map_or((shape, None), |(path, parameter)| (path, Some(parameter))),
    };
    let named = path_fits(&address.segments(), path)?;
    match parameter.map(|parameter| (parameter, parameter.strip_prefix('='))) {
        None => Some(named),
        Some((_, Some(naming))) => address.parameter(naming).map(str::to_owned),
        Some((needed, None)) => address.parameter(needed).map(|_| named),
    }
}

fn path_fits(segments: &[&str], shape: &str) -> Option<String> {
    let mut rest = segments.iter();
    let mut named: Vec<&str> = Vec::new();
    for part in shape.split('/') {
        match part {
            "**" | "**?" => {
                named.extend(rest.by_ref());
                if part == "**" && named.is_empty() {
                    return None;
                }
            }
            _ => {
                let segment = rest.next()?;
                if !segment_fits(segment, part) {
                    return None;
                }
                if matches!(part, "*" | "#" | "@") {
                    named.push(segment);
                }
            }
        }
    }
    rest.next().is_none().then(|| named.join("/"))
}

fn segment_fits(segment: &str, part: &str) -> bool {
    match part {
        "*" => true,
        "#" => segment.bytes().all(|byte| byte.is_ascii_digit()),
        "@" => {
            (8..=13).contains(&segment.len()) && segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        }
        word => segment == word,
    }
}

/// The name of a service as this table spells it.
pub(super) fn name_of(word: &str) -> Option<&'static str> {
    SERVICES.iter().map(|service| service.name).find(|name| *name == word)
}
