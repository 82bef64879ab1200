//! The pages that people see while they connect: through the real routes, plain, without script, and honest about who asks for what.
//!
//! `CALLSHEET_PAGES=FOLDER` leaves them there as files, to be looked at.

use crate::connect::browser::{Browser, Seen};
use crate::connect::scene::{BARE, RETURN, Scene};
use crate::connect::server::query;
use reqwest::Method;
use serde_json::json;

const DIRECTORY: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(work)
}

/// What every page must be, whatever it says.
fn is_plain(name: &str, page: &Seen) {
    if let Ok(folder) = std::env::var("CALLSHEET_PAGES") {
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.html")), &page.body).expect("a folder");
    }
    let header = |wanted: &str| page.headers.get(wanted).cloned().unwrap_or_default();
    assert_eq!(header("content-type"), "text/html; charset=utf-8", "{name}");
    for (wanted, value) in [
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(header(wanted), value, "{name}: {wanted}");
    }
    let policy = header("content-security-policy");
    for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{name}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{name}: {policy}");
    let body = page.body.to_ascii_lowercase();
    for foreign in ["<script", " on", "javascript:", "src=", "href=", "<iframe", "<img"] {
        let here = body.split("</style>").nth(1).unwrap_or_default();
        let found = if foreign == " on" {
            [" onclick", " onload", " onsubmit"].iter().any(|word| here.contains(word))
        } else {
            here.contains(foreign)
        };
        assert!(!found, "{name} has {foreign:?}: {here}");
    }
    // Read on a phone, by a screen reader, and in any language of the browser.
    for wanted in ["<html lang=\"en\">", "width=device-width", "<title>", "<main>", "<h1>", "noindex"] {
        assert!(body.contains(wanted), "{name} lacks {wanted}");
    }
}

fn action(page: &Seen) -> String {
    page.body.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form").to_owned()
}

#[test]
fn the_page_of_a_link_says_who_asks_for_what_and_leads_to_the_provider_alone() {
    run(async {
        let scene = Scene::new().await;
        for (provider, shown, leads_to) in
            [("google", "Google", "https://accounts.google.com"), ("microsoft", "Microsoft", "https://login.microsoftonline.com")]
        {
            let (_, link) = scene.link_of(&scene.acme, provider, "ana", RETURN).await;
            let mut ana = Browser::new();
            let page = ana.get(&link).await;
            assert_eq!(page.status, 200);
            is_plain(&format!("offer-{provider}"), &page);
            for wanted in ["Acme", &format!("Continue to {shown}"), "without changing any", "which of your meetings are recorded"]
            {
                assert!(page.body.contains(wanted), "{provider}: {wanted}");
            }
            assert!(!page.body.contains("<strong>ana"), "whoever holds a link learns nothing of its user");
            assert!(page.headers["content-security-policy"].contains(&format!("form-action 'self' {leads_to};")));
            let sent = ana.post(&format!("{}{}", scene.base, action(&page))).await;
            assert!(sent.status == 303 && sent.location.is_some_and(|url| url.starts_with(leads_to)));
        }
    });
}

#[test]
fn a_bare_link_connects_after_the_page_that_names_who_receives_access() {
    run(async {
        let scene = Scene::new().await;
        let (flow, link) = scene.link_of(&scene.acme, "google", "ana@acme.example", BARE).await;
        let mut ana = Browser::new();
        let authorize = scene.begun(&mut ana, &link).await;
        let page = ana.get(&scene.server.consent(&authorize, "ana")).await;
        assert_eq!(page.status, 200);
        is_plain("confirm", &page);
        for wanted in [
            "Give Acme access?",
            "<strong>ana@acme.example</strong>",
            "You have agreed at Google",
            "Yes, connect it",
            "close this page",
        ] {
            assert!(page.body.contains(wanted), "{wanted}: {}", page.body);
        }
        assert!(page.headers["content-security-policy"].contains("form-action 'self' https://app.acme.example;"));
        let cookie = &page.headers["set-cookie"];
        for wanted in ["__Host-", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Max-Age=600"] {
            assert!(cookie.contains(wanted), "{cookie}");
        }
        assert_eq!(scene.connected().await, 0, "looking connects nothing");
        let url = format!("{}{}", scene.base, action(&page));
        // Neither a look at the place of the button nor another site's form presses it.
        assert_eq!(ana.get(&url).await.status, 405);
        assert_eq!(ana.send(Method::POST, &url, &[("sec-fetch-site", "cross-site")]).await.status, 403);
        assert_eq!(scene.connected().await, 0);
        let landed = ana.post(&url).await;
        let told = query(&landed.location.clone().expect("where to go"));
        assert_eq!((landed.status, told["flow"].as_str(), told["connected"].get(..3)), (303, flow.as_str(), Some("cu_")));
        assert!(landed.location.is_some_and(|url| url.starts_with(BARE)));
        assert_eq!(scene.connected().await, 1);
        let again = ana.post(&url).await;
        is_plain("used", &again);
        assert_eq!((again.status, scene.connected().await), (410, 1));
        // It is marked as what it is.
        let grants = scene.host.store.grants(scene.acme.id).await.expect("a store in memory");
        assert!(grants[0].bare);
    });
}

#[test]
fn a_confirmation_ends_with_its_flow() {
    run(async {
        let scene = Scene::new().await;
        let (_, link) = scene.link_of(&scene.acme, "google", "ana", BARE).await;
        let mut ana = Browser::new();
        let authorize = scene.begun(&mut ana, &link).await;
        let page = ana.get(&scene.server.consent(&authorize, "ana")).await;
        scene.pass(11);
        let late = ana.post(&format!("{}{}", scene.base, action(&page))).await;
        assert_eq!((late.status, scene.connected().await), (410, 0));
        assert_eq!(scene.server.manner().exchanges, Vec::<String>::new(), "no code went to the provider");
    });
}

#[test]
fn what_people_are_called_stays_text() {
    run(async {
        let scene = Scene::new().await;
        let (_, link) = scene.link_of(&scene.acme, "google", "<b>ana</b>\u{202e}\"", BARE).await;
        let mut ana = Browser::new();
        let authorize = scene.begun(&mut ana, &link).await;
        let page = ana.get(&scene.server.consent(&authorize, "ana")).await;
        is_plain("confirm-hostile", &page);
        assert!(page.body.contains("&lt;b&gt;ana&lt;/b&gt;&quot;") && !page.body.contains('\u{202e}'), "{}", page.body);
    });
}

#[test]
fn where_only_administrators_agree_the_way_to_one_is_shown_and_ends_in_a_connection() {
    run(async {
        let scene = Scene::new().await;
        scene.server.manner().directory = Some(DIRECTORY.to_owned());
        let refusals = [
            ("consent_required", "AADSTS65001: The user or administrator has not consented"),
            ("access_denied", "AADSTS90094: Administrator consent is required"),
            ("invalid_client", "AADSTS90093: This operation can only be performed by an administrator"),
        ];
        for (error, description) in refusals {
            let (flow, link) = scene.link_of(&scene.acme, "microsoft", "ana", RETURN).await;
            let mut ana = Browser::new();
            let authorize = scene.begun(&mut ana, &link).await;
            let refused = scene.server.refuse(&authorize, &[("error", error), ("error_description", description)]);
            let landed = query(&ana.get(&refused).await.location.expect("where to go"));
            assert_eq!(landed["error"], "admin-consent-needed", "{error}");
            let (_, told) = scene.look(&scene.acme.key, &format!("/v1/calendar/connect/flows/{flow}")).await;
            assert_eq!((&told["state"], &told["reason"]), (&json!("failed"), &json!("admin-consent-needed")));
            let url = told["admin_consent_url"].as_str().expect("a way").to_owned();
            assert!(url.starts_with("https://login.microsoftonline.com/organizations/v2.0/adminconsent?"), "{url}");
            let asked = query(&url);
            assert_eq!(asked["client_id"], "Acme-client");
            assert_eq!(asked["redirect_uri"], format!("{}/oauth/callback/{}", scene.base, scene.acme.microsoft));
            assert!(asked["scope"].contains("Calendars.Read"));
        }
        // A person who says no is no organisation that does.
        let (_, link) = scene.link_of(&scene.acme, "microsoft", "ana", RETURN).await;
        let mut ana = Browser::new();
        let authorize = scene.begun(&mut ana, &link).await;
        let refused = [("error", "access_denied"), ("error_description", "AADSTS65004: User declined to consent")];
        let landed = query(&ana.get(&scene.server.refuse(&authorize, &refused)).await.location.expect("where to go"));
        assert_eq!(landed["error"], "access-denied");

        // The administrator comes back from Microsoft, in a browser that knows nothing of any flow.
        let place = format!("{}/oauth/callback/{}", scene.base, scene.acme.microsoft);
        let agreed = Browser::new().get(&format!("{place}?admin_consent=True&tenant={DIRECTORY}&scope=x")).await;
        assert_eq!(agreed.status, 200);
        is_plain("admin-agreed", &agreed);
        assert!(agreed.body.contains("Nothing has been connected yet") && agreed.body.contains("new link"), "{}", agreed.body);
        let declined = format!("{place}?admin_consent=True&error=access_denied&error_description=%3Cb%3Eno");
        let declined = Browser::new().get(&declined).await;
        is_plain("admin-declined", &declined);
        assert!(declined.body.contains("has not agreed") && !declined.body.contains("<b>no"), "{}", declined.body);
        assert_eq!(scene.connected().await, 0, "an administrator's consent connects nobody");

        // Now the user's own link works.
        let (_, link) = scene.link_of(&scene.acme, "microsoft", "ana", RETURN).await;
        let session = scene.returned(&mut Browser::new(), &link, "ana").await;
        assert_eq!(scene.complete(&scene.acme, &session, "ana").await, "200 connected");
    });
}

#[test]
fn pages_of_trouble_are_plain_and_name_nobody() {
    run(async {
        let scene = Scene::new().await;
        let (_, link) = scene.link("ana").await;
        let mut ana = Browser::new();
        let authorize = scene.begun(&mut ana, &link).await;
        let used = ana.get(&link).await;
        let elsewhere = Browser::new().get(&scene.server.consent(&authorize, "ana")).await;
        let (_, link) = scene.link("ana").await;
        let cross = ana.send(Method::POST, &link, &[("sec-fetch-site", "cross-site")]).await;
        for (name, page) in [("link-used", used), ("another-browser", elsewhere), ("not-from-here", cross)] {
            is_plain(name, &page);
            assert!(!page.body.contains("Acme") && !page.body.contains("<form"), "{name}: {}", page.body);
        }
    });
}
