//! HTML forms: what was sent, and how it is shown again with what is wrong.

use axum::extract::{FromRequest, Request};

use crate::platform::error::{Error, FieldError, FieldErrors};

use super::extract::body;

/// What a form sent: pairs in their order, names may repeat.
#[derive(Debug, Clone, Default)]
pub struct FormData(Vec<(String, String)>);

impl FormData {
    /// The first value of `name`, or nothing.
    pub fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// All values of `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a check box is set.
    pub fn checked(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The pairs whose name starts with `prefix`, without it.
    pub fn prefixed<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .iter()
            .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }
}

impl FromIterator<(String, String)> for FormData {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl<S: Send + Sync> FromRequest<S> for FormData {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let content_type = request.headers().get(axum::http::header::CONTENT_TYPE);
        let is_form = content_type
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        let body = body(request, state).await?;
        // A form without fields, such as a button, sends neither body nor type.
        if !is_form && !body.is_empty() {
            return Err(Error::UnsupportedMediaType {
                expected: "application/x-www-form-urlencoded",
            });
        }
        let pairs = form_urlencoded(&body)?;
        Ok(Self(pairs))
    }
}

fn form_urlencoded(body: &[u8]) -> Result<Vec<(String, String)>, Error> {
    let pairs: Vec<(String, String)> =
        serde_html_form::from_bytes(body).map_err(|error| Error::BadRequest {
            code: "bad-form",
            message: format!("The form could not be read: {error}."),
        })?;
    if pairs
        .iter()
        .any(|(name, value)| name.contains('\0') || value.contains('\0'))
    {
        return Err(Error::BadRequest {
            code: "bad-text",
            message: "Text may not hold NUL characters.".to_owned(),
        });
    }
    Ok(pairs)
}

/// A form as a template shows it: values to keep and errors per field. Fields of passwords are never filled from it.
#[derive(Debug, Clone, Default)]
pub struct FormState {
    data: FormData,
    errors: FieldErrors,
}

impl FormState {
    /// A form that came back.
    pub fn new(data: FormData, errors: FieldErrors) -> Self {
        Self { data, errors }
    }

    /// Fills a field of a fresh form.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.data.0.push((name.to_owned(), value.into()));
        self
    }

    /// What the field shows.
    pub fn value(&self, name: &str) -> &str {
        self.data.get(name)
    }

    /// Whether a check box or choice among several of one name is set.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.data.all(name).any(|known| known == value)
    }

    /// What is wrong with the field; empty if nothing.
    pub fn error(&self, name: &str) -> &str {
        self.errors.get(name).unwrap_or_default()
    }

    /// All that is wrong, in order.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors.0
    }
}
