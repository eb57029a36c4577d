//! Extractors that reject with our errors, so that bad input always gets the same clear answer.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize as _, Deserializer, Serialize};

use crate::platform::error::{Error, FieldErrors};

/// As large as a body may be, whoever reads it.
pub const MAX_BODY: usize = 1024 * 1024;

/// A JSON body, in or out. What comes in is an object.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let content_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = content_type
            .and_then(|value| value.split(';').next())
            .unwrap_or_default()
            .trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Error::UnsupportedMediaType {
                expected: "application/json",
            });
        }
        let body = body(request, state).await?;
        parse(&body).map(Self)
    }
}

/// Reads a structure inside of a body from an object only: serde would fill it from an array, too, in the order of its fields.
pub fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<T, D::Error> {
    let fields = serde_json::Map::deserialize(from)?;
    T::deserialize(serde_json::Value::Object(fields)).map_err(D::Error::custom)
}

/// The same of one that may be null.
pub fn optional_object<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let fields = Option::<serde_json::Map<_, _>>::deserialize(from)?;
    let read = fields.map(|fields| T::deserialize(serde_json::Value::Object(fields)));
    read.transpose().map_err(D::Error::custom)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    // serde would fill a structure from an array in the order of its fields.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(Error::invalid(
            "body",
            "invalid type: sequence, expected an object",
        ));
    }
    let mut from = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut from).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            // Where a whole object is wrong, serde's path is a dot.
            let field = if path == "." { "body" } else { &path };
            return Error::Invalid(FieldErrors::one(field, plain(&inner)));
        }
        Error::BadRequest {
            code: "bad-json",
            message: format!("The body is not valid JSON: {inner}."),
        }
    })?;
    from.end().map_err(|error| Error::BadRequest {
        code: "bad-json",
        message: format!("Something follows the JSON value: {error}."),
    })?;
    Ok(value)
}

/// serde's message without the place, which the path already tells.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ")
        .map_or(text.clone(), |(message, _)| message.to_owned())
}

/// The whole body, if it isn't too large.
pub(super) async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Error> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
            Error::TooLarge
        } else {
            Error::BadRequest {
                code: "bad-body",
                message: "The body could not be read.".to_owned(),
            }
        }
    })
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Parameters of the path. What does not parse is an address that does not exist.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    #[expect(clippy::disallowed_types, reason = "our Path is made of axum's")]
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(_) => Err(Error::NotFound),
        }
    }
}

/// Parameters of the query. Empty means not given: a page's form sends its empty fields too, and so does a program that
/// fills a template of an address.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let pairs = parts.uri.query().unwrap_or_default().split('&');
        let is_given = |pair: &&str| pair.split_once('=').is_some_and(|(_, value)| !value.is_empty());
        let given: Vec<&str> = pairs.filter(is_given).collect();
        let value = serde_html_form::from_str(&given.join("&"));
        value.map(Self).map_err(|error| Error::BadRequest {
            code: "bad-query",
            message: format!("The query of the address can't be read: {error}."),
        })
    }
}

/// `next` if it is a path of this site, so that sign-in can't be made to send people elsewhere.
pub fn local_path(next: &str) -> Option<&str> {
    let is_path = next.starts_with('/') && !next.starts_with("//");
    let is_plain = !next.chars().any(|c| c == '\\' || c.is_control());
    (is_path && is_plain).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Input {
        name: String,
        size: Option<u8>,
    }

    #[test]
    fn json_errors_name_the_field() {
        let Error::Invalid(errors) = parse::<Input>(br#"{"name": "x", "size": "big"}"#).unwrap_err() else {
            panic!()
        };
        assert_eq!(errors.0[0].field, "size");
        let Error::Invalid(errors) = parse::<Input>(br#"{"name": "x", "nmae": 1}"#).unwrap_err() else {
            panic!()
        };
        assert!(errors.0[0].message.contains("nmae"));
        assert_eq!(parse::<Input>(b"{").unwrap_err().code(), "bad-json");
        assert_eq!(
            parse::<Input>(br#"{"name":"x"} trailing"#).unwrap_err().code(),
            "bad-json"
        );
    }

    #[test]
    fn an_array_is_no_object() {
        let Error::Invalid(errors) = parse::<Input>(br#" ["x", 1]"#).unwrap_err() else {
            panic!()
        };
        assert_eq!(errors.0[0].field, "body");
    }

    #[test]
    fn next_stays_on_this_site() {
        assert_eq!(local_path("/t/acme/servers?q=1"), Some("/t/acme/servers?q=1"));
        for bad in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "t/acme",
            "/a\nb",
        ] {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
    }
}
