//! What is looked for in tickets. Words are what stands between punctuation and spaces, in the index (see the migration) as here;
//! each is found by its beginning, so that no language has to be known.

use crate::platform::error::Error;

/// Longer than anything that is looked for.
const MAX: usize = 200;
const MAX_WORDS: usize = 8;
/// Shorter words are found whole only: too many begin with them.
const SHORTEST_BEGINNING: usize = 3;

/// What somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// As PostgreSQL's `to_tsquery` reads it; empty if there is no word in it.
    pub words: String,
    /// The ticket's number, if it was one: `12` or `#12`.
    pub number: Option<i64>,
}

impl Sought {
    /// Reads what was typed; nothing if it is empty.
    pub fn parse(text: &str) -> Result<Option<Self>, Error> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if text.len() > MAX || text.contains('\0') {
            return Err(Error::invalid(
                "q",
                format!("Search for at most {MAX} bytes, and no NUL."),
            ));
        }
        let parts = text.split(|c: char| c.is_ascii_punctuation() || c.is_whitespace() || c.is_control());
        let words = parts.filter(|word| !word.is_empty()).take(MAX_WORDS);
        let words: Vec<String> = words.map(sought).collect();
        Ok(Some(Self {
            words: words.join(" & "),
            number: text.trim_start_matches('#').parse().ok(),
        }))
    }
}

/// A word holds no quote and no backslash, so it is quoted as it is.
fn sought(word: &str) -> String {
    let beginning = if word.chars().count() < SHORTEST_BEGINNING {
        ""
    } else {
        ":*"
    };
    format!("'{word}'{beginning}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_between_punctuation() {
        let words = |text: &str| Sought::parse(text).unwrap().map(|sought| sought.words);
        assert_eq!(words("  "), None);
        assert_eq!(words("nginx 502"), Some("'nginx':* & '502':*".to_owned()));
        assert_eq!(words("a@b.example"), Some("'a' & 'b' & 'example':*".to_owned()));
        assert_eq!(
            words("it's | !x & ('y\\')"),
            Some("'it' & 's' & 'x' & 'y'".to_owned())
        );
        assert_eq!(words("Ärger läuft"), Some("'Ärger':* & 'läuft':*".to_owned()));
        assert_eq!(words("?!"), Some(String::new()));
        assert_eq!(Sought::parse("#12").unwrap().unwrap().number, Some(12));
        assert_eq!(Sought::parse("x").unwrap().unwrap().number, None);
        assert!(Sought::parse(&"x".repeat(201)).is_err());
    }
}
