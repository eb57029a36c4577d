//! The one error of requests, jobs and commands: what went wrong, as its reader needs to know it.
//!
//! Features have small enums of their own and turn them into this one. The router, not the handler, decides whether it
//! becomes a page or a problem document; the inside of a 5xx is logged and never shown.

use std::time::Duration;

/// Boxed cause.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong with one field of the input.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The field's name as it was sent.
    #[schema(example = "name")]
    pub field: String,
    /// One sentence that says what to do.
    #[schema(example = "Use 1 to 63 characters.")]
    pub message: String,
}

/// The fields that are wrong, in the order of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(pub Vec<FieldError>);

impl FieldErrors {
    /// One wrong field.
    pub fn one(field: &str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    /// Adds a wrong field.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError {
            field: field.to_owned(),
            message: message.into(),
        });
    }

    /// Keeps a good value, or notes what is wrong with the field.
    pub fn check<T, E: std::fmt::Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(field, error.to_string())).ok()
    }

    /// `Ok` if nothing was added.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// What is wrong with `field`.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|error| error.field == field)
            .map(|error| error.message.as_str())
    }
}

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in: a page sends to sign-in, the API answers 401.
    #[error("sign in first")]
    SignInRequired,
    /// The right tenant, but the role or token may not do this.
    #[error("your role does not allow this")]
    Forbidden,
    /// The request came from another site.
    #[error("this request came from another site")]
    CrossOrigin,
    /// The tenant is suspended; it may read, and not change.
    #[error("this organisation is suspended: {reason}")]
    Suspended {
        /// What the provider wrote.
        reason: String,
    },
    /// It does not exist, or not for this person.
    #[error("not found")]
    NotFound,
    /// The address exists, the method does not.
    #[error("this address does not take that method")]
    MethodNotAllowed,
    /// The input is wrong, field by field.
    #[error("some fields need attention")]
    Invalid(FieldErrors),
    /// The request can't be read at all.
    #[error("{message}")]
    BadRequest {
        /// Stable slug.
        code: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The body is of a type that this address does not take.
    #[error("send {expected}")]
    UnsupportedMediaType {
        /// The type that it takes.
        expected: &'static str,
    },
    /// The body is larger than this address takes.
    #[error("the request is too large")]
    TooLarge,
    /// It can't be done in the present state.
    #[error("{message}")]
    Conflict {
        /// Stable slug.
        code: &'static str,
        /// What stands in the way and what to do.
        message: String,
    },
    /// Somebody changed it since it was read.
    #[error("it has changed since you read it")]
    PreconditionFailed,
    /// A limit of plan or installation.
    #[error("the plan allows {limit} {what}, and {used} are in use")]
    LimitReached {
        /// What is limited, with its unit.
        what: &'static str,
        /// How much is allowed.
        limit: i64,
        /// How much is used.
        used: i64,
    },
    /// Too many requests.
    #[error("too many requests")]
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// Something that we depend on does not answer now.
    #[error("a part of the system does not answer")]
    Unavailable(#[source] Cause),
    /// A defect, or something that nobody foresaw.
    #[error("internal error")]
    Internal(#[source] Cause),
}

impl Error {
    /// Its words as a whole sentence, for people.
    pub fn sentence(&self) -> String {
        let text = self.to_string();
        let mut letters = text.chars();
        let first = letters
            .next()
            .map(|first| first.to_uppercase().to_string())
            .unwrap_or_default();
        let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
        format!("{first}{}{end}", letters.as_str())
    }

    /// A conflict.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict {
            code,
            message: message.into(),
        }
    }

    /// One wrong field.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(FieldErrors::one(field, message))
    }

    /// A defect, told in words.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// The stable slug that programs may match.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SignInRequired => "sign-in-required",
            Self::Forbidden => "forbidden",
            Self::CrossOrigin => "cross-origin",
            Self::Suspended { .. } => "tenant-suspended",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Invalid(_) => "invalid",
            Self::UnsupportedMediaType { .. } => "unsupported-media-type",
            Self::TooLarge => "too-large",
            Self::BadRequest { code, .. } | Self::Conflict { code, .. } => code,
            Self::PreconditionFailed => "precondition-failed",
            Self::LimitReached { .. } => "limit-reached",
            Self::TooMany { .. } => "too-many-requests",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// The HTTP status (RFC 9110; 422 and 428 by RFC 9110 and 6585).
    pub fn status(&self) -> u16 {
        match self {
            Self::BadRequest { .. } => 400,
            Self::SignInRequired => 401,
            Self::Forbidden | Self::CrossOrigin | Self::Suspended { .. } => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict { .. } | Self::LimitReached { .. } => 409,
            Self::PreconditionFailed => 412,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType { .. } => 415,
            Self::Invalid(_) => 422,
            Self::TooMany { .. } => 429,
            Self::Internal(_) => 500,
            Self::Unavailable(_) => 503,
        }
    }
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            // PostgreSQL keeps no NUL in text (error 22021, or 22P05 inside JSON).
            sqlx::Error::Database(inner) if matches!(inner.code().as_deref(), Some("22021" | "22P05")) => {
                Self::BadRequest {
                    code: "bad-text",
                    message: "Text may not hold NUL characters.".to_owned(),
                }
            }
            // A time that PostgreSQL cannot keep (22008): its calendar begins in 4713 BC, where ours does not.
            sqlx::Error::Database(inner) if inner.code().as_deref() == Some("22008") => Self::BadRequest {
                code: "bad-time",
                message: "A time lies outside of the calendar: use a year from 1 to 9999.".to_owned(),
            },
            _ if crate::platform::db::is_unavailable(&error) => Self::Unavailable(error.into()),
            _ => Self::Internal(error.into()),
        }
    }
}

impl From<crate::platform::secret::SealError> for Error {
    fn from(error: crate::platform::secret::SealError) -> Self {
        Self::Internal(error.into())
    }
}
