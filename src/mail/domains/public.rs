//! What the world may read of a domain: the policy that its `mta-sts` host has (RFC 8461, 3.2).

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::mail::model::DomainName;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;

use super::actions::hosts;
use super::model;
use super::store;

/// The domain whose policy is asked for, by the name that the asker used.
fn asked(headers: &HeaderMap) -> Option<DomainName> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let name = host.split(':').next()?.to_ascii_lowercase();
    DomainName::parse(name.strip_prefix("mta-sts.")?).ok()
}

/// Shows the policy of a domain that is here.
pub(super) async fn policy(State(app): State<App>, headers: HeaderMap) -> Result<Response, Error> {
    let domain = asked(&headers).ok_or(Error::NotFound)?;
    let scope = SystemScope::new(app.db.clone(), "mta-sts");
    let known = store::verified_of(&mut scope.begin().await?, domain.as_str()).await?;
    known.ok_or(Error::NotFound)?;
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, model::policy(&hosts(&app))).into_response())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_host_says_which_domain() {
        let of = |host: &'static str| {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            asked(&headers).map(|name| name.to_string())
        };
        assert_eq!(of("mta-sts.a.example").as_deref(), Some("a.example"));
        assert_eq!(of("MTA-STS.A.example:443").as_deref(), Some("a.example"));
        assert_eq!(of("a.example"), None);
        assert_eq!(of("mta-sts.localhost"), None);
        assert_eq!(asked(&HeaderMap::new()), None);
    }
}
