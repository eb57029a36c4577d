//! What it means for whoever asks that the mail service is not there, or refuses.

use std::sync::Arc;

use crate::app::App;
use crate::drivers::mail::{MailService, MailServiceError};
use crate::platform::error::Error;

/// What a page says while the service does not answer.
pub const ADVICE: &str = "Mail that it holds is safe and goes on when it is back. Look at its container's log, start it again, and \
                          load this page anew.";

/// The mail service of this installation.
pub fn service(app: &App) -> Result<&Arc<dyn MailService>, Error> {
    app.mail.as_ref().ok_or_else(|| {
        Error::conflict(
            "no-mail-service",
            "This installation has no mail service. Name its container by BERTH_MAIL_CONTAINER and start the panel again.",
        )
    })
}

/// For whoever asked.
pub fn told(error: MailServiceError) -> Error {
    match error {
        MailServiceError::Away(_) => Error::Unavailable(Box::new(error)),
        MailServiceError::Gone => Error::NotFound,
        MailServiceError::Refused(words) => {
            Error::conflict("mail-service-refused", format!("The mail service refused: {words}."))
        }
    }
}

/// What a page says of an error that leaves it without its content; what is no fault of the service's stays an error.
pub fn away(error: Error) -> Result<String, Error> {
    match error {
        Error::Unavailable(cause) => Ok(format!("The mail service does not answer ({cause}). {ADVICE}")),
        Error::Conflict { message, .. } => Ok(message),
        error => Err(error),
    }
}
