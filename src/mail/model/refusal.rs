//! What several parts of mail refuse or warn of, in the same words.

use crate::platform::error::Error;

use super::domain::DomainName;

/// What has an address already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A mailbox.
    Mailbox,
    /// An alias, a group or a catch-all.
    Alias,
    /// One of them, and whoever asks may not know which.
    Something,
}

impl Holder {
    /// Reads the word that the database has.
    pub fn read(word: &str) -> Self {
        match word {
            "mailbox" => Self::Mailbox,
            "alias" => Self::Alias,
            _ => Self::Something,
        }
    }

    /// That it has the address.
    pub fn words(self, address: &str) -> String {
        match self {
            Self::Mailbox => {
                format!(
                    "{address} is a mailbox already. Choose another address, or delete the mailbox first."
                )
            }
            Self::Alias => {
                format!("{address} is an alias already. Choose another address, or delete the alias first.")
            }
            Self::Something => format!("{address} is taken already. Choose another address."),
        }
    }

    /// That an address can't be had, told at a field of a form.
    pub fn refuse(self, field: &str, address: &str) -> Error {
        Error::invalid(field, self.words(address))
    }
}

/// Why a domain that is an alias of another has no addresses of its own.
pub fn alias_domain_words(domain: &DomainName, other: &DomainName) -> String {
    format!(
        "{} has the addresses of {}. Make them there: they work here at once.",
        domain.shown(),
        other.shown()
    )
}

/// The same as a refusal.
pub fn alias_domain(domain: &DomainName, other: &DomainName) -> Error {
    Error::conflict("mail-domain-is-alias", alias_domain_words(domain, other))
}

/// What keeps mail from arriving in a domain, in a sentence; empty if nothing. Addresses may be made there all the same: they work
/// as soon as it is over.
pub fn hindrance(is_verified: bool, is_enabled: bool) -> &'static str {
    match (is_verified, is_enabled) {
        (false, _) => "No mail arrives before the domain is proven to be yours.",
        (true, false) => "No mail arrives while the domain is disabled.",
        (true, true) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_an_address_is_told() {
        for (word, told) in [
            ("mailbox", "is a mailbox already"),
            ("alias", "is an alias already"),
            ("", "is taken already"),
        ] {
            let words = Holder::read(word).words("ann@a.example");
            assert!(
                words.starts_with("ann@a.example") && words.contains(told),
                "{words}"
            );
        }
    }

    #[test]
    fn the_first_hindrance_is_told() {
        assert!(hindrance(false, false).contains("proven"));
        assert!(hindrance(true, false).contains("disabled"));
        assert_eq!(hindrance(true, true), "");
    }
}
