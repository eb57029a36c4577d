//! The texts that people give to tenants and plans. Parsed once at the edge; the inside holds only good ones.

/// Why a text can't be used. Each message is a sentence for the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The slug has a character or length that addresses don't take.
    #[error("Use 2 to 40 lower-case letters, digits and dashes.")]
    SlugForm,
    /// The slug starts or ends with a dash.
    #[error("Start and end with a letter or a digit.")]
    SlugEdge,
    /// The slug is a word that the panel keeps for itself.
    #[error("This word is reserved. Choose another.")]
    SlugReserved,
    /// Nothing was written.
    #[error("Write something here.")]
    Empty,
    /// Too much was written.
    #[error("Use at most {0} characters.")]
    Long(usize),
    /// It holds characters that can't be seen.
    #[error("Leave out control characters.")]
    Control,
}

const SLUG_MAX: usize = 40;
const NAME_MAX: usize = 80;
const REASON_MAX: usize = 500;

/// Words that would mislead in an address, or that addresses of the panel use.
const RESERVED: &[&str] = &[
    "account",
    "admin",
    "api",
    "areas",
    "berth",
    "help",
    "internal",
    "mail",
    "me",
    "new",
    "null",
    "postmaster",
    "provider",
    "root",
    "security",
    "setup",
    "staff",
    "static",
    "status",
    "support",
    "system",
    "undefined",
    "www",
];

/// A tenant's name in addresses: `/t/acme`. Never changes, because people keep links.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slug(String);

impl Slug {
    /// Checks a slug that somebody wrote.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !(2..=SLUG_MAX).contains(&text.len()) || !text.chars().all(good) {
            return Err(TextError::SlugForm);
        }
        if text.starts_with('-') || text.ends_with('-') {
            return Err(TextError::SlugEdge);
        }
        if RESERVED.contains(&text) {
            return Err(TextError::SlugReserved);
        }
        Ok(Self(text.to_owned()))
    }

    /// The slugs that a name suggests, best first; the store takes the first free one. Empty if the name has no letter
    /// or digit that an address takes.
    pub fn suggestions(name: &str) -> Vec<Self> {
        let base = fold(name);
        let numbered = (2..=9).map(|number| {
            let kept: String = base.chars().take(SLUG_MAX - 2).collect();
            format!("{}-{number}", kept.trim_end_matches('-'))
        });
        if base.is_empty() {
            return Vec::new();
        }
        std::iter::once(base.clone())
            .chain(numbered)
            .filter_map(|text| Self::parse(&text).ok())
            .collect()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Lower-case ASCII of a name, words joined by dashes.
fn fold(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => slug.push('a'),
            'ä' | 'æ' => slug.push_str("ae"),
            'ç' | 'ć' | 'č' => slug.push('c'),
            'ď' | 'đ' => slug.push('d'),
            'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => slug.push('e'),
            'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => slug.push('i'),
            'ł' => slug.push('l'),
            'ñ' | 'ń' | 'ň' => slug.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ō' | 'ő' => slug.push('o'),
            'ö' | 'ø' | 'œ' => slug.push_str("oe"),
            'ř' => slug.push('r'),
            'ś' | 'š' | 'ş' => slug.push('s'),
            'ß' => slug.push_str("ss"),
            'ť' => slug.push('t'),
            'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' => slug.push('u'),
            'ü' => slug.push_str("ue"),
            'ý' | 'ÿ' => slug.push('y'),
            'ź' | 'ž' | 'ż' => slug.push('z'),
            // "Joe's" becomes "joes".
            '\'' | '’' | '\u{307}' => {}
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(SLUG_MAX);
    slug.trim_end_matches('-').to_owned()
}

/// What is left of a text without the space around it, if it has no control characters and fits.
fn clean(text: &str, max: usize, lines: bool) -> Result<String, TextError> {
    let text = text.trim().replace("\r\n", "\n");
    if text.chars().count() > max {
        return Err(TextError::Long(max));
    }
    if text.chars().any(|c| c.is_control() && !(lines && c == '\n')) {
        return Err(TextError::Control);
    }
    Ok(text)
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $max:ident, $lines:literal, $empty:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Checks what somebody wrote.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                let text = clean(text, $max, $lines)?;
                if text.is_empty() && !$empty {
                    return Err(TextError::Empty);
                }
                Ok(Self(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )*};
}

texts! {
    /// What a tenant or plan is called.
    Name = NAME_MAX, false, false;
    /// Why a tenant's status changed; its people read it.
    Reason = REASON_MAX, true, false;
    /// What a plan is for; may be empty.
    Description = REASON_MAX, true, true;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn suggestion(name: &str) -> Option<String> {
        Slug::suggestions(name)
            .first()
            .map(|slug| slug.as_str().to_owned())
    }

    #[test]
    fn slugs_are_plain_words_of_addresses() {
        for good in ["ab", "acme", "acme-2", "0x", "a--b", &"a".repeat(40)] {
            assert!(Slug::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("a", TextError::SlugForm),
            ("", TextError::SlugForm),
            ("Acme", TextError::SlugForm),
            ("ac me", TextError::SlugForm),
            ("ac/me", TextError::SlugForm),
            ("köln", TextError::SlugForm),
            (&"a".repeat(41), TextError::SlugForm),
            ("-acme", TextError::SlugEdge),
            ("acme-", TextError::SlugEdge),
            ("staff", TextError::SlugReserved),
        ] {
            assert_eq!(Slug::parse(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn a_name_suggests_its_slug() {
        assert_eq!(
            suggestion("Müller & Söhne GmbH").as_deref(),
            Some("mueller-soehne-gmbh")
        );
        assert_eq!(suggestion("  Joe's   Bakery! ").as_deref(), Some("joes-bakery"));
        assert_eq!(suggestion("Staff").as_deref(), Some("staff-2"));
        assert_eq!(suggestion("東京"), None);
        assert_eq!(Slug::suggestions("Acme")[1].as_str(), "acme-2");
    }

    #[test]
    fn names_are_one_visible_line() {
        assert_eq!(Name::parse("  Acme  ").unwrap().as_str(), "Acme");
        assert_eq!(Name::parse(" \t ").unwrap_err(), TextError::Empty);
        assert_eq!(Name::parse("a\nb").unwrap_err(), TextError::Control);
        assert_eq!(Name::parse(&"é".repeat(81)).unwrap_err(), TextError::Long(80));
        assert!(Name::parse(&"🚢".repeat(80)).is_ok());
        assert_eq!(
            Reason::parse("unpaid\r\nsince May").unwrap().as_str(),
            "unpaid\nsince May"
        );
        assert_eq!(Description::parse("").unwrap().as_str(), "");
    }

    proptest! {
        #[test]
        fn every_suggestion_is_good(name in "\\PC{0,90}") {
            for slug in Slug::suggestions(&name) {
                prop_assert_eq!(Slug::parse(slug.as_str()), Ok(slug));
            }
        }
    }
}
