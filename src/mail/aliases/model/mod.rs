//! What an alias is, and what people type of it. Pure.

mod expand;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::mail::model::{Address, DomainName};
use crate::platform::ids::{MailAliasId, MailDomainId, MailboxId};

pub use crate::mail::model::shown_address as shown;
pub use expand::{Fault, Found, Graph, MAX_RECIPIENTS, Node, Reach, Zone, base, check, expand, node};

/// The longest description.
const LONGEST_DESCRIPTION: usize = 500;

/// What kind of address leads elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AliasKind {
    /// Another name for somebody.
    Alias,
    /// Many people under one address.
    Group,
    /// Whatever nobody in a domain has.
    CatchAll,
}

impl AliasKind {
    /// The word that the database and forms have.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alias => "alias",
            Self::Group => "group",
            Self::CatchAll => "catch_all",
        }
    }

    /// Reads the word.
    pub fn read(word: &str) -> Option<Self> {
        let all = [Self::Alias, Self::Group, Self::CatchAll];
        all.into_iter().find(|kind| kind.word() == word)
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Alias => "Alias",
            Self::Group => "Group",
            Self::CatchAll => "Catch-all",
        }
    }

    /// How many addresses it may lead to.
    pub fn most(self) -> usize {
        match self {
            Self::Alias | Self::CatchAll => 100,
            Self::Group => MAX_RECIPIENTS,
        }
    }
}

/// An address that leads elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// Its id.
    pub id: MailAliasId,
    /// Its domain.
    pub domain: (MailDomainId, DomainName),
    /// The whole address; of a catch-all, without a name before the @.
    pub address: String,
    /// What kind.
    pub kind: AliasKind,
    /// What it is for.
    pub description: String,
    /// Where it leads.
    pub targets: Vec<String>,
    /// Whether it does; if not, its mail is refused.
    pub is_enabled: bool,
    /// The mailbox whose person made it.
    pub owner: Option<MailboxId>,
    /// Grows with each change.
    pub version: i64,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl Alias {
    /// As people write it.
    pub fn shown(&self) -> String {
        shown(&self.address)
    }

    /// What its mail does, for the check of circles.
    pub fn node(&self) -> Node {
        Node {
            targets: if self.is_enabled {
                self.targets.clone()
            } else {
                Vec::new()
            },
            keeps: false,
        }
    }
}

/// Reads addresses between spaces, commas, semicolons and line ends, each once, in the order that they were typed in.
pub fn parse_targets(text: &str, most: usize) -> Result<Vec<String>, String> {
    let mut targets: Vec<String> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for word in text.split(|c: char| c.is_whitespace() || c == ',' || c == ';') {
        if word.is_empty() {
            continue;
        }
        let address = Address::parse(word).map_err(|why| format!("{word}: {why}"))?;
        if known.insert(address.as_str().to_owned()) {
            targets.push(address.as_str().to_owned());
        }
        if targets.len() > most {
            return Err(format!(
                "These are more than {most} addresses, as many as it can lead to."
            ));
        }
    }
    if targets.is_empty() {
        return Err("Enter at least one address.".to_owned());
    }
    Ok(targets)
}

/// Reads what somebody wrote about it.
pub fn parse_description(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.chars().count() > LONGEST_DESCRIPTION {
        return Err(format!("Use at most {LONGEST_DESCRIPTION} characters."));
    }
    if text.chars().any(char::is_control) {
        return Err("Write it in one line.".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn targets_stand_once_each_in_their_order() {
        let read = parse_targets(" Bob@y.example, ann@x.example;bob@Y.example\n\tcid@z.example ", 3);
        assert_eq!(read.unwrap(), ["bob@y.example", "ann@x.example", "cid@z.example"]);
        assert!(parse_targets(" ,; \n", 3).unwrap_err().contains("at least one"));
        assert!(
            parse_targets("a@x.example b@x.example", 1)
                .unwrap_err()
                .contains("more than 1")
        );
        assert!(
            parse_targets("a@x.example nobody", 9)
                .unwrap_err()
                .contains("nobody")
        );
    }

    #[test]
    fn a_description_is_a_line() {
        assert_eq!(parse_description(" for orders ").as_deref(), Ok("for orders"));
        assert!(parse_description("a\r\nb").is_err());
        assert!(parse_description(&"ä".repeat(501)).is_err());
    }

    #[test]
    fn kinds_are_read_as_they_are_written() {
        for kind in [AliasKind::Alias, AliasKind::Group, AliasKind::CatchAll] {
            assert_eq!(AliasKind::read(kind.word()), Some(kind));
        }
        assert_eq!(AliasKind::read("list"), None);
    }

    proptest! {
        #[test]
        fn targets_are_read_again_as_they_are_kept(text in "([a-c]{1,2}@[a-c]{1,2}\\.example[ ,;\n]){1,9}") {
            let once = parse_targets(&text, 100).unwrap();
            prop_assert_eq!(parse_targets(&once.join("\n"), 100), Ok(once));
        }
    }
}
