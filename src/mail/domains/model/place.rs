//! A domain as far as addresses in it need it: what mailboxes, aliases and imports ask before they give one out. Pure.

use crate::mail::model::{DomainName, alias_domain, alias_domain_words, hindrance};
use crate::platform::error::Error;
use crate::platform::ids::MailDomainId;

use super::Domain;

/// The domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its id.
    pub id: MailDomainId,
    /// Its name.
    pub name: DomainName,
    /// Whether its ownership was proved.
    pub is_verified: bool,
    /// Whether mail goes in and out of it.
    pub is_enabled: bool,
    /// The domain whose addresses it has, instead of its own.
    pub alias_of: Option<DomainName>,
}

impl Place {
    /// What keeps mail from arriving here, in a sentence; empty if nothing.
    pub fn hindrance(&self) -> &'static str {
        hindrance(self.is_verified, self.is_enabled)
    }

    /// Why it takes no addresses of its own, if it does not. It need not be verified: an address counts by its domain's row, so
    /// nobody is kept from theirs by who only names it.
    pub fn refusal(&self) -> Option<String> {
        let other = self.alias_of.as_ref()?;
        Some(alias_domain_words(&self.name, other))
    }

    /// The same as a refusal of what was asked for.
    pub fn check_takes_addresses(&self) -> Result<(), Error> {
        match &self.alias_of {
            Some(other) => Err(alias_domain(&self.name, other)),
            None => Ok(()),
        }
    }
}

impl From<&Domain> for Place {
    fn from(domain: &Domain) -> Self {
        Self {
            id: domain.id,
            name: domain.name.clone(),
            is_verified: domain.verified_at.is_some(),
            is_enabled: domain.is_enabled,
            alias_of: domain.alias_name.clone(),
        }
    }
}
