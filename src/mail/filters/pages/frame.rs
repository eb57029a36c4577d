//! A page's inside in the frame of whoever looks at it.

use std::fmt;

use askama::Template;
use axum::response::Response;

use crate::mail::filters::desk::Desk;
use crate::mail::mailboxes::Head;
use crate::mail::model::shown_address;
use crate::mail::nav::{self, Tab};
use crate::platform::error::Error;
use crate::platform::web::page::Tone;
use crate::platform::web::{Ctx, Page};

/// HTML that a template drew, and so escaped what it prints.
#[derive(Debug)]
struct Drawn(String);

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Drawn {}

#[derive(Template)]
#[template(path = "mail/filters/tenant.html")]
struct TenantPage {
    ctx: Ctx,
    head: Head,
    title: String,
    body: Drawn,
}

#[derive(Template)]
#[template(path = "mail/own/page.html")]
struct OwnPage {
    ctx: Ctx,
    title: String,
    address: String,
    body: Drawn,
}

/// The tab that a page below a mailbox's own address belongs to.
fn tab(path: &str, base: &str) -> &'static str {
    let below = path.strip_prefix(base).unwrap_or_default();
    match below.split('/').nth(1).unwrap_or_default() {
        "forwarding" => "forwarding",
        "set-up" => "set-up",
        // Rules, and what is sent to the other forms of their page.
        _ => "rules",
    }
}

/// Draws `body` below a title and the tabs of whoever looks: for people of the tenant those of the mailbox, for its own person
/// theirs.
pub(in crate::mail) fn frame(
    desk: &Desk,
    ctx: Ctx,
    (title, address): (&str, &str),
    body: &impl Template,
    status: u16,
) -> Result<Response, Error> {
    let body = Drawn(body.render().map_err(Error::internal)?);
    let (title, address) = (title.to_owned(), address.to_owned());
    Ok(match desk {
        Desk::Tenant(scope, mailbox) => {
            let tab = tab(&ctx.path, &desk.base());
            Page(TenantPage {
                ctx: nav::crumbs_below(ctx, scope, Tab::Mailboxes),
                head: Head::of(scope, *mailbox, &address, tab),
                title,
                body,
            })
            .status(status)
        }
        Desk::Own(scope) => {
            let ctx = match &scope.owner.suspended {
                Some(_) => ctx.with_banner(
                    Tone::Warn,
                    "Your organisation is suspended. You can look at everything and change nothing.",
                ),
                None => ctx,
            };
            Page(OwnPage {
                ctx,
                title,
                address: shown_address(&address),
                body,
            })
            .status(status)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_its_tab() {
        for (below, expected) in [
            ("/rules", "rules"),
            ("/rules/new", "rules"),
            ("/script", "rules"),
            ("/forwarding", "forwarding"),
            ("/set-up", "set-up"),
        ] {
            assert_eq!(
                tab(&format!("/t/a/mail/mailboxes/x{below}"), "/t/a/mail/mailboxes/x"),
                expected
            );
        }
    }
}
