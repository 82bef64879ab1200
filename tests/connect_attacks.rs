//! Whoever tries to connect a calendar that is not theirs, or theirs to somebody else's account: a table of attacks, each played by
//! browsers and programs against a host on loopback. None makes a connection, and each gets an honest answer.

use crate::connect::browser::Browser;
use crate::connect::scene::{BARE, RETURN, Scene, told_of};
use crate::connect::server::query;
use callsheet::host::api;
use callsheet::host::api::auth::Scope;
use callsheet::host::operations::keys;
use expect_test::expect;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;

/// What is tried.
const ATTACKS: &[&str] = &[
    // The link or the answer is given to somebody else.
    "fixation: the attacker's link, consented by the victim, brought back by the victim",
    "fixation: the victim's reference, brought by the attacker",
    "fixation: the provider's page handed on after the begin",
    "fixation: the attacker's whole answer opened by the victim",
    "fixation: the cookie of another flow of the same browser",
    "bare: the link of another, confirmed in a browser that did not begin",
    // What was used is used again.
    "replay: a link pressed twice",
    "replay: a link opened after it was used",
    "replay: the provider's answer again",
    "replay: the session reference again",
    "replay: the session reference of a flow that was thrown away",
    "double submit: two presses at once",
    "double submit: two completions at once",
    // Answers at the wrong place.
    "mix-up: the answer at another client of the tenant",
    "mix-up: the answer at another tenant's client",
    "mix-up: the answer at the operator's client",
    "mix-up: the answer at a client that is not there",
    "mix-up: another issuer says that it answers",
    "mix-up: Microsoft's place, Google's issuer",
    // Codes and tokens of others.
    "injection: the victim's code in the attacker's flow",
    "injection: a code of another redirect URI",
    "injection: a code that nobody gave",
    "injection: an ID token for another flow",
    "injection: an ID token without nonce",
    "injection: an ID token for another client",
    "injection: an ID token for several clients",
    "injection: an ID token of another issuer",
    "injection: an ID token of yesterday",
    "injection: an ID token that is none",
    "injection: an answer with error and code",
    // Programs that open links.
    "prefetch: a scanner opens the link five times",
    "prefetch: a scanner asks for the head of the link",
    "cross-site: the form sent from elsewhere, by the browser's word",
    "cross-site: the form sent from another origin",
    // Where browsers go afterwards.
    "open redirect: a URL that is not registered",
    "open redirect: a longer path",
    "open redirect: another query",
    "open redirect: credentials in front of another host",
    "open redirect: another case",
    "open redirect: another port",
    "open redirect: a script",
    "open redirect: another tenant's URL",
    "open redirect: a URL in the provider's answer",
    // Keys and users.
    "wrong tenant: the reference with another tenant's key",
    "wrong tenant: the flow with another tenant's key",
    "wrong key: none",
    "wrong key: without the scope",
    "wrong user: another case",
    "wrong user: with a space behind",
    "wrong user: none",
    // Cookies.
    "cookie: missing",
    "cookie: another browser's",
    "cookie: twice",
    // Time.
    "expired: the link",
    "expired: the provider's answer",
    "expired: the session reference",
    // Guesses and garbage.
    "guess: a state of the right form",
    "guess: no state",
    "guess: the state twice",
    "guess: a reference of the right form",
    "injection: line breaks in the provider's error",
    "injection: line breaks in the path",
    "injection: line breaks in the user",
    "injection: markup in the provider's error",
    "oversize: a code of nine kilobytes",
    "oversize: forty parameters",
    "oversize: a body of 300 KiB",
    // What the tenant did not choose.
    "bare: where the return URL is not for it",
    "bare: with the operator's client",
    "bare: the reference completed by the tenant",
    "bare: a session flow confirmed by the browser",
    // Less, or somebody else, than before.
    "scopes: the calendar unticked",
    "account: another one at the second time",
];

/// Those that begin with somebody who connects rightly: that one connection stays the only one.
const AFTER_OTHERS: &[&str] =
    &["replay: the session reference again", "double submit: two completions at once", "account: another one at the second time"];

async fn tried(scene: &Scene, attack: &str) -> String {
    let (mut ana, mut eve) = (Browser::new(), Browser::new());
    let callback = |client: &str, url: &str| {
        let query = url.split_once('?').expect("a query").1;
        format!("{}/oauth/callback/{client}?{query}", scene.base)
    };
    match attack {
        "fixation: the attacker's link, consented by the victim, brought back by the victim" => {
            let (_, link) = scene.link("eve").await;
            let session = scene.returned(&mut ana, &link, "ana").await;
            scene.complete(&scene.acme, &session, "ana").await
        }
        "fixation: the victim's reference, brought by the attacker" => {
            let (_, link) = scene.link("ana").await;
            let session = scene.returned(&mut ana, &link, "ana").await;
            scene.complete(&scene.acme, &session, "eve").await
        }
        "fixation: the provider's page handed on after the begin" => {
            let (_, link) = scene.link("eve").await;
            let authorize = scene.begun(&mut eve, &link).await;
            ana.get(&scene.server.consent(&authorize, "ana")).await.told()
        }
        "fixation: the attacker's whole answer opened by the victim" => {
            let (_, link) = scene.link("eve").await;
            let authorize = scene.begun(&mut eve, &link).await;
            let answer = scene.server.consent(&authorize, "eve");
            let (_, own) = scene.link("ana").await;
            let _own = scene.begun(&mut ana, &own).await;
            ana.get(&answer).await.told()
        }
        "fixation: the cookie of another flow of the same browser" => {
            let (_, first) = scene.link("ana").await;
            let _first = scene.begun(&mut ana, &first).await;
            let (_, second) = scene.link("eve").await;
            let authorize = scene.begun(&mut eve, &second).await;
            let cookie = ana.cookies.values().flat_map(|own| own.values()).next().expect("one").clone();
            ana.cookies.values_mut().for_each(|own| {
                let name = eve.cookies.values().flat_map(|own| own.keys()).next().expect("one");
                own.insert(name.clone(), cookie.clone());
            });
            ana.get(&scene.server.consent(&authorize, "ana")).await.told()
        }
        "bare: the link of another, confirmed in a browser that did not begin" => {
            let (_, link) = scene.link_of(&scene.acme, "google", "eve", BARE).await;
            let authorize = scene.begun(&mut eve, &link).await;
            let page = eve.get(&scene.server.consent(&authorize, "eve")).await;
            assert!(page.body.contains("Acme") && page.body.contains("eve"), "{}", page.body);
            let action = page.body.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form");
            ana.post(&format!("{}{action}", scene.base)).await.told()
        }
        "replay: a link pressed twice" => {
            let (_, link) = scene.link("ana").await;
            let _first = scene.begun(&mut ana, &link).await;
            ana.post(&link).await.told()
        }
        "replay: a link opened after it was used" => {
            let (_, link) = scene.link("ana").await;
            let _first = scene.begun(&mut ana, &link).await;
            eve.get(&link).await.told()
        }
        "replay: the provider's answer again" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            let answer = scene.server.consent(&authorize, "ana");
            assert_eq!(ana.get(&answer).await.status, 303);
            ana.get(&answer).await.told()
        }
        "replay: the session reference again" => {
            let (_, link) = scene.link("ana").await;
            let session = scene.returned(&mut ana, &link, "ana").await;
            assert_eq!(scene.complete(&scene.acme, &session, "ana").await, "200 connected");
            scene.complete(&scene.acme, &session, "ana").await
        }
        "replay: the session reference of a flow that was thrown away" => {
            let (_, link) = scene.link("ana").await;
            let session = scene.returned(&mut ana, &link, "ana").await;
            let _thrown = scene.complete(&scene.acme, &session, "eve").await;
            scene.complete(&scene.acme, &session, "ana").await
        }
        "double submit: two presses at once" => {
            let (_, link) = scene.link("ana").await;
            let (first, second) = tokio::join!(ana.post(&link), eve.post(&link));
            let mut told = [first.status, second.status];
            told.sort_unstable();
            format!("{told:?}")
        }
        "double submit: two completions at once" => {
            let (_, link) = scene.link("ana").await;
            let session = scene.returned(&mut ana, &link, "ana").await;
            let once = || scene.complete(&scene.acme, &session, "ana");
            let (first, second) = tokio::join!(once(), once());
            let mut told = [first, second];
            told.sort_unstable();
            told.join(", ")
        }
        "mix-up: the answer at another client of the tenant" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            ana.get(&callback(&scene.acme.microsoft, &scene.server.consent(&authorize, "ana"))).await.told()
        }
        "mix-up: the answer at another tenant's client" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            ana.get(&callback(&scene.evil.client, &scene.server.consent(&authorize, "ana"))).await.told()
        }
        "mix-up: the answer at the operator's client" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            ana.get(&callback("house-google", &scene.server.consent(&authorize, "ana"))).await.told()
        }
        "mix-up: the answer at a client that is not there" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            ana.get(&callback("aaaaaaaaaaaaaaaa", &scene.server.consent(&authorize, "ana"))).await.told()
        }
        "mix-up: another issuer says that it answers" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            ana.get(&format!("{}&iss=https%3A%2F%2Fevil.example", scene.server.consent(&authorize, "ana"))).await.told()
        }
        "mix-up: Microsoft's place, Google's issuer" => {
            let (_, link) = scene.link_of(&scene.acme, "microsoft", "ana", RETURN).await;
            let authorize = scene.begun(&mut ana, &link).await;
            ana.get(&format!("{}&iss=https%3A%2F%2Faccounts.google.com", scene.server.consent(&authorize, "ana"))).await.told()
        }
        "injection: the victim's code in the attacker's flow" => {
            let (_, link) = scene.link("ana").await;
            let stolen = query(&scene.server.consent(&scene.begun(&mut ana, &link).await, "ana"));
            let (_, own) = scene.link("eve").await;
            let authorize = scene.begun(&mut eve, &own).await;
            let client = &scene.acme.client;
            let url =
                format!("{}/oauth/callback/{client}?code={}&state={}", scene.base, stolen["code"], query(&authorize)["state"]);
            let landed = query(&eve.get(&url).await.location.expect("where to go"));
            scene.complete(&scene.acme, &landed["session_ref"], "eve").await
        }
        "injection: a code of another redirect URI" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            let elsewhere = authorize.replace(&scene.acme.client, &scene.evil.client);
            let answer = callback(&scene.acme.client, &scene.server.consent(&elsewhere, "ana"));
            let landed = query(&ana.get(&answer).await.location.expect("where to go"));
            scene.complete(&scene.acme, &landed["session_ref"], "ana").await
        }
        "injection: a code that nobody gave" => {
            let (_, link) = scene.link("ana").await;
            let state = query(&scene.begun(&mut ana, &link).await)["state"].clone();
            let url = format!("{}/oauth/callback/{}?code=guessed&state={state}", scene.base, scene.acme.client);
            let landed = query(&ana.get(&url).await.location.expect("where to go"));
            scene.complete(&scene.acme, &landed["session_ref"], "ana").await
        }
        "injection: an ID token for another flow" => with_claim(scene, "nonce", json!("another")).await,
        "injection: an ID token without nonce" => with_claim(scene, "nonce", json!(null)).await,
        "injection: an ID token for another client" => with_claim(scene, "aud", json!("Evil-client")).await,
        "injection: an ID token for several clients" => with_claim(scene, "aud", json!(["Acme-client", "Evil-client"])).await,
        "injection: an ID token of another issuer" => with_claim(scene, "iss", json!("https://evil.example")).await,
        "injection: an ID token of yesterday" => with_claim(scene, "exp", json!(1_799_900_000)).await,
        "injection: an ID token that is none" => with_claim(scene, "whole", json!("e30.e30")).await,
        "injection: an answer with error and code" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            ana.get(&format!("{}&error=access_denied", scene.server.consent(&authorize, "ana"))).await.told()
        }
        "prefetch: a scanner opens the link five times" => {
            let (flow, link) = scene.link("ana").await;
            for _ in 0..5 {
                assert_eq!(eve.get(&link).await.status, 200);
            }
            let (status, told) = scene.look(&scene.acme.key, &format!("/v1/calendar/connect/flows/{flow}")).await;
            told_of(status, &told)
        }
        "prefetch: a scanner asks for the head of the link" => {
            let (flow, link) = scene.link("ana").await;
            let _head = eve.send(Method::HEAD, &link, &[]).await;
            let (status, told) = scene.look(&scene.acme.key, &format!("/v1/calendar/connect/flows/{flow}")).await;
            told_of(status, &told)
        }
        "cross-site: the form sent from elsewhere, by the browser's word" => {
            let (_, link) = scene.link("ana").await;
            ana.send(Method::POST, &link, &[("sec-fetch-site", "cross-site")]).await.told()
        }
        "cross-site: the form sent from another origin" => {
            let (_, link) = scene.link("ana").await;
            ana.send(Method::POST, &link, &[("origin", "https://evil.example")]).await.told()
        }
        "open redirect: a URL that is not registered" => to(scene, "https://evil.example/").await,
        "open redirect: a longer path" => to(scene, "https://app.acme.example/connected/more?x=1").await,
        "open redirect: another query" => to(scene, "https://app.acme.example/connected?x=1&next=https://evil.example").await,
        "open redirect: credentials in front of another host" => {
            to(scene, "https://app.acme.example@evil.example/connected?x=1").await
        }
        "open redirect: another case" => to(scene, "https://APP.acme.example/connected?x=1").await,
        "open redirect: another port" => to(scene, "https://app.acme.example:8443/connected?x=1").await,
        "open redirect: a script" => to(scene, "javascript:alert(1)").await,
        "open redirect: another tenant's URL" => to(scene, "https://evil.example/back").await,
        "open redirect: a URL in the provider's answer" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            let answer = scene.server.refuse(&authorize, &[("error", "access_denied"), ("return_url", "https://evil.example")]);
            ana.get(&answer).await.told()
        }
        "wrong tenant: the reference with another tenant's key" => {
            let (_, link) = scene.link("ana").await;
            let session = scene.returned(&mut ana, &link, "ana").await;
            scene.complete(&scene.evil, &session, "ana").await
        }
        "wrong tenant: the flow with another tenant's key" => {
            let (flow, _) = scene.link("ana").await;
            let (status, told) = scene.look(&scene.evil.key, &format!("/v1/calendar/connect/flows/{flow}")).await;
            told_of(status, &told)
        }
        "wrong key: none" => {
            let body = json!({ "customer_user_id": "ana", "return_url": RETURN });
            let (status, told) = scene.ask("", "/v1/calendar/connect/google", &body).await;
            told_of(status, &told)
        }
        "wrong key: without the scope" => {
            let made = keys::add(&scene.host, scene.acme.id, "reader", &BTreeSet::from([Scope::Read]), &api::random()).await;
            let body = json!({ "customer_user_id": "ana", "return_url": RETURN });
            let (status, told) = scene.ask(&made.expect("a key").1, "/v1/calendar/connect/google", &body).await;
            told_of(status, &told)
        }
        "wrong user: another case" => as_user(scene, "Ana").await,
        "wrong user: with a space behind" => as_user(scene, "ana ").await,
        "wrong user: none" => as_user(scene, "").await,
        "cookie: missing" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            ana.cookies.clear();
            ana.get(&scene.server.consent(&authorize, "ana")).await.told()
        }
        "cookie: another browser's" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            let (_, other) = scene.link("eve").await;
            let _other = scene.begun(&mut eve, &other).await;
            eve.get(&scene.server.consent(&authorize, "ana")).await.told()
        }
        "cookie: twice" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            let own = ana.cookies.values().next().expect("one").clone();
            ana.cookies.clear();
            let pair = own.iter().map(|(name, value)| format!("{name}={value}")).collect::<String>();
            let answer = scene.server.consent(&authorize, "ana");
            ana.send(Method::GET, &answer, &[("cookie", &format!("{pair}; {pair}"))]).await.told()
        }
        "expired: the link" => {
            let (_, link) = scene.link("ana").await;
            scene.pass(11);
            ana.post(&link).await.told()
        }
        "expired: the provider's answer" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            scene.pass(11);
            ana.get(&scene.server.consent(&authorize, "ana")).await.told()
        }
        "expired: the session reference" => {
            let (_, link) = scene.link("ana").await;
            let session = scene.returned(&mut ana, &link, "ana").await;
            scene.pass(11);
            scene.complete(&scene.acme, &session, "ana").await
        }
        "guess: a state of the right form" => {
            let url = format!("{}/oauth/callback/{}?code=x&state={}", scene.base, scene.acme.client, "A".repeat(43));
            ana.get(&url).await.told()
        }
        "guess: no state" => ana.get(&format!("{}/oauth/callback/{}?code=x", scene.base, scene.acme.client)).await.told(),
        "guess: the state twice" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            let state = query(&authorize)["state"].clone();
            ana.get(&format!("{}&state={state}", scene.server.consent(&authorize, "ana"))).await.told()
        }
        "guess: a reference of the right form" => ana.post(&format!("{}/connect/{}", scene.base, "A".repeat(43))).await.told(),
        "injection: line breaks in the provider's error" => said(scene, "x\r\nSet-Cookie: a=b", "y").await,
        "injection: line breaks in the path" => ana.get(&format!("{}/connect/%0d%0aSet-Cookie:%20a=b", scene.base)).await.told(),
        "injection: line breaks in the user" => {
            let body = json!({ "customer_user_id": "ana\r\nx", "return_url": RETURN });
            let (status, told) = scene.ask(&scene.acme.key, "/v1/calendar/connect/google", &body).await;
            told_of(status, &told)
        }
        "injection: markup in the provider's error" => said(scene, "<script>alert(1)</script>", "<b>").await,
        "oversize: a code of nine kilobytes" => {
            let (_, link) = scene.link("ana").await;
            let state = query(&scene.begun(&mut ana, &link).await)["state"].clone();
            let code = "c".repeat(9 * 1024);
            let url = format!("{}/oauth/callback/{}?code={code}&state={state}", scene.base, scene.acme.client);
            ana.get(&url).await.told()
        }
        "oversize: forty parameters" => {
            let (_, link) = scene.link("ana").await;
            let authorize = scene.begun(&mut ana, &link).await;
            let more: String = (0..40).map(|number| format!("&p{number}=1")).collect();
            ana.get(&format!("{}{more}", scene.server.consent(&authorize, "ana"))).await.told()
        }
        "oversize: a body of 300 KiB" => {
            let (status, told) = scene.send(&scene.acme.key, "/v1/calendar/connect/google", vec![b' '; 300 * 1024]).await;
            told_of(status, &told)
        }
        "bare: where the return URL is not for it" => {
            let body = json!({ "customer_user_id": "ana", "return_url": RETURN, "mode": "bare" });
            let (status, told) = scene.ask(&scene.acme.key, "/v1/calendar/connect/google", &body).await;
            told_of(status, &told)
        }
        "bare: with the operator's client" => {
            for client in [&scene.acme.client, &scene.acme.microsoft] {
                let removed = callsheet::host::operations::oauth_clients::remove(&scene.host, scene.acme.id, client, false).await;
                removed.expect("it is there");
            }
            let body = json!({ "customer_user_id": "ana", "return_url": BARE, "mode": "bare" });
            let (status, told) = scene.ask(&scene.acme.key, "/v1/calendar/connect/google", &body).await;
            told_of(status, &told)
        }
        "bare: the reference completed by the tenant" => {
            let (_, link) = scene.link_of(&scene.acme, "google", "ana", BARE).await;
            let authorize = scene.begun(&mut ana, &link).await;
            let page = ana.get(&scene.server.consent(&authorize, "ana")).await.body;
            let session = page.split("/oauth/confirm/").nth(1).and_then(|rest| rest.split('"').next()).expect("a form");
            scene.complete(&scene.acme, session, "ana").await
        }
        "bare: a session flow confirmed by the browser" => {
            let (_, link) = scene.link("ana").await;
            let session = scene.returned(&mut ana, &link, "ana").await;
            ana.post(&format!("{}/oauth/confirm/{session}", scene.base)).await.told()
        }
        "scopes: the calendar unticked" => {
            scene.server.manner().scope = Some("openid https://www.googleapis.com/auth/userinfo.email".to_owned());
            as_user(scene, "ana").await
        }
        "account: another one at the second time" => {
            assert_eq!(as_user(scene, "ana").await, "200 connected");
            let (_, link) = scene.link("ana").await;
            let session = scene.returned(&mut eve, &link, "eve").await;
            scene.complete(&scene.acme, &session, "ana").await
        }
        other => panic!("nobody plays {other}"),
    }
}

/// A flow whose ID token says something else.
async fn with_claim(scene: &Scene, name: &str, value: serde_json::Value) -> String {
    scene.server.manner().claims.insert(name.to_owned(), value);
    as_user(scene, "ana").await
}

/// Ana's flow, completed as for `user`.
async fn as_user(scene: &Scene, user: &str) -> String {
    let (_, link) = scene.link("ana").await;
    let session = scene.returned(&mut Browser::new(), &link, "ana").await;
    scene.complete(&scene.acme, &session, user).await
}

async fn to(scene: &Scene, return_url: &str) -> String {
    let body = json!({ "customer_user_id": "ana", "return_url": return_url });
    let (status, told) = scene.ask(&scene.acme.key, "/v1/calendar/connect/google", &body).await;
    told_of(status, &told)
}

/// What the host makes of a provider's words; none of them comes through.
async fn said(scene: &Scene, error: &str, description: &str) -> String {
    let mut ana = Browser::new();
    let (_, link) = scene.link("ana").await;
    let authorize = scene.begun(&mut ana, &link).await;
    let landed = ana.get(&scene.server.refuse(&authorize, &[("error", error), ("error_description", description)])).await;
    assert!(!landed.headers.contains_key("a") && !format!("{landed:?}").contains("script"), "{landed:?}");
    landed.told()
}

#[test]
fn no_attack_on_connecting_makes_a_connection() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut told = String::new();
    for attack in ATTACKS {
        runtime.block_on(async {
            let scene = Scene::new().await;
            let answer = tried(&scene, attack).await;
            let connected = scene.connected().await;
            assert_eq!(connected, usize::from(AFTER_OTHERS.contains(attack)), "{attack}: connections");
            told.push_str(&format!("{attack}\n  {answer}; {connected}\n"));
            let answers = scene.answers() + &scene.host.metrics.text();
            let secrets = scene.server.manner().secrets.clone();
            for secret in secrets.iter().map(String::as_str).chain(["secret-canary"]) {
                assert!(!answers.contains(secret), "{attack}: {secret} was told");
            }
        });
    }
    assert!(ATTACKS.len() >= 40);
    expect![[r#"
        fixation: the attacker's link, consented by the victim, brought back by the victim
          200 failed another-user; 0
        fixation: the victim's reference, brought by the attacker
          200 failed another-user; 0
        fixation: the provider's page handed on after the begin
          400 That did not fit together; 0
        fixation: the attacker's whole answer opened by the victim
          400 That did not fit together; 0
        fixation: the cookie of another flow of the same browser
          400 That did not fit together; 0
        bare: the link of another, confirmed in a browser that did not begin
          400 That did not fit together; 0
        replay: a link pressed twice
          410 This link has been used, or has expired; 0
        replay: a link opened after it was used
          410 This link has been used, or has expired; 0
        replay: the provider's answer again
          410 This link has been used, or has expired; 0
        replay: the session reference again
          404 /problems/not-found: there is nothing of that name; 1
        replay: the session reference of a flow that was thrown away
          404 /problems/not-found: there is nothing of that name; 0
        double submit: two presses at once
          [303, 410]; 0
        double submit: two completions at once
          200 connected, 404 /problems/not-found: there is nothing of that name; 1
        mix-up: the answer at another client of the tenant
          400 That did not fit together; 0
        mix-up: the answer at another tenant's client
          400 That did not fit together; 0
        mix-up: the answer at the operator's client
          400 That did not fit together; 0
        mix-up: the answer at a client that is not there
          400 That did not fit together; 0
        mix-up: another issuer says that it answers
          400 That did not fit together; 0
        mix-up: Microsoft's place, Google's issuer
          400 That did not fit together; 0
        injection: the victim's code in the attacker's flow
          200 failed code-refused; 0
        injection: a code of another redirect URI
          200 failed code-refused; 0
        injection: a code that nobody gave
          200 failed code-refused; 0
        injection: an ID token for another flow
          200 failed identity-not-believed; 0
        injection: an ID token without nonce
          200 failed identity-not-believed; 0
        injection: an ID token for another client
          200 failed identity-not-believed; 0
        injection: an ID token for several clients
          200 failed identity-not-believed; 0
        injection: an ID token of another issuer
          200 failed identity-not-believed; 0
        injection: an ID token of yesterday
          200 failed identity-not-believed; 0
        injection: an ID token that is none
          200 failed identity-not-believed; 0
        injection: an answer with error and code
          303 to app.acme.example/connected?x=1&error=access-denied; 0
        prefetch: a scanner opens the link five times
          200 offered; 0
        prefetch: a scanner asks for the head of the link
          200 offered; 0
        cross-site: the form sent from elsewhere, by the browser's word
          403 Not from here; 0
        cross-site: the form sent from another origin
          403 Not from here; 0
        open redirect: a URL that is not registered
          422 /problems/refused: is not registered for this tenant; 0
        open redirect: a longer path
          422 /problems/refused: is not registered for this tenant; 0
        open redirect: another query
          422 /problems/refused: is not registered for this tenant; 0
        open redirect: credentials in front of another host
          422 /problems/refused: is not registered for this tenant; 0
        open redirect: another case
          422 /problems/refused: is not registered for this tenant; 0
        open redirect: another port
          422 /problems/refused: is not registered for this tenant; 0
        open redirect: a script
          422 /problems/refused: is not registered for this tenant; 0
        open redirect: another tenant's URL
          422 /problems/refused: is not registered for this tenant; 0
        open redirect: a URL in the provider's answer
          303 to app.acme.example/connected?x=1&error=access-denied; 0
        wrong tenant: the reference with another tenant's key
          404 /problems/not-found: there is nothing of that name; 0
        wrong tenant: the flow with another tenant's key
          404 /problems/not-found: there is nothing of that name; 0
        wrong key: none
          401 /problems/unauthorized: send `Authorization: Bearer cs_live_…` with a key that is not revoked; 0
        wrong key: without the scope
          403 /problems/missing-scope: the key lacks the scope `connect`; 0
        wrong user: another case
          200 failed another-user; 0
        wrong user: with a space behind
          200 failed another-user; 0
        wrong user: none
          400 /problems/invalid-request: `/customer_user_id` must have at least 1 characters; 0
        cookie: missing
          400 That did not fit together; 0
        cookie: another browser's
          400 That did not fit together; 0
        cookie: twice
          400 That did not fit together; 0
        expired: the link
          410 This link has been used, or has expired; 0
        expired: the provider's answer
          410 This link has been used, or has expired; 0
        expired: the session reference
          422 /problems/refused: it took too long; 0
        guess: a state of the right form
          410 This link has been used, or has expired; 0
        guess: no state
          410 This link has been used, or has expired; 0
        guess: the state twice
          410 This link has been used, or has expired; 0
        guess: a reference of the right form
          410 This link has been used, or has expired; 0
        injection: line breaks in the provider's error
          303 to app.acme.example/connected?x=1&error=provider-refused; 0
        injection: line breaks in the path
          410 This link has been used, or has expired; 0
        injection: line breaks in the user
          422 /problems/refused: a user is named by 1 to 256 bytes without control characters; 0
        injection: markup in the provider's error
          303 to app.acme.example/connected?x=1&error=provider-refused; 0
        oversize: a code of nine kilobytes
          303 to app.acme.example/connected?x=1&error=no-code; 0
        oversize: forty parameters
          410 This link has been used, or has expired; 0
        oversize: a body of 300 KiB
          413 /problems/too-large: at most 262144 bytes are read; 0
        bare: where the return URL is not for it
          422 /problems/refused: the return URL is not registered for them; 0
        bare: with the operator's client
          422 /problems/refused: they need an OAuth client of your own; 0
        bare: the reference completed by the tenant
          404 /problems/not-found: there is nothing of that name; 0
        bare: a session flow confirmed by the browser
          303 to app.acme.example/connected?x=1&error=not-bare; 0
        scopes: the calendar unticked
          200 failed permission-missing; 0
        account: another one at the second time
          200 failed another-account; 1
    "#]]
    .assert_eq(&told);
}
