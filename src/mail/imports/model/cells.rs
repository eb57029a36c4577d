//! The columns of a list, and cells that are only text: what an export writes, an import reads.

use super::Entry;

/// The columns, in the order of an export. An import has them in any order, and needs the first only.
pub const HEADER: [&str; 10] = [
    "address",
    "name",
    "password",
    "password_hash",
    "quota_mib",
    "forward_to",
    "keeps_copy",
    "is_enabled",
    "targets",
    "description",
];

/// Whether a spreadsheet takes a cell for a formula: those begin with one of these, after white space that some programs drop, and
/// in the wide forms that some take for the same (OWASP, "CSV Injection").
fn is_formula(text: &str) -> bool {
    let first = text.trim_start().chars().next();
    let is_control = text.starts_with(['\t', '\r', '\n']);
    is_control || first.is_some_and(|c| "=+-@＝＋－＠".contains(c))
}

/// A cell that no spreadsheet takes for a formula. One that begins as an inert one does gets another quote, so that it is read again
/// as what it was.
pub fn inert(text: &str) -> String {
    let is_quoted = text
        .strip_prefix('\'')
        .is_some_and(|rest| is_formula(rest) || rest.starts_with('\''));
    if is_formula(text) || is_quoted {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// What an inert cell says.
pub fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest) || rest.starts_with('\'') => rest,
        _ => cell,
    }
}

/// A line of an export.
pub fn csv_line(address: &str, entry: &Entry) -> [String; 10] {
    let word = |is: bool| String::from(if is { "yes" } else { "no" });
    let list = entry.targets.join(" ");
    let is_mailbox = entry.kind.alias().is_none();
    let (forwards, targets) = if is_mailbox {
        (list, String::new())
    } else {
        (String::new(), list)
    };
    let quota = entry.quota_mib.map(|quota| quota.to_string());
    [
        address.to_owned(),
        entry.name.clone(),
        String::new(),
        String::new(),
        quota.unwrap_or_default(),
        forwards,
        if is_mailbox {
            word(entry.keeps_copy)
        } else {
            String::new()
        },
        word(entry.is_enabled),
        targets,
        entry.description.clone(),
    ]
    .map(|cell| inert(&cell))
}

/// The head of an export.
pub fn header_line() -> [String; 10] {
    HEADER.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_become_text() {
        for bad in [
            "=1+1",
            "+1",
            "-1",
            "@example.com",
            "\t=1",
            " =1",
            "\r=1",
            "＝1",
            "'=1",
        ] {
            assert_eq!(inert(bad), format!("'{bad}"));
        }
        for good in ["", "ann@example.com", "'t Hooft", "O'Brien"] {
            assert_eq!(inert(good), good);
        }
    }

    proptest! {
        #[test]
        fn an_inert_cell_says_what_it_said(text in "(?s)['=@+ -]{0,4}.{0,20}") {
            let cell = inert(&text);
            prop_assert!(!is_formula(&cell), "{cell:?}");
            prop_assert_eq!(plain(&cell), text);
        }
    }
}
