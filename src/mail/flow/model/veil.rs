//! What staff see of mail that waits while they have not broken the glass for whose it is: domains, and nobody's name. Pure.

use crate::drivers::mail::Queued;

/// Stands for whoever an address is of.
const SOMEBODY: &str = "…";
/// Headers that are a person's own words or name.
const OWN: [&str; 3] = ["from", "to", "subject"];

/// The mail with nobody's name in it.
pub fn veiled(mut one: Queued) -> Queued {
    one.sender = nameless(&one.sender);
    for waiting in &mut one.recipients {
        waiting.address = nameless(&waiting.address);
        waiting.reason = waiting.reason.as_deref().map(nameless);
    }
    one
}

/// The same of headers.
pub fn veiled_headers(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    let veil = |(name, value): (String, String)| {
        let is_own = OWN.contains(&name.to_lowercase().as_str());
        let value = if is_own {
            "Hidden".to_owned()
        } else {
            nameless(&value)
        };
        (name, value)
    };
    headers.into_iter().map(veil).collect()
}

/// A text with the part before the @ of each address left out.
fn nameless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter == '@' {
            cut_name(&mut out);
            out.push_str(SOMEBODY);
        }
        out.push(letter);
    }
    out
}

/// Takes away the name that a text ends with.
fn cut_name(out: &mut String) {
    if out.ends_with('"') {
        out.pop();
        let begin = out.rfind('"').unwrap_or(0);
        out.truncate(begin);
    } else {
        let kept = out.trim_end_matches(|letter: char| !is_edge(letter)).len();
        out.truncate(kept);
    }
}

fn is_edge(letter: char) -> bool {
    letter.is_whitespace() || "<>()[],;:\"".contains(letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_left_out_wherever_they_stand() {
        for (text, shown) in [
            ("ann@a.example", "…@a.example"),
            ("\"ann of a\"@a.example", "…@a.example"),
            ("a@b@c.example", "…@c.example"),
            ("550 <o'brien+x@a.example>: unknown", "550 <…@a.example>: unknown"),
            ("to=<ä@a.example>,<b@b.example>", "to=<…@a.example>,<…@b.example>"),
            ("Connection timed out", "Connection timed out"),
            ("", ""),
        ] {
            assert_eq!(nameless(text), shown, "{text}");
        }
        let headers =
            ["From", "SUBJECT", "Received"].map(|name| (name.to_owned(), "for <ann@a.example>".to_owned()));
        let values: Vec<String> = veiled_headers(headers.to_vec())
            .into_iter()
            .map(|(_, value)| value)
            .collect();
        assert_eq!(values, ["Hidden", "Hidden", "for <…@a.example>"]);
    }

    proptest! {
        #[test]
        fn no_name_stays_before_an_at(text in "[a-z@<> \".]{0,40}") {
            let shown = nameless(&text);
            let before = shown.match_indices('@').map(|(at, _)| &shown[..at]);
            for before in before {
                prop_assert!(before.ends_with(SOMEBODY), "{}", shown);
            }
        }
    }
}
