//! HTML forms: what was sent, and how it is shown again with what is wrong.

use axum::extract::{FromRequest, Request};

use crate::platform::error::{Error, FieldError, FieldErrors};

use super::extract::body;

/// The hidden field by which a form names those of its fields that hold secrets (`templates/components/form.html`).
const SECRET: &str = "_secret";

/// What a form says whose thing was changed by somebody else since it was looked at.
pub const CHANGED: &str = "Somebody changed this in the meantime. Look at what is there now, and save again.";

/// What a form says that comes back after a sign-in.
pub const RETURNED: &str =
    "Your session had ended, so nothing was done yet. Look at what you typed, and send it again.";

/// What a form shows whose action was refused, and with which status.
///
/// # Errors
/// The error itself, if a form can't show it: it is no fault of who typed.
pub fn mistakes(error: Error) -> Result<(FieldErrors, u16), Error> {
    match error {
        Error::Invalid(errors) => Ok((errors, 422)),
        Error::PreconditionFailed => Ok((FieldErrors::one("", CHANGED), 412)),
        error @ (Error::Conflict { .. } | Error::LimitReached { .. }) => {
            Ok((FieldErrors::one("", error.sentence()), 409))
        }
        error => Err(error),
    }
}

/// What a form sent: pairs in their order, names may repeat.
#[derive(Debug, Clone, Default)]
pub struct FormData {
    pairs: Vec<(String, String)>,
    /// It was sent without a session, and is to be shown again: see `kept.rs`.
    is_returned: bool,
}

impl FormData {
    /// A form that comes back after a sign-in.
    pub(super) fn returned(pairs: Vec<(String, String)>) -> Self {
        Self {
            pairs,
            is_returned: true,
        }
    }

    /// Whether the form was sent by somebody who meant it now, and not before a sign-in.
    pub fn is_meant(&self) -> Result<(), FieldErrors> {
        if self.is_returned {
            Err(FieldErrors::one("", RETURNED))
        } else {
            Ok(())
        }
    }

    /// Does what the form asks for, if it [is meant](Self::is_meant); if not, the handler shows it again as one with mistakes.
    pub async fn submit<T: Send>(
        &self,
        action: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        self.is_meant()?;
        action.await
    }

    /// Its fields, but for those that hold secrets.
    pub(super) fn without_secrets(self) -> Vec<(String, String)> {
        let is_open = |name: &str| name != SECRET && !self.all(SECRET).any(|secret| secret == name);
        let open = self.pairs.iter().filter(|(name, _)| is_open(name));
        open.cloned().collect()
    }

    /// The first value of `name`, or nothing.
    pub fn get(&self, name: &str) -> &str {
        self.pairs
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// The check of a hidden `version`: nobody may have changed the thing since the form was shown. A form that says nothing
    /// of it passes.
    pub fn has_seen(&self) -> impl Fn(i64) -> Result<(), Error> + use<> {
        self.version_check(|seen, version| seen.is_none_or(|seen| seen == version))
    }

    /// The same, for forms that always have it: one that says nothing of it does not pass.
    pub fn same_version(&self) -> impl Fn(i64) -> Result<(), Error> + use<> {
        self.version_check(|seen, version| seen == Some(version))
    }

    fn version_check(
        &self,
        passes: fn(Option<i64>, i64) -> bool,
    ) -> impl Fn(i64) -> Result<(), Error> + use<> {
        let seen: Option<i64> = self.get("version").parse().ok();
        move |version| {
            if passes(seen, version) {
                Ok(())
            } else {
                Err(Error::PreconditionFailed)
            }
        }
    }

    /// All values of `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a check box is set.
    pub fn checked(&self, name: &str) -> bool {
        self.pairs.iter().any(|(known, _)| known == name)
    }

    /// The pairs whose name starts with `prefix`, without it.
    pub fn prefixed<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.pairs
            .iter()
            .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }
}

impl FromIterator<(String, String)> for FormData {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self {
            pairs: pairs.into_iter().collect(),
            is_returned: false,
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for FormData {
    type Rejection = Error;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Error> {
        if let Some(returned) = request.extensions_mut().remove::<Self>() {
            return Ok(returned);
        }
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
        Ok(form_urlencoded(&body)?.into_iter().collect())
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
    /// A form that came back. One that was kept through a sign-in says so first, whatever else is wrong with it.
    pub fn new(data: FormData, mut errors: FieldErrors) -> Self {
        let says_so = errors.0.iter().any(|error| error.message == RETURNED);
        if data.is_returned && !says_so {
            let mut all = FieldErrors::one("", RETURNED);
            all.0.append(&mut errors.0);
            errors = all;
        }
        Self { data, errors }
    }

    /// Fills a field of a fresh form.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.data.pairs.push((name.to_owned(), value.into()));
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

    /// The version that a save is to be checked against: the one that was looked at when the form was filled in, or `now` if
    /// that was just said to be [outdated](CHANGED).
    pub fn version(&self, now: i64) -> String {
        let is_told = self.errors.0.iter().any(|error| error.message == CHANGED);
        match self.value("version") {
            "" => now.to_string(),
            _ if is_told => now.to_string(),
            seen => seen.to_owned(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> FormData {
        let own = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        own.collect()
    }

    #[test]
    fn secrets_and_their_names_are_not_kept() {
        let sent = form(&[
            ("name", "web"),
            ("_secret", "variables.PASSWORD"),
            ("variables.PASSWORD", "hunter2"),
            ("variables.OWNER", "Ann"),
        ]);
        let kept = sent.without_secrets();
        assert_eq!(kept, form(&[("name", "web"), ("variables.OWNER", "Ann")]).pairs);
    }

    #[test]
    fn a_form_goes_on_from_what_was_looked_at() {
        let sent = || form(&[("version", "1")]);
        let mistake = FieldErrors::one("name", "Too long.");
        assert_eq!(FormState::default().version(2), "2");
        assert_eq!(FormState::new(sent(), mistake).version(2), "1");
        let told = FieldErrors::one("", CHANGED);
        assert_eq!(FormState::new(sent(), told).version(2), "2");
    }

    #[tokio::test]
    async fn what_comes_back_is_not_done() {
        let done = async || Ok::<_, Error>(());
        assert!(form(&[("name", "web")]).submit(done()).await.is_ok());
        let returned = FormData::returned(Vec::new());
        let Error::Invalid(errors) = returned.submit(done()).await.unwrap_err() else {
            panic!()
        };
        assert_eq!(errors.0[0].message, RETURNED);
    }
}
