//! Events as lines of a table for spreadsheets, which must not run what somebody put into a name.

use super::event::Event;

/// The table's head.
pub(crate) const HEADER: [&str; 12] = [
    "time",
    "tenant",
    "actor_kind",
    "actor",
    "action",
    "target_kind",
    "target_id",
    "target",
    "address",
    "request",
    "before",
    "after",
];

/// An event's cells.
pub(crate) fn record(event: &Event) -> [String; 12] {
    let json =
        |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
    [
        event.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        event.tenant.map(|id| id.to_string()).unwrap_or_default(),
        event.actor_kind.clone(),
        event.actor.clone(),
        event.action.clone(),
        event.target_kind.clone(),
        event.target_public_id().unwrap_or_default(),
        event.target.clone(),
        event.ip.clone().unwrap_or_default(),
        event.request_id.clone().unwrap_or_default(),
        json(&event.before),
        json(&event.after),
    ]
    .map(inert)
}

/// A cell that no spreadsheet takes for a formula: those begin with one of these, after white space that some programs
/// drop, and in the wide forms that some take for the same (OWASP, "CSV Injection").
pub fn inert(text: String) -> String {
    let first = text.trim_start().chars().next();
    let is_control = text.starts_with(['\t', '\r', '\n']);
    let is_formula = first.is_some_and(|c| "=+-@＝＋－＠".contains(c));
    if is_control || is_formula {
        format!("'{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_become_text() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "＝1"] {
            assert_eq!(inert(bad.to_owned()), format!("'{bad}"));
        }
        for good in ["", "web-1", "{\"a\":1}", "ada@example.com"] {
            assert_eq!(inert(good.to_owned()), good);
        }
    }

    proptest! {
        #[test]
        fn no_cell_begins_a_formula(text in "\\PC{0,20}") {
            let cell = inert(text);
            prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']));
        }
    }
}
