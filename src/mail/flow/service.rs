//! What it means for whoever asks that the mail service is not there, or refuses.

use std::sync::Arc;

use crate::app::App;
use crate::drivers::mail::{MailService, MailServiceError};
use crate::platform::error::Error;

/// What a page says while the service does not answer.
const ADVICE: &str = "Mail that it holds is safe and goes on when it is back. Look at its container's log, start it again, and \
                          load this page anew.";

/// There is no mail service that could answer.
#[derive(Debug, thiserror::Error)]
#[error(
    "this installation has no mail service; name its container by BERTH_MAIL_CONTAINER and start the panel again"
)]
struct NoService;

/// The mail service of this installation.
pub fn service(app: &App) -> Result<&Arc<dyn MailService>, Error> {
    app.mail
        .as_ref()
        .ok_or_else(|| Error::Unavailable(Box::new(NoService)))
}

/// For whoever asked.
pub fn told(error: MailServiceError) -> Error {
    match error {
        MailServiceError::Away(_) => Error::Unavailable(Box::new(error)),
        MailServiceError::Gone => Error::NotFound,
        MailServiceError::Refused(words) => Error::conflict(
            "mail-service-refused",
            format!("The mail service refused: {words}."),
        ),
    }
}

/// What a page says of an error that leaves it without its content; what is no fault of the service's stays an error.
pub fn away(error: Error) -> Result<String, Error> {
    let sentence = |words: String| Error::conflict("", words).sentence();
    match error {
        Error::Unavailable(cause) if cause.is::<NoService>() => Ok(sentence(cause.to_string())),
        Error::Unavailable(cause) if cause.is::<MailServiceError>() => {
            Ok(format!("{} {ADVICE}", sentence(cause.to_string())))
        }
        Error::Conflict { message, .. } => Ok(message),
        error => Err(error),
    }
}
