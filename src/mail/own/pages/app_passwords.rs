//! Passwords for single programs.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::mail::filters::frame;
use crate::mail::mailboxes::{AppPassword, AppPasswordInput, AppPasswordProtocol};
use crate::mail::own::actions;
use crate::platform::access::MailboxScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::AppPasswordId;
use crate::platform::web::{Ctx, FormData, FormState, Path, SeeOther, ago};

use super::desk;

struct Row {
    id: String,
    name: String,
    protocols: String,
    made: String,
    used: String,
}

#[derive(Template)]
#[template(path = "mail/own/app_passwords.html")]
struct Body {
    rows: Vec<Row>,
    form: FormState,
    /// One that was just made.
    made: String,
    may_write: bool,
}

impl Body {
    fn protocols(&self) -> [(&'static str, &'static str); 4] {
        AppPasswordProtocol::ALL.map(|one| {
            let words = match one {
                AppPasswordProtocol::Imap => "Read mail (IMAP)",
                AppPasswordProtocol::Pop3 => "Fetch mail (POP3)",
                AppPasswordProtocol::Smtp => "Send mail",
                AppPasswordProtocol::Sieve => "Change rules (ManageSieve)",
            };
            (one.word(), words)
        })
    }
}

async fn page(
    app: &App,
    scope: &MailboxScope,
    ctx: Ctx,
    (form, made): (FormState, String),
    status: u16,
) -> Result<Response, Error> {
    let now = app.now();
    let ways = |one: &AppPassword| -> String {
        let titles: Vec<&str> = one.protocols.iter().map(|one| one.title()).collect();
        titles.join(", ")
    };
    let row = |one: AppPassword| Row {
        id: one.id.to_string(),
        protocols: ways(&one),
        name: one.name,
        made: ago(one.created_at, now),
        used: one
            .last_used_at
            .map_or_else(|| "Not yet".to_owned(), |at| ago(at, now)),
    };
    let rows = actions::list_app_passwords(scope).await?;
    let body = Body {
        rows: rows.into_iter().map(row).collect(),
        form,
        made,
        may_write: scope.owner.suspended.is_none(),
    };
    let title = ("App passwords", scope.owner.address.as_str());
    frame(&desk(scope), ctx, title, &body, status)
}

fn fresh() -> FormState {
    FormState::default()
        .with("protocols", "imap")
        .with("protocols", "smtp")
}

/// Shows them.
pub(in crate::mail::own) async fn list(
    State(app): State<App>,
    scope: MailboxScope,
    ctx: Ctx,
) -> Result<Response, Error> {
    page(&app, &scope, ctx, (fresh(), String::new()), 200).await
}

/// Makes one and shows it this once.
pub(in crate::mail::own) async fn create(
    State(app): State<App>,
    scope: MailboxScope,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let wanted = AppPasswordInput {
        name: form.get("name").to_owned(),
        protocols: form
            .all("protocols")
            .filter_map(AppPasswordProtocol::read)
            .collect(),
    };
    let (errors, status) = match actions::create_app_password(&app, &scope, wanted).await {
        Ok(password) => {
            let made = password.expose().clone();
            return page(&app, &scope, ctx, (fresh(), made), 200).await;
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(error @ Error::Conflict { .. }) => (FieldErrors::one("", error.sentence()), 409),
        Err(error) => return Err(error),
    };
    let state = FormState::new(form, errors);
    page(&app, &scope, ctx, (state, String::new()), status).await
}

/// Takes one away.
pub(in crate::mail::own) async fn remove(
    State(app): State<App>,
    scope: MailboxScope,
    Path(id): Path<AppPasswordId>,
) -> Result<Response, Error> {
    let name = actions::remove_app_password(&app, &scope, id).await?;
    let words = format!("{name} can't sign in with its password any more, and open sessions end.");
    Ok(SeeOther::to("/mailbox/app-passwords").good(words).into_response())
}
