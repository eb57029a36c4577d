//! Addresses (RFC 5321, 4.1.2): those that people have here, and those that mail is sent on to.

use super::domain::DomainName;

/// The longest name before the @ (RFC 5321, 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;
/// The longest address: a path of 256 without its brackets (RFC 5321, 4.5.3.1.3).
const LONGEST: usize = 254;

/// What stands before the @ of an address of ours: lower case letters, digits, dots, dashes, underscores, apostrophes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalPart(String);

impl LocalPart {
    /// Reads what somebody typed. `+` is refused, because what stands behind it belongs to the reader (RFC 5233).
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim().to_lowercase();
        check_local(&text)?;
        if text.starts_with('-') {
            // Postfix refuses such recipients (allow_min_user, postconf(5)), and programs take the address for an option.
            return Err("Begin with a letter or a digit.".to_owned());
        }
        if text.contains('+') {
            let base = text.split('+').next().unwrap_or_default();
            return Err(format!(
                "Leave + out: mail to {base}+anything arrives at {base} by itself."
            ));
        }
        let good =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_' | '\'');
        match text.chars().find(|c| !good(*c)) {
            Some(bad) => Err(format!(
                "Use letters, digits, dots, dashes and underscores; not {bad:?}."
            )),
            None => Ok(Self(text)),
        }
    }

    /// What the database has.
    pub fn trusted(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in a domain, if the two fit together.
    pub fn at(&self, domain: &DomainName) -> Result<Address, String> {
        Address::new(&self.0, domain)
    }
}

/// An address: lower case, its domain in A-labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    text: String,
    at: usize,
}

impl Address {
    fn new(local: &str, domain: &DomainName) -> Result<Self, String> {
        let at = local.len();
        let text = format!("{local}@{domain}");
        if text.len() > LONGEST {
            return Err(format!("An address has at most {LONGEST} characters."));
        }
        Ok(Self { text, at })
    }

    /// Reads any address that mail can be sent to.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let Some((local, domain)) = text.rsplit_once('@') else {
            return Err(format!("{text:?} is no address: it has no @."));
        };
        let local = local.to_lowercase();
        check_local(&local)?;
        Self::new(&local, &DomainName::parse(domain)?)
    }

    /// The whole.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the @.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// What stands behind the @.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The address without what stands behind a `+`: whose mailbox it is (RFC 5233).
    pub fn base(&self) -> String {
        let local = self.local().split('+').next().unwrap_or_default();
        format!("{local}@{}", self.domain())
    }

    /// As people write it.
    pub fn shown(&self) -> String {
        let domain = DomainName::trusted(self.domain().to_owned());
        format!("{}@{}", self.local(), domain.shown())
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.text)
    }
}

/// An address of the database as people write it, a catch-all's too.
pub fn shown_address(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", DomainName::trusted(domain.to_owned()).shown()),
        None => address.to_owned(),
    }
}

/// An address of the database, where people write it another way. Programs may ask for this one.
pub fn other_in_dns(address: &str) -> Option<&str> {
    Some(address).filter(|address| *address != shown_address(address))
}

/// A dot-atom (RFC 5322, 3.2.3). Quoted names are possible in mail and used by nobody; they are refused.
fn check_local(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("Enter a name before the @.".to_owned());
    }
    if text.len() > LONGEST_LOCAL {
        return Err(format!(
            "The name before the @ has at most {LONGEST_LOCAL} characters."
        ));
    }
    if !text.is_ascii() {
        // Dovecot 2.3 takes no internationalised mail (RFC 6531) by LMTP.
        return Err("Use plain letters a to z before the @: others do not arrive everywhere.".to_owned());
    }
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if let Some(bad) = text.chars().find(|c| !atom(*c)) {
        return Err(format!("The name before the @ can't have {bad:?} in it."));
    }
    if text.starts_with('.') || text.ends_with('.') || text.contains("..") {
        return Err("Dots stand between letters: not first, not last, not two of them together.".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_read_and_shown() {
        let address = Address::parse(" Ann.Smith+shop@Bücher.example ").unwrap();
        assert_eq!(address.as_str(), "ann.smith+shop@xn--bcher-kva.example");
        assert_eq!(
            (address.local(), address.domain()),
            ("ann.smith+shop", "xn--bcher-kva.example")
        );
        assert_eq!(address.base(), "ann.smith@xn--bcher-kva.example");
        assert_eq!(address.shown(), "ann.smith+shop@bücher.example");
    }

    #[test]
    fn letters_beyond_ascii_are_for_domains_only() {
        let bare = "ann@xn--bcher-kva.example";
        for text in [
            "ann@bücher.example",
            "Ann@BÜCHER.example",
            "ann@xn--BCHER-kva.example.",
            bare,
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(
                (address.as_str(), &*address.shown()),
                (bare, "ann@bücher.example")
            );
        }
        assert_eq!(shown_address("@xn--bcher-kva.example"), "@bücher.example");
        assert_eq!(other_in_dns(bare), Some(bare));
        assert_eq!(other_in_dns("ann@a.example"), None);
        for bad in ["änn@bücher.example", "ännchen@a.example", "安@a.example"] {
            let told = Address::parse(bad).unwrap_err();
            assert!(
                told.contains("plain letters a to z before the @"),
                "{bad}: {told}"
            );
            let local = bad.split('@').next().unwrap();
            assert_eq!(LocalPart::parse(local).unwrap_err(), told);
        }
    }

    #[test]
    fn what_is_no_address_is_told_why() {
        for bad in [
            "",
            "ann",
            "@a.example",
            "ann@",
            ".ann@a.example",
            "a..b@a.example",
            "\"a b\"@a.example",
            "a b@a.example",
            "ann@a.example\r\nBcc: x@y.example",
            "ännchen@a.example",
            &format!("{}@a.example", "a".repeat(65)),
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
        let long = format!(
            "{}@{}.example",
            "a".repeat(64),
            ["b".repeat(60), "c".repeat(60), "d".repeat(60)].join(".")
        );
        assert!(long.len() > LONGEST && Address::parse(&long).is_err());
    }

    #[test]
    fn names_of_ours_have_no_plus() {
        assert!(LocalPart::parse("ann+shop").unwrap_err().contains("ann"));
        assert!(LocalPart::parse("ann%x").is_err());
        assert!(LocalPart::parse("-ann").unwrap_err().contains("Begin with"));
        assert!(LocalPart::parse("ann-").is_ok());
        assert_eq!(LocalPart::parse(" O'Brien ").unwrap().as_str(), "o'brien");
    }

    proptest! {
        #[test]
        fn what_is_read_is_read_again(text in "\\PC{0,40}@\\PC{0,20}") {
            if let Ok(address) = Address::parse(&text) {
                prop_assert_eq!(Address::parse(address.as_str()), Ok(address.clone()));
            }
        }

        #[test]
        fn no_address_has_a_control_character(text in "(?s).{0,40}@.{0,20}") {
            if let Ok(address) = Address::parse(&text) {
                prop_assert!(!address.as_str().chars().any(char::is_control));
            }
        }
    }
}
