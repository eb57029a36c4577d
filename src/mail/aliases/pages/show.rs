//! One alias: where it leads, and who gets its mail in the end.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::mail::model::other_in_dns;
use crate::mail::{mailboxes, nav};
use crate::platform::access::{Permission as P, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::MailAliasId;
use crate::platform::web::{Ctx, Page, Path, ago};

use super::super::actions;
use super::super::model::{Alias, AliasKind, shown};
use super::{crumbs, href, of_domain};

#[derive(Template)]
#[template(path = "mail/aliases/show.html")]
pub(super) struct Show {
    ctx: Ctx,
    href: String,
    domain_href: String,
    alias: Alias,
    /// The mailbox whose person made it: where it is, and its address.
    mailbox: Option<(String, String)>,
    targets: Vec<String>,
    recipients: Vec<String>,
    /// The ways to addresses of ours that refuse it.
    dead_ends: Vec<String>,
    /// How many more such addresses there are.
    more_refused: usize,
    /// Why nobody can tell who gets it.
    error: String,
    created_ago: String,
    may_write: bool,
}

impl Show {
    fn name(&self) -> String {
        self.alias.shown()
    }

    fn in_dns(&self) -> Option<&str> {
        other_in_dns(&self.alias.address)
    }

    fn kind(&self) -> &'static str {
        self.alias.kind.title()
    }

    fn domain_name(&self) -> String {
        self.alias.domain.1.shown()
    }

    fn words(&self) -> (&'static str, &'static str) {
        if self.alias.is_enabled {
            ("good", "In use")
        } else {
            ("idle", "Disabled")
        }
    }

    fn is_catch_all(&self) -> bool {
        self.alias.kind == AliasKind::CatchAll
    }

    fn created(&self) -> String {
        self.alias.created_at.to_rfc3339()
    }
}

fn all(addresses: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
    let addresses = addresses.into_iter();
    addresses.map(|address| shown(address.as_ref())).collect()
}

/// Shows it.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailAliasId)>,
) -> Result<Page<Show>, Error> {
    let (alias, reach) = actions::look(&scope, id).await?;
    let mailbox = match alias.owner {
        Some(owner) => {
            let mailbox = mailboxes::find(&mut scope.begin().await?, owner).await?;
            Some((nav::mailbox(&scope, owner), mailbox.shown()))
        }
        None => None,
    };
    let error = reach.as_ref().err().map(ToString::to_string);
    let reach = reach.unwrap_or_default();
    Ok(Page(Show {
        ctx: crumbs(ctx, &scope, None),
        href: href(&scope, id),
        domain_href: of_domain(&scope, alias.domain.0),
        mailbox,
        targets: all(&alias.targets),
        recipients: all(&reach.recipients),
        dead_ends: reach.ways().collect(),
        more_refused: reach.refused.len() - reach.dead_ends.len(),
        error: error.unwrap_or_default(),
        created_ago: ago(alias.created_at, app.now()),
        may_write: scope.may(P::MailWrite),
        alias,
    }))
}
