//! Which passwords may be chosen: long ones that are hard to guess. No rules of composition (NIST SP 800-63B, 3.1.1.2).

use crate::platform::secret::Secret;

/// In characters, as people count.
const MIN_LENGTH: usize = 12;
const MAX_LENGTH: usize = 1024;
/// The estimate takes time with the square of the length, and a hundred characters say enough.
const JUDGED: usize = 100;

/// A password that may be used.
#[derive(Debug, Clone)]
pub(crate) struct NewPassword(Secret);

/// Why a password may not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("Use at least 12 characters.")]
    TooShort,
    /// Too long.
    #[error("Use at most 1024 characters.")]
    TooLong,
    /// Among the first that somebody would try.
    #[error("This password is too easy to guess. {hint}")]
    Guessable {
        /// Why, in one sentence.
        hint: String,
    },
}

impl NewPassword {
    /// Checks a choice. `about` are words that a guesser would try first: the person's name and address.
    pub(crate) fn parse(text: &str, about: &[&str]) -> Result<Self, PasswordError> {
        let length = text.chars().count();
        if length < MIN_LENGTH {
            return Err(PasswordError::TooShort);
        }
        if length > MAX_LENGTH {
            return Err(PasswordError::TooLong);
        }
        let judged: String = text.chars().take(JUDGED).collect();
        let verdict = zxcvbn::zxcvbn(&judged, &words(about));
        if verdict.score() < zxcvbn::Score::Three {
            let warning = verdict.feedback().and_then(zxcvbn::feedback::Feedback::warning);
            let hint = warning.map_or_else(
                || "Several uncommon words in a row are good.".to_owned(),
                |warning| warning.to_string(),
            );
            return Err(PasswordError::Guessable { hint });
        }
        Ok(Self(Secret::new(text.to_owned())))
    }

    /// The password, for the one call that hashes it.
    pub(crate) fn secret(&self) -> &Secret {
        &self.0
    }
}

/// The texts, their parts around an at sign, and their words.
fn words<'a>(about: &[&'a str]) -> Vec<&'a str> {
    let split = |text: &'a str| {
        let sides = text.split('@');
        let words = text.split(|c: char| !c.is_alphanumeric());
        [text].into_iter().chain(sides).chain(words)
    };
    let all = about.iter().copied().flat_map(split).chain(["berth"]);
    all.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> PasswordError {
        NewPassword::parse(text, &["ada.lovelace@example.com", "Ada Lovelace"]).unwrap_err()
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(refused("kurz 🚢🚢"), PasswordError::TooShort);
        assert_eq!(refused(&"ä".repeat(11)), PasswordError::TooShort);
        assert_eq!(refused(&"x y".repeat(500)), PasswordError::TooLong);
        assert!(NewPassword::parse("grün Kahn 🚢 Möwe", &[]).is_ok());
    }

    #[test]
    fn refuses_what_is_guessed_first() {
        for bad in [
            "password1234",
            "aaaaaaaaaaaaaaaa",
            "123456789012",
            "ada.lovelace1",
            "lovelacelovelace",
            "berthberthberth",
        ] {
            assert!(matches!(refused(bad), PasswordError::Guessable { .. }), "{bad}");
        }
    }

    #[test]
    fn takes_long_phrases_and_long_random_text() {
        let random = crate::platform::secret::random_text(1024);
        for good in [
            "correct horse battery stapler",
            "vK3-uu9-QmZ-p2x",
            random.as_str(),
        ] {
            assert!(NewPassword::parse(good, &["ada@example.com"]).is_ok(), "{good}");
        }
    }

    #[test]
    fn debug_output_hides_it() {
        let password = NewPassword::parse("quiet harbour lantern 7", &[]).unwrap();
        assert!(!format!("{password:?}").contains("lantern"));
    }
}
