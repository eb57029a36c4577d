//! What the webmail container asks the panel, over the private network that both are in. It needs no account: who knows a token of
//! 256 bits, or the password that ends, is the one that it was made for. Guesses are held up as all requests of an address are.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::app::App;
use crate::platform::access::Visitor;
use crate::platform::error::Error;
use crate::platform::web::{FormData, Json};

use super::actions;

/// Exchanges a token. All that is no open one gets one answer.
pub(super) async fn exchange(State(app): State<App>, form: FormData) -> Result<Response, Error> {
    let found = actions::exchange(&app, form.get("token")).await?;
    let found = found.ok_or(Error::NotFound)?;
    let answer = json!({ "address": found.address, "password": found.password.expose() });
    Ok(Json(answer).into_response())
}

/// Ends the session that a password is of. Does not tell whether there was one.
pub(super) async fn end(
    State(app): State<App>,
    visitor: Visitor,
    form: FormData,
) -> Result<StatusCode, Error> {
    actions::end(&app, &visitor, form.get("password")).await?;
    Ok(StatusCode::NO_CONTENT)
}
