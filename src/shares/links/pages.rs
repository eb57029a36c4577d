//! Making links on a share's page, and taking them back.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{ServerId, ShareId, ShareLinkId};
use crate::platform::web::{Ctx, FormData, FormState, Path, SeeOther};

use super::super::model::End;
use super::super::pages::{Extra, end, href, page};
use super::actions::{self, NewLink};
use super::model::ShareLinkKind;

async fn make(
    app: &App,
    scope: &TenantScope,
    place: (ServerId, ShareId),
    data: &FormData,
) -> Result<String, Error> {
    let mut errors = FieldErrors::default();
    let kind = ShareLinkKind::read(data.get("kind"));
    let kind = errors.check("kind", kind.ok_or("Choose one of the two."));
    let last = match end(data.get("last_day"), "") {
        Ok(End::At(Some(last))) => Ok(last),
        Ok(_) => Err("Enter the last day, such as 2027-01-31."),
        Err(message) => Err(message),
    };
    let last = errors.check("last_day", last);
    let (Some(kind), Some(expires_at)) = (kind, last) else {
        return Err(errors.into());
    };
    let new = NewLink {
        kind,
        path: data.get("path").to_owned(),
        expires_at,
    };
    match actions::create(app, scope, place, new).await {
        Ok((_, url)) => Ok(url),
        Err(Error::Invalid(found)) => Err(Error::Invalid(renamed(&found))),
        Err(error) => Err(error),
    }
}

/// Programs say a moment, and the form a day.
fn renamed(errors: &FieldErrors) -> FieldErrors {
    let mut own = FieldErrors::default();
    for error in &errors.0 {
        let field = if error.field == "expires_at" {
            "last_day"
        } else {
            &*error.field
        };
        own.add(field, error.message.clone());
    }
    own
}

/// Makes one and shows its address, this once.
pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id, share)): Path<(String, ServerId, ShareId)>,
    data: FormData,
) -> Result<Response, Error> {
    let place = (id, share);
    let (errors, status) = match data.submit(make(&app, &scope, place, &data)).await {
        Ok(url) => {
            let extra = Extra {
                url,
                ..Extra::default()
            };
            return Ok(page(&app, &scope, ctx, (place, extra)).await?.into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(error @ Error::Conflict { .. }) => (FieldErrors::one("", error.sentence()), 409),
        Err(error) => return Err(error),
    };
    let extra = Extra {
        link_form: FormState::new(data, errors),
        ..Extra::default()
    };
    Ok(page(&app, &scope, ctx, (place, extra)).await?.status(status))
}

/// Takes one back.
pub(super) async fn remove(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, share, link)): Path<(String, ServerId, ShareId, ShareLinkId)>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(href(&scope, id, share));
    match actions::remove(&app, &scope, (id, share), link).await {
        Ok(()) => Ok(to.good("The link leads nowhere any more.")),
        Err(error) => to.refused(error),
    }
}
