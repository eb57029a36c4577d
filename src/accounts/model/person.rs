//! A person's address and name, as far as one can tell without asking.

use std::fmt;

/// RFC 5321, 4.5.3.1: 254 characters fit into a path of 256; 64 before the at sign.
const MAX_ADDRESS: usize = 254;
const MAX_LOCAL_PART: usize = 64;
const MAX_LABEL: usize = 63;
const MAX_NAME: usize = 100;

/// An e-mail address in lower case: what a person signs in with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

/// The text is no address that we take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Use an address like name@example.com.")]
pub struct EmailError;

impl EmailAddress {
    /// Takes the addresses that mail servers agree on: ASCII, no quotes, no comments.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim().to_ascii_lowercase();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError)?;
        let good = text.len() <= MAX_ADDRESS && is_local_part(local) && domain.split('.').all(is_label);
        if good { Ok(Self(text)) } else { Err(EmailError) }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The atoms of RFC 5322, 3.2.3.
fn is_local_part(text: &str) -> bool {
    let is_atom = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&c);
    text.len() <= MAX_LOCAL_PART
        && text
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atom))
}

fn is_label(text: &str) -> bool {
    (1..=MAX_LABEL).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a person is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName(String);

/// The text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing but white space.
    #[error("Enter a name.")]
    Empty,
    /// Longer than any page shows.
    #[error("Use at most 100 characters.")]
    TooLong,
    /// Line breaks and their like.
    #[error("Leave out line breaks and other control characters.")]
    Control,
}

impl PersonName {
    /// Any script, any order, one line.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.chars().count() > MAX_NAME {
            return Err(NameError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(NameError::Control);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_addresses_and_lowers_them() {
        for (given, kept) in [
            (" Ada@Example.COM ", "ada@example.com"),
            ("a.b+berth@mail.example.org", "a.b+berth@mail.example.org"),
            ("root@localhost", "root@localhost"),
        ] {
            assert_eq!(EmailAddress::parse(given).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for bad in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "a b@example.com",
            "ada@exa mple.com",
            "ada@-x.org",
            "a..b@x.org",
            "ada@x..org",
            "ada@x.org\nbcc: all",
            "ada@ex\0ample.com",
            "ädä@example.com",
            "\"a\"@x.org",
        ] {
            assert_eq!(EmailAddress::parse(bad), Err(EmailError), "{bad:?}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        assert_eq!(EmailAddress::parse(&long), Err(EmailError));
    }

    #[test]
    fn takes_names_of_any_script() {
        assert_eq!(PersonName::parse("  Zoë 🚢 王  ").unwrap().as_str(), "Zoë 🚢 王");
        assert_eq!(PersonName::parse(" \t "), Err(NameError::Empty));
        assert_eq!(PersonName::parse(&"ä".repeat(101)), Err(NameError::TooLong));
        assert_eq!(PersonName::parse("a\nb"), Err(NameError::Control));
    }

    proptest! {
        #[test]
        fn an_address_stays_the_same_when_read_again(text in "\\PC{0,80}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address.clone()));
                prop_assert_eq!(address.as_str().to_lowercase(), address.as_str());
            }
        }
    }
}
