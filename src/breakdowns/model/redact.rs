//! Log lines for others than those whose server it is: without control characters, and without what looks like a secret.
//!
//! A log may say anything, so this errs on the side of saying too little.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What stands in a secret's place.
const MASK: &str = "•••";
/// Shorter values are words of every log.
const SHORTEST: usize = 4;
/// As much of a line as is shown.
const LONGEST: usize = 400;

/// Names whose values are secret.
const NAMES: &str = "password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|auth[_-]?key|session[_-]?id|license[_-]?key";

/// What is looked for, and what takes its place.
static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let named = format!(
        r#"((?i-u:[a-z0-9_.-]*(?:{NAMES})[a-z0-9_.-]*)\\?["']?\s*(?:=>|:=|=|:)\s*)(?:"[^"]*"|'[^']*'|\\?["']?[^\s,;&"'\\]+)"#
    );
    let flag = format!(r"(--?(?i-u:[a-z-]*(?:{NAMES})[a-z-]*)\s+)\S+");
    let patterns = [
        (
            r"((?i-u:authorization|x-api-key|set-cookie|cookie)\s*[:=]\s*).+",
            "${1}•••",
        ),
        (named.as_str(), "${1}•••"),
        (flag.as_str(), "${1}•••"),
        (r"\b((?i-u:bearer|basic)\s+)[A-Za-z0-9+/=._~-]{8,}", "${1}•••"),
        (r"([A-Za-z][A-Za-z0-9+.-]*://[^/\s:@]*:)[^/\s@]+@", "${1}•••@"),
        (
            r"\b(?:gh[pousr]_|glpat-|sk[-_]|pk[-_]|rk[-_]|xox[abprs]-|brt_|npm_|AKIA|ASIA|AIza)[A-Za-z0-9_-]{12,}",
            "•••",
        ),
        (
            r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?",
            "•••",
        ),
    ];
    let compiled = patterns
        .into_iter()
        .filter_map(|(pattern, instead)| Some((Regex::new(pattern).ok()?, instead)));
    compiled.collect()
});

/// What no word of a language is: long, of letters and digits.
static RUN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("[A-Za-z0-9+_=]{32,}").ok());

/// A line as text: without the orders of terminals and other control characters, and not too long.
pub fn clean(line: &str) -> String {
    let mut text = String::with_capacity(line.len().min(LONGEST));
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            // ECMA-48: a sequence begins with `[`, and ends with a character from `@` to `~`.
            if letters.next_if_eq(&'[').is_some() {
                while letters.next().is_some_and(|next| !('@'..='~').contains(&next)) {}
            }
        } else if letter == '\t' {
            text.push(' ');
        } else if !letter.is_control() {
            text.push(letter);
        }
    }
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Lines without what is secret: the known values, and what looks like one.
pub fn mask(lines: &[String], secrets: &[String]) -> Vec<String> {
    let mut known: Vec<&str> = secrets
        .iter()
        .flat_map(|secret| secret.lines())
        .map(str::trim)
        .filter(|secret| secret.chars().count() >= SHORTEST)
        .collect();
    // Of two, the longer first: the shorter may be a part of it.
    known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let mut is_key = false;
    let masked = lines.iter().map(|line| {
        if line.contains("-----BEGIN") && line.contains("KEY") {
            is_key = true;
        }
        let is_hidden = is_key;
        if line.contains("-----END") {
            is_key = false;
        }
        if is_hidden {
            MASK.to_owned()
        } else {
            without(line, &known)
        }
    });
    masked.collect()
}

fn without(line: &str, known: &[&str]) -> String {
    let mut text = line.to_owned();
    for secret in known {
        if text.contains(secret) {
            text = text.replace(secret, MASK);
        }
    }
    for (pattern, instead) in &*PATTERNS {
        text = pattern.replace_all(&text, *instead).into_owned();
    }
    let mixed = |found: &Captures<'_>| {
        let run = &found[0];
        let has = |of: fn(&u8) -> bool| run.as_bytes().iter().any(of);
        if has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) {
            MASK.to_owned()
        } else {
            run.to_owned()
        }
    };
    match &*RUN {
        Some(pattern) => pattern.replace_all(&text, mixed).into_owned(),
        None => MASK.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(line: &str) -> String {
        mask(&[line.to_owned()], &["hunter22".to_owned()]).remove(0)
    }

    #[test]
    fn what_looks_like_a_secret_is_not_shown() {
        assert_eq!(PATTERNS.len(), 7, "a pattern does not compile");
        for (line, shown) in [
            ("password=abc", "password=•••"),
            ("DB_PASSWORD: 'a b c', next", "DB_PASSWORD: •••, next"),
            (r#"{"apiKey":"xyz","n":1}"#, r#"{"apiKey":•••,"n":1}"#),
            (r#"{\"token\":\"xyz\"}"#, r#"{\"token\":•••\"}"#),
            ("login with hunter22 now", "login with ••• now"),
            (
                "run --rcon-password s3 --port 1",
                "run --rcon-password ••• --port 1",
            ),
            ("Authorization: Bearer abc def", "Authorization: •••"),
            ("got Bearer abcdefgh12", "got Bearer •••"),
            ("postgres://ann:pw@db/x", "postgres://ann:•••@db/x"),
            ("key AKIAIOSFODNN7EXAMPLE", "key •••"),
            ("jwt eyJhbGciOiJI.eyJzdWIi.c2ln", "jwt •••"),
            ("sum 0123456789abcdef0123456789abcdef", "sum •••"),
            (
                "GET /usr/lib/x86_64-linux-gnu/libc.so 200",
                "GET /usr/lib/x86_64-linux-gnu/libc.so 200",
            ),
            ("listening on 0.0.0.0:8080", "listening on 0.0.0.0:8080"),
        ] {
            assert_eq!(masked(line), shown, "{line}");
        }
        let key = [
            "a",
            "-----BEGIN RSA PRIVATE KEY-----",
            "MIIB",
            "-----END RSA PRIVATE KEY-----",
            "b",
        ];
        let key = key.map(str::to_owned);
        assert_eq!(mask(&key, &[]), ["a", MASK, MASK, MASK, "b"]);
    }

    #[test]
    fn orders_of_terminals_are_taken_out() {
        assert_eq!(clean("\u{1b}[31mred\u{1b}[0m\u{7}\tx"), "red x");
        assert_eq!(clean("\u{1b}["), "");
        assert_eq!(clean(&"ä".repeat(500)).chars().count(), LONGEST + 1);
    }

    proptest! {
        #[test]
        fn a_known_secret_never_shows(before in ".{0,20}", secret in "[A-Za-z0-9!$%/+]{6,30}", after in ".{0,20}") {
            let line = format!("{before}{secret}{after}");
            let shown = mask(&[line], std::slice::from_ref(&secret)).remove(0);
            prop_assert!(!shown.contains(&secret), "{shown}");
        }

        #[test]
        fn a_named_secret_never_shows(name in "(password|API_KEY|secret|my.token)", joint in "(=|: | => )", secret in "[A-Za-z0-9]{6,20}Zq9") {
            let shown = masked(&format!("x {name}{joint}{secret} y"));
            prop_assert!(!shown.contains(&secret), "{shown}");
        }

        #[test]
        fn any_line_becomes_one_line_of_text(line in "\\PC{0,40}|[\\x00-\\x1f\\[0-9a-z]{0,40}") {
            prop_assert!(!clean(&line).chars().any(char::is_control));
        }
    }
}
