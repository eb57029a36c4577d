//! Answers to mail programs, which ask before anybody has signed in.

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::mail::model::DomainName;
use crate::platform::error::Error;
use crate::platform::web::Query;

use super::{model, store};

/// Whom it is for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    emailaddress: Option<String>,
}

fn xml(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], text).into_response()
}

async fn check(app: &App, domain: &DomainName) -> Result<(), Error> {
    let mut tx = app.db.system().await?;
    if store::is_served(&mut tx, domain).await? {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

/// Answers Thunderbird and what asks as it does.
pub(super) async fn mozilla(
    State(app): State<App>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let domain = model::domain_asked(asked.emailaddress.as_deref(), host).ok_or(Error::NotFound)?;
    check(&app, &domain).await?;
    let servers = model::servers(app.config.mail_client_ports);
    Ok(xml(model::mozilla(&domain, app.config.mail_host(), &servers)))
}

/// Answers Outlook.
pub(super) async fn microsoft(State(app): State<App>, body: Body) -> Result<Response, Error> {
    let body = to_bytes(body, model::LONGEST)
        .await
        .map_err(|_| Error::TooLarge)?;
    let address = model::address_asked(&body).map_err(|message| Error::BadRequest {
        code: "bad-autodiscover",
        message: message.to_owned(),
    })?;
    check(&app, &DomainName::trusted(address.domain().to_owned())).await?;
    let servers = model::servers(app.config.mail_client_ports);
    Ok(xml(model::microsoft(&address, app.config.mail_host(), &servers)))
}
