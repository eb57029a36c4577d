//! Fetches for people: those into one mailbox, and all of a tenant's, each with the form that asks for more, live.

mod all;
mod one;
mod rows;

use axum::extract::State;

use crate::app::App;
use crate::drivers::mail::FetchTls;
use crate::mail::nav::{self, Tab};
use crate::platform::access::{Permission, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{MailFetchId, MailboxId};
use crate::platform::web::{FormData, FormState, Path, Routes, SeeOther};

use super::actions;
use super::model::{Account, Folders, NewFetch};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (
        Rule::Tenant(Permission::MailRead),
        Rule::Tenant(Permission::MailWrite),
    );
    Routes::new()
        .get("/t/{tenant}/mail/fetches", read, all::list)
        .form("/t/{tenant}/mail/fetches", write, all::create)
        .get("/t/{tenant}/mail/fetches/live", read, all::live)
        .post("/t/{tenant}/mail/fetches/{fetch}/cancel", write, cancel)
        .get("/t/{tenant}/mail/mailboxes/{mailbox}/fetch", read, one::show)
        .form("/t/{tenant}/mail/mailboxes/{mailbox}/fetch", write, one::create)
        .get("/t/{tenant}/mail/mailboxes/{mailbox}/fetch/live", read, one::live)
}

/// Where all fetches are.
fn base(scope: &TenantScope) -> String {
    Tab::Fetches.href(scope)
}

/// Where those into a mailbox are.
fn href(scope: &TenantScope, mailbox: MailboxId) -> String {
    format!("{}/fetch", nav::mailbox(scope, mailbox))
}

/// Cancels one, and goes to its mailbox's.
async fn cancel(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailFetchId)>,
) -> Result<SeeOther, Error> {
    let fetch = actions::cancel(&app, &scope, id).await?;
    let to = SeeOther::to(href(&scope, fetch.mailbox));
    Ok(to.info("It ends within moments. What came stays, and the password is wiped."))
}

/// What is usual.
fn usual() -> FormState {
    FormState::default()
        .with("tls", FetchTls::Implicit.word())
        .with("folders", Folders::All.word())
}

/// What both forms have in common.
fn read(data: &FormData, accounts: Vec<Account>) -> NewFetch {
    let typed = data.get("port").trim();
    // What is no number is no port either, and is told as one.
    let port = (!typed.is_empty()).then(|| typed.parse().unwrap_or(0));
    NewFetch {
        host: data.get("host").to_owned(),
        port,
        tls: FetchTls::read(data.get("tls")),
        folders: Folders::read(data.get("folders")).unwrap_or_default(),
        fingerprint: data.get("fingerprint").to_owned(),
        accounts,
    }
}
