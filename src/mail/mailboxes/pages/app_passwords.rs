//! Passwords of a mailbox for single programs. One that is made is shown once, on the page that answers.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::mail::nav::{self, Tab};
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{AppPasswordId, MailboxId};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, ago, mistakes};

use super::super::actions::{self, AppPasswordInput};
use super::super::model::{AppPassword, AppPasswordProtocol};
use super::Head;

/// One that was made, told this once.
struct Made {
    name: String,
    text: String,
}

#[derive(Template)]
#[template(path = "mail/mailbox_app_passwords.html")]
pub(super) struct List {
    ctx: Ctx,
    head: Head,
    passwords: Vec<AppPassword>,
    made: Option<Made>,
    form: FormState,
    now: DateTime<Utc>,
    may_write: bool,
}

impl List {
    fn ways(&self, password: &AppPassword) -> String {
        let titles: Vec<&str> = password.protocols.iter().map(|one| one.title()).collect();
        titles.join(", ")
    }

    fn last(&self, password: &AppPassword) -> String {
        let last = password.last_used_at;
        last.map_or_else(|| "Not yet".to_owned(), |at| ago(at, self.now))
    }

    fn made_ago(&self, password: &AppPassword) -> String {
        ago(password.created_at, self.now)
    }

    /// Word, title, and what it is for.
    fn protocols(&self) -> [(&'static str, &'static str, &'static str); 4] {
        AppPasswordProtocol::ALL.map(|one| {
            let hint = match one {
                AppPasswordProtocol::Imap => "Read mail where it lies; what most programs use.",
                AppPasswordProtocol::Pop3 => "Fetch mail.",
                AppPasswordProtocol::Smtp => "Send mail.",
                AppPasswordProtocol::Sieve => "Change filters.",
            };
            (one.word(), one.title(), hint)
        })
    }
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    (id, form, made): (MailboxId, FormState, Option<Made>),
) -> Result<Page<List>, Error> {
    let (mailbox, passwords) = actions::app_passwords(app, scope, id).await?;
    Ok(Page(List {
        ctx: nav::crumbs_below(ctx, scope, Tab::Mailboxes),
        head: Head::new(scope, &mailbox, "app-passwords"),
        passwords,
        made,
        form,
        now: app.now(),
        may_write: scope.may(Permission::MailWrite) && mailbox.deleted.is_none(),
    }))
}

/// What most programs need.
fn usual() -> FormState {
    FormState::default()
        .with("protocols", AppPasswordProtocol::Imap.word())
        .with("protocols", AppPasswordProtocol::Smtp.word())
}

/// Lists them.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailboxId)>,
) -> Result<Page<List>, Error> {
    page(&app, &scope, ctx, (id, usual(), None)).await
}

/// Makes one and shows it.
pub(super) async fn make(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailboxId)>,
    data: FormData,
) -> Result<Response, Error> {
    let new = AppPasswordInput {
        name: data.get("name").to_owned(),
        protocols: data
            .all("protocols")
            .filter_map(AppPasswordProtocol::read)
            .collect(),
    };
    match data
        .submit(actions::make_app_password(&app, &scope, id, new))
        .await
    {
        Ok((password, text)) => {
            let made = Made {
                name: password.name,
                text: text.expose().clone(),
            };
            let page = page(&app, &scope, ctx, (id, usual(), Some(made))).await?;
            Ok(page.into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let form = FormState::new(data, errors);
            Ok(page(&app, &scope, ctx, (id, form, None)).await?.status(status))
        }
    }
}

/// Removes one.
pub(super) async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, password)): Path<(String, MailboxId, AppPasswordId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(format!("{}/app-passwords", nav::mailbox(&scope, id)));
    match actions::remove_app_password(&app, &scope, id, password).await {
        Ok(name) => Ok(to.good(format!("{name} works no more, and open sessions end."))),
        Err(error) => to.refused(error),
    }
}
