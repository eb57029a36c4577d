//! Which messages somebody asks for.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Cursor, ListQuery, Listing};

use super::super::model::Outcome;
use super::super::store::{self, Key, Message, Wanted};

/// The longest Message-ID: a line of RFC 5322, 2.1.1.
const LONGEST_ID: usize = 998;

/// What the list of messages is asked for.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MailMessagesQuery {
    /// Found in the sender's address and in those of the recipients.
    #[param(max_length = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// The Message-ID of the mail, with or without its angle brackets.
    #[param(max_length = 998)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// From then on (RFC 3339; without a zone in UTC).
    #[param(example = "2026-11-30T10:00:00Z")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Until then.
    #[param(example = "2026-11-30T11:00:00Z")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Only those of which that became.
    #[param(inline)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The cursor of the answer before: `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many, at most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
}

impl MailMessagesQuery {
    fn list(&self) -> ListQuery {
        ListQuery {
            q: self.q.clone(),
            after: self.after.clone(),
            limit: self.limit,
            ..ListQuery::default()
        }
    }

    /// Whether anything narrows the list down.
    pub fn is_filtered(&self) -> bool {
        let texts = [&self.q, &self.message_id, &self.from, &self.until];
        self.outcome.is_some() || texts.into_iter().any(Option::is_some)
    }

    fn wanted(&self) -> Result<Wanted, Error> {
        let mut errors = FieldErrors::default();
        let from = errors.check("from", time(self.from.as_deref()));
        let until = errors.check("until", time(self.until.as_deref()));
        let message_id = errors.check("message_id", message_id(self.message_id.as_deref()));
        errors.into_result().map_err(Error::Invalid)?;
        Ok(Wanted {
            pattern: self.list().pattern()?,
            message_id: message_id.flatten(),
            from: from.flatten(),
            until: until.flatten(),
            outcome: self.outcome,
        })
    }
}

fn message_id(text: Option<&str>) -> Result<Option<String>, &'static str> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.len() > LONGEST_ID || text.contains('\0') {
        return Err("That is no Message-ID. Copy it from the mail's headers.");
    }
    let text = text.strip_prefix('<').unwrap_or(text);
    Ok(Some(text.strip_suffix('>').unwrap_or(text).to_owned()))
}

/// A time as programs or a browser's field write it.
fn time(text: Option<&str>) -> Result<Option<DateTime<Utc>>, &'static str> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(Some(at.with_timezone(&Utc)));
    }
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .into_iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    local
        .map(|at| Some(at.and_utc()))
        .ok_or("Write a date and a time such as 2026-11-30T10:12.")
}

/// The messages that are asked for, the newest first.
pub(super) async fn find(scope: &TenantScope, query: &MailMessagesQuery) -> Result<Listing<Message>, Error> {
    let list = query.list();
    let before: Option<Key> = Cursor::decode(list.after.as_deref())?;
    let (wanted, limit) = (query.wanted()?, list.fetch()?);
    let mut tx = scope.begin().await?;
    let rows = store::list(&mut tx, &wanted, before, limit).await?;
    Listing::new(rows, &list, |one| (one.at, one.queue_id.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_ids_are_read_as_people_have_them() {
        let noon = "2026-11-30T12:00:00Z".parse::<DateTime<Utc>>().unwrap();
        for good in [
            "2026-11-30T12:00",
            " 2026-11-30T12:00:00Z ",
            "2026-11-30T13:00:00+01:00",
        ] {
            assert_eq!(time(Some(good)), Ok(Some(noon)), "{good}");
        }
        assert_eq!(time(Some(" ")), Ok(None));
        assert!(time(Some("yesterday")).is_err());
        assert_eq!(message_id(Some("<a.1@x>")), Ok(Some("a.1@x".to_owned())));
        assert!(message_id(Some(&"a".repeat(999))).is_err());
    }
}
