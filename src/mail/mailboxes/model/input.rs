//! What people and programs say of a mailbox, judged field by field.

use serde::{Deserialize, Deserializer};

use crate::mail::model::{Address, DomainName, LocalPart, parse_hash};
use crate::platform::error::FieldErrors;
use crate::platform::secret::Secret;

use super::mailbox::Mailbox;

/// A person's name, at most, in characters.
const MAX_NAME: usize = 100;
/// 16 TiB.
const MAX_QUOTA_MIB: i64 = 16_777_216;
const MAX_HOURLY: i32 = 10_000_000;
const MAX_OWN_ALIASES: i32 = 1000;

const ONE_WAY: &str = "Give one of the three: a password, a hash of one, or a set-up link.";
const NO_NUMBER: &str = "Type a whole number, or leave it empty for no limit.";

/// What is said of something that may have no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stated<T> {
    /// Nothing: it stays as it is, and is none of something new.
    #[default]
    Same,
    /// That it is this, or none.
    Is(Option<T>),
    /// Something that nobody can read.
    Unreadable,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Stated<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(Self::Is)
    }
}

impl<T: Copy + PartialOrd + std::fmt::Display> Stated<T> {
    /// The value now, between the two.
    fn settle(self, before: Option<T>, (least, most): (T, T)) -> Result<Option<T>, String> {
        match self {
            Self::Same => Ok(before),
            Self::Is(Some(value)) if value < least || value > most => {
                Err(format!("Use {least} to {most}, or nothing for no limit."))
            }
            Self::Is(value) => Ok(value),
            Self::Unreadable => Err(NO_NUMBER.to_owned()),
        }
    }
}

fn typed<T: std::str::FromStr>(text: &str) -> Stated<T> {
    let text = text.trim();
    if text.is_empty() {
        return Stated::Is(None);
    }
    text.parse()
        .map_or(Stated::Unreadable, |value| Stated::Is(Some(value)))
}

/// A size in MiB as it is typed; empty for none.
pub fn typed_size(text: &str) -> Stated<i64> {
    typed(text)
}

/// A number as it is typed; empty for none.
pub fn typed_count(text: &str) -> Stated<i32> {
    typed(text)
}

/// The name of a person or thing behind an address: one line, since it stands in headers; may be empty.
pub fn check_name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.chars().count() > MAX_NAME {
        return Err("Use at most 100 characters.");
    }
    if text.chars().any(is_forbidden) {
        return Err("Leave out line breaks and other control characters.");
    }
    Ok(text.to_owned())
}

/// Controls, what ends lines as well (Unicode, 5.8), and marks that turn text round, by which one name could pass for another.
fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// An address that a mailbox can have.
pub fn parse_address(text: &str) -> Result<Address, String> {
    let (local, domain) = text
        .trim()
        .rsplit_once('@')
        .ok_or("Enter a whole address, such as ann@example.com.")?;
    let local = LocalPart::parse(local)?;
    local.at(&DomainName::parse(domain)?)
}

/// How somebody gets in, of whom there is nothing yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// By a password that was chosen for them, not judged yet.
    Password(Secret),
    /// By a password that they had before.
    Hash(Secret),
    /// By a link, which is mailed to them if there is an address.
    Link(Option<Address>),
}

/// A mailbox that is asked for, as it was said.
#[derive(Debug, Default)]
pub struct NewMailbox {
    /// The whole address.
    pub address: String,
    /// The person's name.
    pub name: String,
    /// What it may hold.
    pub quota_mib: Stated<i64>,
    /// Recipients an hour.
    pub hourly_limit: Stated<i32>,
    /// How many aliases its person may make.
    pub max_own_aliases: Stated<i32>,
    /// A password.
    pub password: Option<Secret>,
    /// A hash of one.
    pub password_hash: Option<Secret>,
    /// Whether a set-up link is wanted.
    pub set_up_link: bool,
    /// Where the link is mailed to.
    pub send_link_to: Option<String>,
}

/// The same, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// The address.
    pub address: Address,
    /// The person's name.
    pub name: String,
    /// What it may hold.
    pub quota_mib: Option<i64>,
    /// Recipients an hour.
    pub hourly_limit: Option<i32>,
    /// How many aliases its person may make.
    pub max_own_aliases: i32,
    /// How its person gets in.
    pub entry: Entry,
}

impl NewMailbox {
    /// Judges all of it but for the password, which takes a while.
    pub fn parse(self) -> Result<Fresh, FieldErrors> {
        let mut errors = FieldErrors::default();
        let address = errors.check("address", parse_address(&self.address));
        let name = errors.check("name", check_name(&self.name));
        let quota = errors.check("quota_mib", self.quota_mib.settle(None, (0, MAX_QUOTA_MIB)));
        let hourly = errors.check("hourly_limit", self.hourly_limit.settle(None, (0, MAX_HOURLY)));
        let aliases = errors.check(
            "max_own_aliases",
            self.max_own_aliases.settle(None, (0, MAX_OWN_ALIASES)),
        );
        let entry = self.entry(&mut errors, address.as_ref());
        match (address, name, quota, hourly, aliases, entry) {
            (Some(address), Some(name), Some(quota_mib), Some(hourly_limit), Some(aliases), Some(entry)) => {
                Ok(Fresh {
                    address,
                    name,
                    quota_mib,
                    hourly_limit,
                    max_own_aliases: aliases.unwrap_or(0),
                    entry,
                })
            }
            _ => Err(errors),
        }
    }

    fn entry(self, errors: &mut FieldErrors, own: Option<&Address>) -> Option<Entry> {
        match (self.password, self.password_hash, self.set_up_link) {
            (Some(password), None, false) => Some(Entry::Password(password)),
            (None, Some(hash), false) => {
                let hash = errors.check("password_hash", parse_hash(hash.expose()));
                hash.map(|hash| Entry::Hash(Secret::new(hash)))
            }
            (None, None, true) => {
                let to = errors.check("send_link_to", link_to(self.send_link_to.as_deref(), own));
                to.map(Entry::Link)
            }
            _ => errors.check("password", Err(ONE_WAY)),
        }
    }
}

/// Where a set-up link is mailed to; nowhere if nothing is said. Not to the mailbox itself, which its person can't read yet.
pub fn link_to(text: Option<&str>, own: Option<&Address>) -> Result<Option<Address>, String> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let to = Address::parse(text)?;
    if own.is_some_and(|own| *own == to) {
        return Err("Send it to another address: nobody can read this one yet.".to_owned());
    }
    Ok(Some(to))
}

/// What is to be changed of a mailbox; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The person's name.
    pub name: Option<String>,
    /// What it may hold.
    pub quota_mib: Stated<i64>,
    /// Recipients an hour.
    pub hourly_limit: Stated<i32>,
    /// How many aliases its person may make; none said means none.
    pub max_own_aliases: Stated<i32>,
}

impl Settings {
    /// The mailbox as it is afterwards.
    pub fn apply(&self, before: &Mailbox) -> Result<Mailbox, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = match &self.name {
            Some(name) => errors.check("name", check_name(name)),
            None => Some(before.name.clone()),
        };
        let quota = self.quota_mib.settle(before.quota_mib, (0, MAX_QUOTA_MIB));
        let quota = errors.check("quota_mib", quota);
        let hourly = self.hourly_limit.settle(before.hourly_limit, (0, MAX_HOURLY));
        let hourly = errors.check("hourly_limit", hourly);
        let aliases = self
            .max_own_aliases
            .settle(Some(before.max_own_aliases), (0, MAX_OWN_ALIASES));
        let aliases = errors.check("max_own_aliases", aliases);
        match (name, quota, hourly, aliases) {
            (Some(name), Some(quota_mib), Some(hourly_limit), Some(aliases)) => Ok(Mailbox {
                name,
                quota_mib,
                hourly_limit,
                max_own_aliases: aliases.unwrap_or(0),
                ..before.clone()
            }),
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::mailbox::tests::ann;
    use super::*;
    use proptest::prelude::*;

    fn new(address: &str) -> NewMailbox {
        NewMailbox {
            address: address.to_owned(),
            set_up_link: true,
            ..NewMailbox::default()
        }
    }

    fn wrong(new: NewMailbox) -> Vec<String> {
        let errors = new.parse().unwrap_err();
        errors.0.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_whole_one_is_read() {
        let asked = NewMailbox {
            name: " Ann ".to_owned(),
            quota_mib: Stated::Is(Some(0)),
            send_link_to: Some(" ann@elsewhere.example ".to_owned()),
            ..new(" Ann.Smith@Bücher.example ")
        };
        let fresh = asked.parse().unwrap();
        assert_eq!(fresh.address.as_str(), "ann.smith@xn--bcher-kva.example");
        assert_eq!((fresh.name.as_str(), fresh.quota_mib), ("Ann", Some(0)));
        assert_eq!((fresh.hourly_limit, fresh.max_own_aliases), (None, 0));
        let to = Address::parse("ann@elsewhere.example").unwrap();
        assert_eq!(fresh.entry, Entry::Link(Some(to)));
    }

    #[test]
    fn every_field_is_told_what_is_wrong_with_it() {
        let asked = NewMailbox {
            name: "Ann\r\nBcc: x@y.example".to_owned(),
            quota_mib: Stated::Is(Some(-1)),
            hourly_limit: Stated::Unreadable,
            max_own_aliases: Stated::Is(Some(1001)),
            password: Some(Secret::new("x".to_owned())),
            ..new("ann+shop@a.example")
        };
        let fields = [
            "address",
            "name",
            "quota_mib",
            "hourly_limit",
            "max_own_aliases",
            "password",
        ];
        assert_eq!(wrong(asked), fields);
        let hash = NewMailbox {
            set_up_link: false,
            password_hash: Some(Secret::new("{PLAIN}x".to_owned())),
            ..new("ann@a.example")
        };
        assert_eq!(wrong(hash), ["password_hash"]);
        let nothing = NewMailbox {
            set_up_link: false,
            ..new("ann@a.example")
        };
        assert_eq!(wrong(nothing), ["password"]);
        let own = NewMailbox {
            send_link_to: Some("Ann@a.example".to_owned()),
            ..new("ann@a.example")
        };
        assert_eq!(wrong(own), ["send_link_to"]);
    }

    #[test]
    fn addresses_have_their_limits() {
        let long = "a".repeat(64);
        assert!(parse_address(&format!("{long}@a.example")).is_ok());
        assert!(parse_address(&format!("{long}a@a.example")).is_err());
        let domain = format!("{0}.{0}.{0}.example", "b".repeat(60));
        assert_eq!(domain.len(), 190);
        // 63 + 1 + 190 is what fits into a path of SMTP.
        assert!(parse_address(&format!("{}@{domain}", "a".repeat(63))).is_ok());
        assert!(parse_address(&format!("{long}@{domain}")).is_err());
        for bad in [
            "",
            "ann",
            "@a.example",
            "ann@",
            "ann@a",
            "a b@a.example",
            "ann@a.example\nx",
        ] {
            assert!(parse_address(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_change_keeps_what_is_not_said() {
        let before = Mailbox {
            hourly_limit: Some(5),
            max_own_aliases: 3,
            ..ann()
        };
        assert_eq!(Settings::default().apply(&before).as_ref(), Ok(&before));
        let settings = Settings {
            quota_mib: Stated::Is(None),
            hourly_limit: typed_count(" "),
            max_own_aliases: typed_count("7"),
            ..Settings::default()
        };
        let after = settings.apply(&before).unwrap();
        assert_eq!(
            (after.quota_mib, after.hourly_limit, after.max_own_aliases),
            (None, None, 7)
        );
        assert_eq!(after.name, before.name);
        let bad = Settings {
            name: Some("a".repeat(101)),
            quota_mib: typed_size("much"),
            ..Settings::default()
        };
        assert_eq!(bad.apply(&before).unwrap_err().0.len(), 2);
    }

    #[test]
    fn json_tells_nothing_from_none() {
        #[derive(Deserialize)]
        struct In {
            #[serde(default)]
            quota: Stated<i64>,
        }
        let read = |text: &str| serde_json::from_str::<In>(text).map(|read| read.quota);
        assert_eq!(read("{}").unwrap(), Stated::Same);
        assert_eq!(read("{\"quota\": null}").unwrap(), Stated::Is(None));
        assert_eq!(read("{\"quota\": 0}").unwrap(), Stated::Is(Some(0)));
        assert!(read("{\"quota\": \"much\"}").is_err());
    }

    #[test]
    fn no_name_passes_for_another() {
        for bad in [
            "a\0b",
            "a\r\nX: y",
            "a\u{2028}b",
            "\u{202E}nna",
            "bank\u{2066}exe",
        ] {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            check_name(" Jürgen O'Neil 🚢 "),
            Ok("Jürgen O'Neil 🚢".to_owned())
        );
    }

    proptest! {
        #[test]
        fn no_name_ends_a_header(text in "(?s).{0,120}") {
            if let Ok(name) = check_name(&text) {
                let breaks = name.chars().any(|c| c.is_control() || c == '\u{2028}' || c == '\u{2029}');
                prop_assert!(!breaks);
                prop_assert!(name.chars().count() <= 100);
            }
        }

        #[test]
        fn an_address_of_ours_is_plain_and_short(text in "(?s).{0,70}@.{0,30}") {
            if let Ok(address) = parse_address(&text) {
                prop_assert!(address.as_str().bytes().all(|c| c.is_ascii_graphic()));
                prop_assert!(address.local().len() <= 64 && address.as_str().len() <= 254);
                prop_assert_eq!(parse_address(&address.shown()), Ok(address.clone()));
            }
        }

        #[test]
        fn numbers_are_in_their_range(quota in any::<i64>(), hourly in any::<i32>()) {
            let settings = Settings {
                quota_mib: Stated::Is(Some(quota)),
                hourly_limit: Stated::Is(Some(hourly)),
                ..Settings::default()
            };
            let is_good = (0..=MAX_QUOTA_MIB).contains(&quota) && (0..=MAX_HOURLY).contains(&hourly);
            prop_assert_eq!(settings.apply(&ann()).is_ok(), is_good);
        }
    }
}
