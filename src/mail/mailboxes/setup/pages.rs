//! The form of a set-up link, and what is said when there is none.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::mail::clients::{Server, servers};
use crate::mail::model::Address;
use crate::platform::access::Visitor;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path};

use super::super::store::Offered;
use super::actions;

#[derive(Template)]
#[template(path = "mail/set_up.html")]
struct SetUp {
    ctx: Ctx,
    address: String,
    form: FormState,
}

#[derive(Template)]
#[template(path = "mail/set_up_done.html")]
struct Done {
    ctx: Ctx,
    address: String,
    /// The name that programs reach the mail service by.
    host: String,
    /// What most programs use, to read and to send.
    servers: [Server; 2],
}

#[derive(Template)]
#[template(path = "mail/set_up_gone.html")]
struct Gone {
    ctx: Ctx,
}

fn shown(offered: &Offered) -> String {
    Address::parse(&offered.address).map_or_else(|_| offered.address.clone(), |address| address.shown())
}

fn gone(ctx: Ctx) -> Response {
    Page(Gone { ctx }).status(404)
}

/// Asks for a password.
pub(super) async fn show(
    State(app): State<App>,
    ctx: Ctx,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let Some(offered) = actions::view(&app, &token).await? else {
        return Ok(gone(ctx));
    };
    let page = SetUp {
        ctx,
        address: shown(&offered),
        form: FormState::default(),
    };
    Ok(Page(page).into_response())
}

/// Sets it.
pub(super) async fn choose(
    State(app): State<App>,
    ctx: Ctx,
    visitor: Visitor,
    Path(token): Path<String>,
    data: FormData,
) -> Result<Response, Error> {
    let Some(offered) = actions::view(&app, &token).await? else {
        return Ok(gone(ctx));
    };
    let address = shown(&offered);
    let chosen = data.get("password");
    let outcome = if data.get("again") == chosen {
        actions::choose(&app, &visitor, &token, chosen).await
    } else {
        Err(FieldErrors::one("again", "Type the same password twice.").into())
    };
    match outcome {
        Ok(_) => {
            let host = app.config.mail_host().to_owned();
            let [incoming, _, outgoing, _] = servers(app.config.mail_client_ports);
            let done = Done {
                ctx,
                address,
                host,
                servers: [incoming, outgoing],
            };
            Ok(Page(done).into_response())
        }
        Err(Error::NotFound) => Ok(gone(ctx)),
        Err(Error::Invalid(errors)) => {
            let form = FormState::new(data, errors);
            Ok(Page(SetUp { ctx, address, form }).status(422))
        }
        Err(error) => Err(error),
    }
}
