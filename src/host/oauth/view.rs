//! The few pages that people see: plain, without anything of anybody else's.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64;

/// The one style of all pages.
const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1c1f24}\
main{max-width:30rem;margin:12vh auto;padding:2rem;background:#fff;border:1px solid #d9dce1;border-radius:8px;overflow-wrap:anywhere}\
h1{font-size:1.3rem;margin:0 0 1rem}ul{padding-left:1.2rem}p.small{color:#5b626d;font-size:.875rem}\
button{font:inherit;font-weight:600;padding:.6rem 1.2rem;border:0;border-radius:6px;background:#1a56b8;color:#fff;cursor:pointer}\
button:focus-visible{outline:3px solid #8ab4f8}\
@media(prefers-color-scheme:dark){body{background:#15171a;color:#e6e8eb}main{background:#1d2024;border-color:#33383f}\
p.small{color:#a0a7b1}}";

/// Text of others inside a page.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control and direction characters would let a name say other than what stands there.
            c if c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {}
            c => out.push(c),
        }
    }
    out
}

fn page(title: &str, inside: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
         <style>{STYLE}</style></head><body><main><h1>{title}</h1>{inside}</main></body></html>\n"
    )
}

/// What a page may load and where its button may lead: this host, and then the provider's page. Browsers hold redirects of a form to it.
#[must_use]
pub fn policy(leads_to: &str) -> String {
    let style = BASE64.encode(digest(&SHA256, STYLE.as_bytes()).as_ref());
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self' {leads_to}; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The page of a link: who asks, for what, of whom; and the button.
#[must_use]
pub fn offer(tenant: &str, provider: &str, action: &str) -> String {
    let (tenant, provider) = (escaped(tenant), escaped(provider));
    page(
        &format!("Connect your {provider} calendar"),
        &format!(
            "<p><strong>{tenant}</strong> asks for access to your calendar. {provider} will ask you to sign in and to agree to this:</p>\
             <ul><li>see the events of your calendars, without changing any</li><li>see which account it is</li></ul>\
             <p>With it, {tenant} decides which of your meetings are recorded.</p>\
             <form method=\"post\" action=\"{}\"><button>Continue to {provider}</button></form>\
             <p class=\"small\">Go on only if you know why {tenant} asks you. You can take access back at any time, there or at {provider}.</p>",
            escaped(action)
        ),
    )
}

/// The page before the end of a bare flow: who will receive access.
#[must_use]
pub fn confirm(tenant: &str, user: &str, provider: &str, action: &str) -> String {
    let (tenant, user, provider) = (escaped(tenant), escaped(user), escaped(provider));
    page(
        &format!("Give {tenant} access?"),
        &format!(
            "<p>You have agreed at {provider}. The calendar will be connected at <strong>{tenant}</strong> for the user \
             <strong>{user}</strong>: {tenant} will see its events, without changing any, and decide with them which meetings are recorded.</p>\
             <p>If that is not you, close this page: nothing has been connected.</p>\
             <form method=\"post\" action=\"{}\"><button>Yes, connect it for {user}</button></form>",
            escaped(action)
        ),
    )
}

/// A page that only tells something.
#[must_use]
pub fn notice(title: &str, text: &str) -> String {
    page(&escaped(title), &format!("<p>{}</p>", escaped(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_tenant_becomes_part_of_the_page() {
        let name = "A\"><script>alert(1)</script>\u{202e}&'";
        for html in [offer(name, name, name), confirm(name, name, name, name), notice(name, name)] {
            assert!(!html.contains("<script"), "{html}");
            assert!(!html.contains("A\">"), "{html}");
            assert!(!html.contains('\u{202e}'));
        }
    }
}
