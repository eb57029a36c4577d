//! What people call a server. Host names are derived elsewhere, so a name may be anything that can be read.

/// 1 to 63 readable characters, without white space around them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct ServerName(String);

/// Why a text can't be a server's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing to read.
    #[error("Give it a name.")]
    Empty,
    /// Too long.
    #[error("Use at most 63 characters.")]
    Long,
    /// A character that can't be seen or that reorders what can.
    #[error("Use letters, digits, signs and emoji: no line breaks and no invisible characters.")]
    Invisible,
}

const MAX: usize = 63;

impl ServerName {
    /// Takes a name, or says in a sentence why it can't be one.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let name = text.trim();
        if !name.chars().any(is_visible) {
            Err(NameError::Empty)
        } else if name.chars().any(is_forbidden) {
            Err(NameError::Invisible)
        } else if name.chars().count() > MAX {
            Err(NameError::Long)
        } else {
            Ok(Self(name.to_owned()))
        }
    }

    /// What all names begin with that [`Self::restored`] may choose.
    pub fn stem(name: &str) -> String {
        let cut: String = name.chars().take(MAX - 16).collect();
        cut.trim_end().to_owned()
    }

    /// The name of a server that comes back: its own, or the first of a row that nobody of `taken` has.
    pub fn restored(name: &str, taken: &[String]) -> String {
        Self::first_free(name, [name.to_owned()], "restored", taken)
    }

    /// The name of a server at its new tenant's: its own, or the first of a row that nobody of `taken` has.
    pub fn moved(name: &str, taken: &[String]) -> String {
        Self::first_free(name, [name.to_owned()], "moved", taken)
    }

    /// The name of a copy: the first of a row that nobody of `taken` has.
    pub fn copied(name: &str, taken: &[String]) -> String {
        Self::first_free(name, [], "copy", taken)
    }

    fn first_free<const N: usize>(name: &str, best: [String; N], word: &str, taken: &[String]) -> String {
        let stem = Self::stem(name);
        let numbered = (2..=taken.len() + 2).map(|number| format!("{stem} ({word} {number})"));
        best.into_iter()
            .chain([format!("{stem} ({word})")])
            .chain(numbered)
            .find(|candidate| !taken.contains(candidate))
            .unwrap_or_else(|| name.to_owned())
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ServerName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Controls, line separators, and marks that change the order of text, by which one name could pass for another.
fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// Joiners and variation selectors shape their neighbours and show nothing of their own.
fn is_visible(c: char) -> bool {
    !c.is_whitespace()
        && !is_forbidden(c)
        && !matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{00AD}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_name_servers_as_they_like() {
        for good in ["web-1", "Ana’s site", "データベース", "🚀 shop", "👩‍💻", "a"] {
            assert_eq!(ServerName::parse(&format!("  {good}\n")).unwrap().as_str(), good);
        }
        assert!(ServerName::parse(&"é".repeat(63)).is_ok());
    }

    #[test]
    fn a_server_that_comes_back_finds_a_name() {
        let taken = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(ServerName::restored("web", &taken(&["shop"])), "web");
        assert_eq!(ServerName::restored("web", &taken(&["web"])), "web (restored)");
        let both = taken(&["web", "web (restored)"]);
        assert_eq!(ServerName::restored("web", &both), "web (restored 2)");
        assert_eq!(ServerName::moved("web", &both), "web (moved)");
        assert_eq!(ServerName::copied("web", &[]), "web (copy)");
        assert_eq!(ServerName::copied("web", &taken(&["web (copy)"])), "web (copy 2)");
        let long = "x".repeat(63);
        let new = ServerName::restored(&long, &taken(&[&long]));
        assert!(
            ServerName::parse(&new).is_ok() && new.ends_with(" (restored)"),
            "{new}"
        );
    }

    #[test]
    fn what_nobody_could_read_is_refused() {
        assert_eq!(ServerName::parse(""), Err(NameError::Empty));
        assert_eq!(ServerName::parse(" \t "), Err(NameError::Empty));
        assert_eq!(ServerName::parse("\u{200D}\u{FE0F}"), Err(NameError::Empty));
        assert_eq!(ServerName::parse("a\nb"), Err(NameError::Invisible));
        assert_eq!(ServerName::parse("bank\u{202E}exe"), Err(NameError::Invisible));
        assert_eq!(ServerName::parse("nul\0"), Err(NameError::Invisible));
        assert_eq!(ServerName::parse(&"x".repeat(64)), Err(NameError::Long));
        assert_eq!(ServerName::parse(&"x".repeat(10_000)), Err(NameError::Long));
    }

    proptest! {
        #[test]
        fn a_name_parses_to_itself(text in "\\PC{0,80}") {
            if let Ok(name) = ServerName::parse(&text) {
                prop_assert_eq!(ServerName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!((1..=63).contains(&name.as_str().chars().count()));
            }
        }
    }
}
