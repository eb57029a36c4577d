//! A page's inside in the frame of whoever looks at it.

use std::fmt;

use askama::Template;
use axum::response::Response;

use crate::mail::filters::desk::Desk;
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
    title: String,
    base: String,
    address: String,
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

/// Draws `body` below a title, for people of the tenant with the way back to the mailbox, for its own person with their tabs.
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
        Desk::Tenant(scope, _) => {
            let mail = ("Mail".to_owned(), format!("/t/{}/mail", scope.member.slug));
            Page(TenantPage {
                ctx: ctx.with_crumbs([mail, (address.clone(), desk.base())]),
                base: desk.base(),
                title,
                address,
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
                address,
                body,
            })
            .status(status)
        }
    })
}
