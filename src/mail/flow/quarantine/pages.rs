//! The quarantine for people.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::drivers::mail::{QueueAct, QueueId};
use crate::mail::nav::{self, AreaHead, Tab};
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, ListQuery, Listing, Page, Path, Query, SeeOther, first_href};

use super::super::queue::Row;
use super::super::service::away;
use super::actions;

#[derive(Template)]
#[template(path = "mail/quarantine.html")]
pub(super) struct QuarantinePage {
    ctx: Ctx,
    area: AreaHead,
    home: String,
    has_service: bool,
    query: ListQuery,
    away: String,
    rows: Vec<Row>,
    first: String,
    next: String,
    may_write: bool,
}

/// Lists held mail.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<QuarantinePage>, Error> {
    let nothing = || Listing {
        items: Vec::new(),
        next: None,
    };
    let (listing, away) = if app.mail.is_none() {
        (nothing(), String::new())
    } else {
        match actions::list(&app, &scope, &query).await {
            Ok(listing) => (listing, String::new()),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "held mail can't be listed"
                );
                away(error)?;
                (nothing(), "The mail service does not answer now. What it holds is safe; look again in a few minutes.".to_owned())
            }
        }
    };
    let now = app.now();
    Ok(Page(QuarantinePage {
        ctx: nav::crumbs(ctx, &scope),
        area: AreaHead::new(&scope, Tab::Quarantine),
        home: nav::area(&scope),
        has_service: app.mail.is_some(),
        next: listing.next_href(&query).unwrap_or_default(),
        first: query
            .after
            .as_ref()
            .map(|_| first_href(&query))
            .unwrap_or_default(),
        rows: listing.items.into_iter().map(|one| Row::new(one, now)).collect(),
        query,
        away,
        may_write: scope.may(Permission::MailWrite),
    }))
}

async fn decide(
    (app, scope): (&App, &TenantScope),
    text: &str,
    (act, says): (QueueAct, &str),
) -> Result<SeeOther, Error> {
    let id = QueueId::parse(text).ok_or(Error::NotFound)?;
    let to = SeeOther::to(Tab::Quarantine.href(scope));
    match actions::decide(app, scope, &id, act).await {
        Ok(one) => {
            let from = if one.sender.is_empty() {
                "a mail server"
            } else {
                &one.sender
            };
            Ok(to.good(format!("The mail from {from} {says}.")))
        }
        Err(error @ Error::Unavailable(_)) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "held mail was not decided about"
            );
            away(error)?;
            Ok(to.bad(
                "The mail service does not answer now, so nothing was done. Try again in a few minutes.",
            ))
        }
        Err(error) => to.refused(error),
    }
}

/// Lets one go on.
pub(super) async fn release(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, text)): Path<(String, String)>,
) -> Result<SeeOther, Error> {
    decide(
        (&app, &scope),
        &text,
        (QueueAct::Release, "goes on to its recipients"),
    )
    .await
}

/// Deletes one.
pub(super) async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, text)): Path<(String, String)>,
) -> Result<SeeOther, Error> {
    decide((&app, &scope), &text, (QueueAct::Delete, "is deleted")).await
}
