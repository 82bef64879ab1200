//! Meeting links: what other projects' tests expect, every host of the tables, wrappers and tricks.

use crate::support::{fixtures, json_lines};
use callsheet::event::link::{Link, LinkSource, find, known_hosts, search, unwrap_text};
use callsheet::value::{Conference, Fact, UnknownReason};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::Value;

/// The link of one free text.
fn in_text(text: &str) -> Option<Link> {
    find(&[LinkSource::Text(text)]).known().cloned().flatten()
}

/// `platform id`, with the address behind it where it differs from the input.
fn check(inputs: &[&str], expected: Expect) {
    let line = |input: &&str| {
        let told = match find(&[LinkSource::Text(input)]) {
            Fact::Known(None) => "none".to_owned(),
            Fact::Unknown(reason) => format!("unknown: {}", reason.code()),
            Fact::Known(Some(link)) => {
                let joinable = if link.joinable { "" } else { " (not joinable)" };
                let url = if link.url == **input { String::new() } else { format!(" <- {}", link.url) };
                format!("{} {}{joinable}{url}", link.platform, link.id)
            }
        };
        format!("{told}\n")
    };
    expected.assert_eq(&inputs.iter().map(line).collect::<String>());
}

/// MeetingBar's names of services, and ours where they differ.
const SERVICE_NAMES: &[(&str, &str)] = &[
    ("zoom_native", "zoom"),
    ("zoomgov", "zoom"),
    ("gotomeeting", "goto"),
    ("meetStream", "meet_stream"),
    ("eight_x_eight", "8x8"),
    ("teamviewer_meeting", "teamviewer"),
    ("facebook_workspace", "workplace"),
    ("skype4biz", "skype_for_business"),
    ("skype4biz_selfhosted", "skype_for_business"),
    ("vonageMeetings", "vonage"),
    ("blackboard_collab", "blackboard"),
    ("vimeo_showcases", "vimeo"),
    ("suitConference", "suit_conference"),
    ("doxyMe", "doxy_me"),
    ("calcom", "cal_com"),
    ("zmPage", "zm_page"),
    ("google_meet", "meet"),
];

fn our_name(theirs: &str) -> &str {
    SERVICE_NAMES.iter().find(|(known, _)| *known == theirs).map_or(theirs, |(_, ours)| ours)
}

/// Rows that other projects decide differently, and why we do what we do.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "https://teams.microsoft.com/meet/1234567890123",
        "the other project's rows contradict each other; meetings without a passcode exist",
    ),
    ("https://zoom.us/my/john.smith", "a personal room is a room: it has an identity and can be joined (B11)"),
    ("https://eu.meet.example.org/QualifiedRoomName", "a guess at self-hosted Jitsi; any host would be a meeting then (U11.3)"),
    ("https://meetings.example.org/Room", "a guess at self-hosted Jitsi; any host would be a meeting then (U11.3)"),
];

fn differs(input: &str) -> bool {
    DIFFERENT.iter().any(|(known, _)| *known == input)
}

#[test]
fn services_are_named_as_other_projects_name_them() {
    let Some(fixtures) = fixtures() else { return };
    for row in json_lines(&fixtures.join("meeting-urls/services.jsonl")) {
        let input = row["input"].as_str().expect("a text");
        let expected = row["service"].as_str().map(our_name);
        let found = in_text(input).map(|link| link.platform);
        assert!(found == expected || differs(input), "{input}: {found:?}, expected {expected:?}");
    }
}

#[test]
fn meetings_have_the_ids_that_other_projects_give_them() {
    let Some(fixtures) = fixtures() else { return };
    for row in json_lines(&fixtures.join("meeting-urls/meeting-ids.jsonl")) {
        let input = row["input"].as_str().expect("a text");
        let found = find(&[LinkSource::Url(input)]).known().cloned().flatten();
        // A link that is recognised and leads nowhere counts as refused; services that no bot joins are told apart by name.
        let found = found.filter(|link| link.joinable || link.conference == Conference::Other);
        if differs(input) {
            continue;
        }
        assert_eq!(found.is_some(), row["accepted"].as_bool().expect("a truth"), "{input}");
        let Some(link) = found else { continue };
        assert_eq!(Some(link.platform), row["platform"].as_str().map(our_name), "{input}");
        if let Some(id) = row["meeting_id"].as_str() {
            assert_eq!(link.id, id, "{input}");
        }
        if let Some(passcode) = row["passcode"].as_str() {
            assert!(link.url.contains(passcode) && !link.id.contains(passcode), "{input}");
        }
        if let Some(host) = row["host"].as_str() {
            assert!(link.url.starts_with(&format!("https://{host}/")), "{input}");
        }
    }
}

#[test]
fn fields_win_in_their_order() {
    let Some(fixtures) = fixtures() else { return };
    for row in json_lines(&fixtures.join("meeting-urls/event-fields.jsonl")) {
        let field = |name: &str| row[name].as_str();
        let sources: Vec<LinkSource<'_>> = [
            field("conference_url").map(LinkSource::Url),
            field("event_url").map(LinkSource::Url),
            field("location").map(LinkSource::Text),
            field("notes").map(LinkSource::Html),
        ]
        .into_iter()
        .flatten()
        .collect();
        let found = find(&sources).known().cloned().flatten();
        assert_eq!(found.as_ref().map(|link| link.platform), row["expected"]["service"].as_str().map(our_name), "{row}");
        if let Some(url) = row["expected"]["url"].as_str() {
            assert_eq!(found.map(|link| link.url).as_deref(), Some(url), "{row}");
        }
    }
}

#[test]
fn safe_links_in_a_text_are_unwrapped() {
    let Some(fixtures) = fixtures() else { return };
    for row in json_lines(&fixtures.join("meeting-urls/unwrap.jsonl")) {
        let text = |key: &str| row.get(key).and_then(Value::as_str).expect("a text").to_owned();
        assert_eq!(unwrap_text(&text("input")), text("expected"));
    }
}

/// An address for every host of the tables.
const EXAMPLES: &[(&str, &str)] = &[
    ("meet", "https://meet.google.com/abc-defg-hij?authuser=0&hs=122"),
    ("zoom", "https://zoom.us/j/5551112222"),
    ("zoom", "https://acme.zoom.com/w/98765432101?tk=abc"),
    ("zoom", "https://zoom.com.cn/s/5551112222"),
    ("zoom", "https://uni.zoom-x.de/j/5551112222"),
    ("zoom", "https://acme.zoomgov.com/j/1601112222?pwd=a"),
    ("teams", "https://emea.teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0"),
    ("teams", "https://teams.cloud.microsoft/meet/1234567890123?p=x"),
    ("teams", "https://dod.teams.microsoft.us/l/meetup-join/19%3ax%40thread.v2/0"),
    ("teams", "https://teams.live.com/meet/9361792952021?p=x"),
    ("webex", "https://acme.webex.com/acme/j.php?MTID=m1234"),
    ("goto", "https://meet.goto.com/123456789"),
    ("goto", "https://global.gotomeeting.com/join/123456789"),
    ("goto", "https://gotomeet.me/acme"),
    ("meet_stream", "https://stream.meet.google.com/stream/abc-123"),
    ("hangouts", "https://hangouts.google.com/call/xyz"),
    ("duo", "https://duo.app.goo.gl/abc"),
    ("duo", "https://duo.google.com/abc"),
    ("zm_page", "https://acme.zm.page"),
    ("reclaim", "https://reclaim.ai/z/Abc123"),
    ("gotowebinar", "https://attendee.gotowebinar.com/register/123"),
    ("jitsi", "https://meet.jit.si/Acme%20Standup"),
    ("chime", "https://chime.aws/1234567890"),
    ("ringcentral", "https://v.ringcentral.com/join/123456"),
    ("bluejeans", "https://bluejeans.com/123456"),
    ("8x8", "https://8x8.vc/acme/standup"),
    ("demio", "https://event.demio.com/ref/abc"),
    ("demio", "https://my.demio.com/ref/abc"),
    ("join_me", "https://join.me/acme"),
    ("join_me", "https://secure.join.me/acme"),
    ("whereby", "https://acme.whereby.com/room"),
    ("uberconference", "https://uberconference.com/acme"),
    ("uberconference", "https://www.uberconference.com/acme"),
    ("blizz", "https://go.blizz.com/join/m123"),
    ("teamviewer", "https://go.teamviewer.com/m123"),
    ("vsee", "https://vsee.com/c/acme"),
    ("starleaf", "https://meet.starleaf.com/123/app"),
    ("voov", "https://voovmeeting.com/dm/abc"),
    ("voov", "https://www.voovmeeting.com/dm/abc"),
    ("voov", "https://meeting.tencent.com/dm/abc"),
    ("workplace", "https://acme.workplace.com/groupcall/LINK:x/"),
    ("lifesize", "https://call.lifesizecloud.com/123"),
    ("skype", "https://join.skype.com/abc"),
    ("skype_for_business", "https://meet.lync.com/acme/dana/X1Y2"),
    ("facetime", "https://facetime.apple.com/join#v=1&p=room&k=key"),
    ("youtube", "https://youtube.com/watch?v=abc"),
    ("youtube", "https://www.youtube.com/live/abc"),
    ("youtube", "https://m.youtube.com/watch?v=abc"),
    ("youtube", "https://youtu.be/abc"),
    ("vonage", "https://meetings.vonage.com/123456789"),
    ("around", "https://around.co/r/abc"),
    ("around", "https://meet.around.co/r/abc"),
    ("jam", "https://jam.systems/abc"),
    ("discord", "https://canary.discord.com/channels/1/2"),
    ("discord", "https://discordapp.com/invite/abc"),
    ("discord", "https://discord.gg/abc"),
    ("blackboard", "https://eu.bbcollab.com/guest/abc"),
    ("coscreen", "https://join.coscreen.co/acme"),
    ("vowel", "https://app.vowel.com/#/g/abc"),
    ("zhumu", "https://welink.zhumu.com/j/150525986?pwd=a1"),
    ("lark", "https://vc.larksuite.com/j/123456789"),
    ("feishu", "https://vc.feishu.cn/j/123456789"),
    ("vimeo", "https://vimeo.com/event/123"),
    ("vimeo", "https://venues.vimeo.com/123/abc"),
    ("ovice", "https://acme.ovice.in/"),
    ("ovice", "https://acme.ovice.com/@1,2"),
    ("luma", "https://lu.ma/join/g-abc"),
    ("luma", "https://luma.com/join/g-abc"),
    ("preply", "https://preply.com/en/chat/1"),
    ("userzoom", "https://go.userzoom.com/participate/abc-1"),
    ("venue", "https://app.venue.live/app/abc"),
    ("teemyco", "https://app.teemyco.com/room/a/b"),
    ("demodesk", "https://demodesk.com/abc"),
    ("zoho_cliq", "https://cliq.zoho.com/meetings/abc"),
    ("zoho_cliq", "https://cliq.zoho.eu/meetings/abc"),
    ("zoho_cliq", "https://cliq.zoho.in/meetings/abc"),
    ("zoho_cliq", "https://cliq.zoho.com.au/meetings/abc"),
    ("zoho_cliq", "https://cliq.zoho.com.cn/meetings/abc"),
    ("zoho_cliq", "https://cliq.zoho.jp/meetings/abc"),
    ("slack", "https://app.slack.com/huddle/T1/C2"),
    ("gather", "https://app.gather.town/app/abc/room?spawnToken=x"),
    ("pop", "https://pop.com/j/123-456"),
    ("chorus", "https://go.chorus.ai/123"),
    ("gong", "https://acme.join.gong.io/acme/dana"),
    ("livestorm", "https://app.livestorm.com/p/abc/live"),
    ("livestorm", "https://app.livestorm.co/p/abc/live"),
    ("tuple", "https://tuple.app/c/abc"),
    ("pumble", "https://meet.pumble.com/abc-def"),
    ("suit_conference", "https://acme.conference.istesuit.com/room"),
    ("doxy_me", "https://acme.doxy.me/dr"),
    ("cal_com", "https://app.cal.com/video/abc"),
    ("livekit", "https://meet.livekit.io/rooms/abc-1"),
    ("meetecho", "https://meetings.conf.meetecho.com/ietf1/?session=1"),
    ("streamyard", "https://streamyard.com/u6qes7i8cj"),
    ("streamyard", "https://www.streamyard.com/guest/u6qes7i8cj"),
    ("riverside", "https://riverside.fm/studio/acme"),
    ("riverside", "https://riverside.com/studio/acme"),
    ("proton_meet", "https://meet.proton.me/join/id-ABC#pwd-x"),
    ("skype_for_business", "https://meet.acme.example/dana/meet/X1Y2"),
    ("skype_for_business", "https://join.acme.example/meet/dana/X1Y2"),
];

#[test]
fn every_host_of_the_tables_is_recognised_and_its_look_alikes_are_not() {
    for (platform, example) in EXAMPLES {
        let link = in_text(example).unwrap_or_else(|| panic!("{example} is not recognised"));
        assert_eq!(link.platform, *platform, "{example}");
        assert!(!link.id.is_empty(), "{example}");
        assert_eq!(link.joinable, ["meet", "zoom", "teams", "webex", "goto"].contains(platform), "{example}");
        let (_, rest) = example.split_once("://").expect("a scheme");
        let host = rest.split(['/', '#', '?']).next().expect("a host");
        let own_host = link.platform == "skype_for_business" && !host.ends_with("lync.com");
        for look_alike in [
            format!("evil{host}"),
            format!("{host}.evil.example"),
            format!("{host}@evil.example"),
            host.replacen('o', "\u{43e}", 1),
        ] {
            if look_alike != host && !own_host {
                let fake = example.replacen(host, &look_alike, 1);
                let found = in_text(&fake).map(|link| link.platform);
                // `evilacme.zoom.us` is still Zoom's.
                assert!(found.is_none() || look_alike.ends_with(&host[host.find('.').unwrap_or(0)..]), "{fake}: {found:?}");
            }
        }
    }
    for (platform, host) in known_hosts() {
        let named = EXAMPLES.iter().any(|(name, example)| {
            let (_, rest) = example.split_once("://").expect("a scheme");
            let at = rest.split(['/', '#', '?']).next().expect("a host");
            let (start, end) = host.split_once('*').unwrap_or(("", host.trim_start_matches('.')));
            *name == platform && at.starts_with(start) && at.ends_with(end)
        });
        assert!(named, "no example for {platform} at {host}");
    }
}

#[test]
fn identities_name_the_meeting_and_no_secret() {
    check(
        &[
            "https://meet.google.com/ABC-defg-hij?authuser=1",
            "https://meet.google.com/_meet/abc-defg-hij?ijlm=1",
            "https://meet.google.com/lookup/standup",
            "https://us02web.zoom.us/j/84335626851?pwd=SECRET.1#success",
            "https://zoom.us/w/84335626851?tk=SECRET",
            "https://app.zoom.us/wc/84335626851/join?pwd=SECRET",
            "https://zoom.us/wc/join/84335626851",
            "https://us06web.zoom.us/my/Dana.K?pwd=SECRET",
            "https://acme.zoom.us/my/dana.k",
            "zoommtg://zoom.us/join?action=join&confno=84335626851&pwd=SECRET",
            "https://teams.microsoft.com/l/meetup-join/19%3ameeting_Ab%40thread.v2/0?context=%7b%22Tid%22%3a%22t%22%2c%22Oid%22%3a%22o%22%7d",
            "https://teams.microsoft.com/l/meetup-join/19:meeting_Ab@thread.v2/0",
            "https://teams.microsoft.com/_#/l/meetup-join/19:meeting_Ab@thread.v2/0?context=x",
            "https://teams.microsoft.com/v2/?meetingjoin=true#/l/meetup-join/19:meeting_Ab@thread.v2/0?context=x&anon=true",
            "https://teams.microsoft.com/dl/launcher/launcher.html?url=%2F_%23%2Fl%2Fmeetup-join%2F19%3Ameeting_Ab%40thread.v2%2F0%3Fcontext%3Dx&type=meetup-join",
            // {"conversationId":"19:meeting_Ab@thread.v2","messageId":"0"}
            "https://teams.microsoft.com/light-meetings/launch?agent=web&coords=eyJjb252ZXJzYXRpb25JZCI6IjE5Om1lZXRpbmdfQWJAdGhyZWFkLnYyIiwibWVzc2FnZUlkIjoiMCJ9",
            "https://teams.microsoft.com/v2/?meetingjoin=true#/meet/33749853217630?p=SECRET&anon=true",
            "https://teams.microsoft.com.mcas.ms/meet/33749853217630?p=SECRET",
            "https://acme.webex.com/acme/j.php?MTID=m1a2b&pw=SECRET",
            "https://acme.webex.com/meet/Dana.K",
            "https://acme.webex.com/webappng/sites/acme/meeting/download/m1a2b?siteurl=acme",
            "https://acme.webex.com/wbxmjs/joinservice/sites/acme/meeting/download/0f1e",
            "https://global.gotomeeting.com/join/123-456-789",
            "https://meet.goto.com/Acme/Standup",
            "https://meet.proton.me/join/id-ABC#pwd-SECRET",
            "https://facetime.apple.com/join#v=1&p=room&k=SECRET",
        ],
        expect![[r#"
            meet abc-defg-hij
            meet abc-defg-hij
            meet lookup/standup (not joinable)
            zoom 84335626851
            zoom 84335626851
            zoom 84335626851
            zoom 84335626851
            zoom zoom.us/my/dana.k
            zoom acme.zoom.us/my/dana.k
            zoom 84335626851
            teams 19:meeting_Ab@thread.v2/0
            teams 19:meeting_Ab@thread.v2/0
            teams 19:meeting_Ab@thread.v2/0
            teams 19:meeting_Ab@thread.v2/0
            teams 19:meeting_Ab@thread.v2/0
            teams 19:meeting_Ab@thread.v2/0
            teams 33749853217630
            teams 33749853217630 <- https://teams.microsoft.com/meet/33749853217630?p=SECRET
            webex acme.webex.com/m1a2b
            webex acme.webex.com/dana.k
            webex acme.webex.com/m1a2b
            webex acme.webex.com/0f1e
            goto 123456789
            goto acme/standup
            proton_meet id-ABC (not joinable)
            facetime room (not joinable)
        "#]],
    );
}

#[test]
fn pages_that_lead_into_no_meeting_are_no_links() {
    for page in [
        "https://teams.microsoft.com/",
        "https://teams.microsoft.com/meetingOptions/?organizerId=o&threadId=19_meeting_x@thread.v2",
        "https://dialin.teams.microsoft.com/6787A136?id=123",
        "https://dialin.teams.microsoft.com/usp/pstnconferencing",
        "https://aka.ms/JoinTeamsMeeting?omkt=en-US",
        "https://zoom.us/u/abc123",
        "https://zoom.us/meeting/register/tJ0",
        "https://zoom.us/webinar/register/WN_abc",
        "https://zoom.us/rec/share/abc",
        "https://applications.zoom.us/addon/invitation/detail?meetingUuid=x",
        "https://zoom.us/j/",
        "https://support.zoom.us/hc/en-us/articles/201362153",
        "https://tel.meet/abc-defg-hij?pin=1",
        "https://meet.google.com/tel/abc-defg-hij",
        "https://meet.google.com/new",
        "https://meet.google.com/landing",
        "https://support.google.com/a/users/answer/9282720",
        "https://acme.webex.com/acme/globalcallin.php?MTID=m1",
        "https://acme.webex.com/acme/ldr.php?RCID=x",
        "https://acme.webex.com/recordingservice/sites/acme/recording/playback/x",
        "https://acme.webex.com/acme/j.php",
        "https://help.webex.com",
        "https://meet.goto.com/install",
        "https://support.goto.com/meeting",
        "https://www.gotomeeting.com/",
    ] {
        assert_eq!(in_text(page), None, "{page}");
    }
}

#[test]
fn a_second_address_inside_is_refused() {
    for hidden in [
        "https://zoom.us/j/5551112222?next=https://evil.example/",
        "https://zoom.us/j/5551112222?next=https%253A%252F%252Fevil.example",
        "https://zoom.us/j/5551112222?next=aHR0cHM6Ly9ldmlsLmV4YW1wbGU",
        "https://meet.google.com/abc-defg-hij#https://evil.example",
        "https://teams.live.com/meet/9361792952021?p=eGh0dHBzOi8vZXZpbA",
    ] {
        assert_eq!(in_text(hidden), None, "{hidden}");
    }
}

#[test]
fn wrappers_come_off_one_after_the_other() {
    // Safe Links around Proofpoint around a Google redirect.
    let google = "https://www.google.com/url?q=https%3A%2F%2Fmeet.google.com%2Fabc-defg-hij&sa=D";
    let proofpoint = format!("https://urldefense.com/v3/__{google}__;!!Abc!xyz$");
    let safe = format!("https://eur01.safelinks.protection.outlook.com/?url={}&data=05", encode(&proofpoint));
    assert_eq!(in_text(&safe).expect("a link").url, "https://meet.google.com/abc-defg-hij");

    let twice = format!("https://gbr01.safelinks.protection.outlook.com/?url={}&data=05", encode(&safe));
    assert_eq!(in_text(&format!("Join <{twice}>.")).expect("a link").id, "abc-defg-hij");

    let mut deep = "https://zoom.us/j/5551112222".to_owned();
    for _ in 0..9 {
        deep = format!("https://www.google.com/url?q={}", encode(&deep));
    }
    assert_eq!(find(&[LinkSource::Text(&deep)]), Fact::Unknown(UnknownReason::LinkWrapped));
}

fn encode(url: &str) -> String {
    url.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[test]
fn opaque_wrappers_are_unknown_unless_something_better_is_there() {
    let opaque = "https://protect-eu.mimecast.com/s/AbCd?domain=zoom.us";
    let find_in = |sources: &[&str]| {
        let sources: Vec<LinkSource<'_>> = sources.iter().map(|text| LinkSource::Text(text)).collect();
        search(&sources)
    };
    assert_eq!(find_in(&["Room 1", opaque]).link, Fact::Unknown(UnknownReason::LinkWrapped));
    assert_eq!(find_in(&["Room 1", opaque]).source, Some(1));
    assert_eq!(find_in(&[opaque, "https://zoom.us/j/5551112222"]).source, Some(1));
    assert_eq!(find_in(&["https://protect-eu.mimecast.com/s/AbCd?domain=acme.com"]).link, Fact::Known(None));
    assert_eq!(find_in(&[&format!("https://youtu.be/x {opaque}")]).link, Fact::Unknown(UnknownReason::LinkWrapped));
    assert_eq!(find_in(&["https://meet.jit.si/acme", opaque]).source, Some(0));
}

#[test]
fn of_several_meetings_the_first_wins_and_the_others_are_told() {
    let sources = [
        LinkSource::Text("https://youtu.be/x"),
        LinkSource::Html(
            "<a href='https://zoom.us/j/5551112222'>x</a> https://meet.google.com/abc-defg-hij https://zoom.us/j/5551112222?pwd=a",
        ),
        LinkSource::Text("https://zoom.us/j/5551112222?pwd=longer https://acme.webex.com/meet/dana"),
    ];
    let found = search(&sources);
    assert_eq!(found.link.known().cloned().flatten().expect("a link").url, "https://zoom.us/j/5551112222?pwd=a");
    assert_eq!(found.source, Some(1));
    assert_eq!(found.others.iter().map(|link| link.platform).collect::<Vec<_>>(), ["meet", "webex"]);
}

#[test]
fn debug_output_shows_no_password() {
    let link = in_text("https://zoom.us/j/5551112222?pwd=SECRET").expect("a link");
    assert_eq!(format!("{link:?}"), "Link(zoom 5551112222)");
}

proptest! {
    #[test]
    fn any_text_is_searched_without_a_fault(text in "(https?://|%3A|zoom\\.us|/j/|[0-9]{3}|<a href=|[\"'<>&;)]|urldefense\\.com/v3/__|\\PC){0,40}") {
        for source in [LinkSource::Url(&text), LinkSource::Text(&text), LinkSource::Html(&text)] {
            let _ = search(&[source]);
        }
        let _ = unwrap_text(&text);
    }

    #[test]
    fn a_meeting_number_is_found_in_any_surroundings(number in "[1-9][0-9]{8,10}", before in "[ \\n(<「]", after in "[ \\n)>」。.,]") {
        let link = in_text(&format!("Join{before}https://us02web.zoom.us/j/{number}{after} now"));
        prop_assert_eq!(link.map(|link| link.id), Some(number));
    }
}
