//! Aliases of one's own.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::mail::filters::frame;
use crate::mail::model::{DomainName, shown_address};
use crate::mail::own::actions;
use crate::mail::own::store::OwnAlias;
use crate::platform::access::MailboxScope;
use crate::platform::error::Error;
use crate::platform::ids::MailAliasId;
use crate::platform::web::{Ctx, FormData, FormState, Path, SeeOther, ago, mistakes};

use super::desk;

struct Row {
    id: String,
    address: String,
    description: String,
    made: String,
}

#[derive(Template)]
#[template(path = "mail/own/aliases.html")]
struct Body {
    rows: Vec<Row>,
    limit: i32,
    domain: String,
    form: FormState,
    may_write: bool,
}

impl Body {
    fn may_make_none(&self) -> bool {
        self.limit == 0
    }

    fn has_room(&self) -> bool {
        i64::try_from(self.rows.len()).unwrap_or(i64::MAX) < i64::from(self.limit)
    }
}

async fn page(
    app: &App,
    scope: &MailboxScope,
    ctx: Ctx,
    form: FormState,
    status: u16,
) -> Result<Response, Error> {
    let now = app.now();
    let (mailbox, aliases) = actions::list_aliases(scope).await?;
    let row = |one: OwnAlias| Row {
        id: one.id.to_string(),
        address: shown_address(&one.address),
        description: one.description,
        made: ago(one.created_at, now),
    };
    let domain = mailbox.address.rsplit('@').next().unwrap_or_default();
    let body = Body {
        rows: aliases.into_iter().map(row).collect(),
        limit: mailbox.max_own_aliases,
        domain: DomainName::trusted(domain.to_owned()).shown(),
        form,
        may_write: scope.owner.suspended.is_none(),
    };
    frame(&desk(scope), ctx, ("Aliases", &mailbox.address), &body, status)
}

/// Shows them.
pub(in crate::mail::own) async fn list(
    State(app): State<App>,
    scope: MailboxScope,
    ctx: Ctx,
) -> Result<Response, Error> {
    page(&app, &scope, ctx, FormState::default(), 200).await
}

/// Makes one.
pub(in crate::mail::own) async fn create(
    State(app): State<App>,
    scope: MailboxScope,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let wanted = (form.get("name"), form.get("description"));
    let (errors, status) = match actions::create_alias(&app, &scope, wanted).await {
        Ok(address) => {
            let words = format!("Mail to {address} comes to you from now on.");
            return Ok(SeeOther::to("/mailbox/aliases").good(words).into_response());
        }
        Err(error) => mistakes(error)?,
    };
    page(&app, &scope, ctx, FormState::new(form, errors), status).await
}

/// Takes one away.
pub(in crate::mail::own) async fn remove(
    State(app): State<App>,
    scope: MailboxScope,
    Path(id): Path<MailAliasId>,
) -> Result<Response, Error> {
    let address = actions::delete_alias(&app, &scope, id).await?;
    let words = format!("Mail to {} is refused from now on.", shown_address(&address));
    Ok(SeeOther::to("/mailbox/aliases").good(words).into_response())
}
