//! Which events are asked for.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use uuid::Uuid;

use crate::platform::error::FieldErrors;
use crate::platform::ids::TenantId;

use super::event::any_id;

const MAX_TEXT: usize = 200;

/// A filter as typed; empty fields ask for everything.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FilterText<'a> {
    pub(crate) action: &'a str,
    pub(crate) actor: &'a str,
    pub(crate) target: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
}

/// A filter as the store takes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// An action, or the noun that several begin with.
    pub(crate) action: Option<String>,
    /// A `like` pattern for the actor's label.
    pub(crate) actor: Option<String>,
    /// What was acted on, by id.
    pub(crate) target: Option<Uuid>,
    /// A `like` pattern for what it was called.
    pub(crate) target_name: Option<String>,
    /// The tenant, by id.
    pub(crate) tenant: Option<Uuid>,
    /// The tenant, by its name in addresses.
    pub(crate) tenant_slug: Option<String>,
    /// Not before.
    pub(crate) from: Option<DateTime<Utc>>,
    /// Before.
    pub(crate) to: Option<DateTime<Utc>>,
}

impl Filter {
    /// Reads what was typed.
    pub(crate) fn parse(text: FilterText<'_>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut read = |field, value| errors.check(field, plain(value)).flatten();
        let (action, actor) = (read("action", text.action), read("actor", text.actor));
        let (target, tenant) = (read("target", text.target), read("tenant", text.tenant));
        let from = errors.check("from", moment(text.from, false)).flatten();
        let to = errors.check("to", moment(text.to, true)).flatten();
        errors.into_result()?;
        let by_id = target.as_deref().and_then(any_id);
        let tenant_id = tenant.as_deref().and_then(|text| text.parse::<TenantId>().ok());
        Ok(Self {
            action,
            actor: actor.as_deref().map(pattern),
            target: by_id,
            target_name: target.as_deref().filter(|_| by_id.is_none()).map(pattern),
            tenant: tenant_id.map(|id| id.0),
            tenant_slug: tenant.filter(|_| tenant_id.is_none()),
            from,
            to,
        })
    }
}

fn plain(text: &str) -> Result<Option<String>, &'static str> {
    let text = text.trim();
    if text.len() > MAX_TEXT {
        return Err("Use at most 200 bytes.");
    }
    if text.contains('\0') {
        return Err("Text may not hold NUL characters.");
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

fn pattern(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

/// A day or a moment; a day as an end includes all of it.
fn moment(text: &str, is_end: bool) -> Result<Option<DateTime<Utc>>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = "Use a day such as 2026-11-23, or a time such as 2026-11-23T14:00:00Z.";
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(Some(time.to_utc()));
    }
    let day: NaiveDate = text.parse().map_err(|_| wrong)?;
    let day = if is_end {
        day.checked_add_days(Days::new(1)).ok_or(wrong)?
    } else {
        day
    };
    Ok(Some(day.and_time(NaiveTime::MIN).and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_are_whole() {
        let text = FilterText {
            from: "2026-11-23",
            to: "2026-11-23",
            ..FilterText::default()
        };
        let filter = Filter::parse(text).unwrap();
        assert_eq!(filter.from.unwrap().to_rfc3339(), "2026-11-23T00:00:00+00:00");
        assert_eq!(filter.to.unwrap().to_rfc3339(), "2026-11-24T00:00:00+00:00");
        let text = FilterText {
            to: "2026-11-23T14:00:00+02:00",
            ..FilterText::default()
        };
        assert_eq!(
            Filter::parse(text).unwrap().to.unwrap().to_rfc3339(),
            "2026-11-23T12:00:00+00:00"
        );
    }

    #[test]
    fn ids_and_names_are_told_apart() {
        let id = crate::platform::ids::ServerId(Uuid::from_u128(9)).to_string();
        let filter = Filter::parse(FilterText {
            target: &id,
            ..FilterText::default()
        })
        .unwrap();
        assert_eq!(
            (filter.target, filter.target_name),
            (Some(Uuid::from_u128(9)), None)
        );
        let filter = Filter::parse(FilterText {
            target: " we_b% ",
            tenant: "acme",
            ..FilterText::default()
        })
        .unwrap();
        assert_eq!(filter.target_name.as_deref(), Some("%we\\_b\\%%"));
        assert_eq!(filter.tenant_slug.as_deref(), Some("acme"));
    }

    #[test]
    fn mistakes_name_their_field() {
        let text = FilterText {
            from: "yesterday",
            to: "2026-13-01",
            actor: "a\0b",
            ..FilterText::default()
        };
        let errors = Filter::parse(text).unwrap_err();
        let fields: Vec<_> = errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["actor", "from", "to"]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_filter_or_an_error(text in "\\PC{0,300}", day in "[0-9+]{1,9}-[0-9]{2}-[0-9]{2}") {
            let _ = Filter::parse(FilterText { action: &text, target: &text, from: &text, to: &day, ..FilterText::default() });
        }
    }
}
