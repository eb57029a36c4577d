//! A server that the provider has stopped until further notice. Its customer reads the reason and keeps the data; what was
//! wished for stays on the row, so that resuming brings it back as it was.

use chrono::{DateTime, Utc};

/// Since when and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Suspension {
    /// Since when.
    pub at: DateTime<Utc>,
    /// What the customer is told.
    #[schema(example = "It sends unsolicited mail.")]
    pub reason: String,
}

const MAX_REASON: usize = 500;

/// Takes a reason, or says in a sentence why it can't be one.
pub fn parse_reason(text: &str) -> Result<String, &'static str> {
    let reason = text.trim();
    if reason.is_empty() {
        Err("Say why. The customer reads it.")
    } else if reason.chars().count() > MAX_REASON {
        Err("Use at most 500 characters.")
    } else {
        Ok(reason.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_a_text_of_some_length() {
        assert_eq!(parse_reason(" unpaid "), Ok("unpaid".to_owned()));
        assert!(parse_reason("  ").is_err());
        assert!(parse_reason(&"x".repeat(501)).is_err());
        assert!(parse_reason(&"\u{e9}".repeat(500)).is_ok());
    }
}
