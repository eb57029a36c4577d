//! What people and programs ask for.

use std::net::IpAddr;

use crate::drivers::mail::FetchTls;
use crate::mail::model::{Address, DomainName};
use crate::platform::error::FieldErrors;
use crate::platform::secret::Secret;

use super::{Folders, Wish, is_outside};

/// How many mailboxes may be asked for at once.
const MOST: usize = 100;
/// The longest user name and password of another server.
const LONGEST_USER: usize = 255;
const LONGEST_PASSWORD: usize = 1024;

/// Who signs in at the other server, and into which mailbox of ours the mail goes.
#[derive(Debug)]
pub struct Account {
    /// The mailbox's address here.
    pub address: String,
    /// The user there.
    pub user: String,
    /// The password there.
    pub password: Secret,
}

/// A server's name, or its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// Its name, which DNS is asked for.
    Name(DomainName),
    /// Its address.
    Address(IpAddr),
}

impl Host {
    /// Reads what somebody typed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(Self::Address(address));
        }
        DomainName::parse(text).map(Self::Name)
    }

    /// As the database has it.
    pub fn text(&self) -> String {
        match self {
            Self::Name(name) => name.as_str().to_owned(),
            Self::Address(address) => address.to_string(),
        }
    }
}

/// What is asked for.
#[derive(Debug, Default)]
pub struct NewFetch {
    /// The other server.
    pub host: String,
    /// Its port; the usual one if nothing is said.
    pub port: Option<i64>,
    /// How the connection is encrypted.
    pub tls: Option<FetchTls>,
    /// Which folders come.
    pub folders: Folders,
    /// The certificate that is accepted: its SHA-256 in hex, with or without colons; may be empty.
    pub fingerprint: String,
    /// Who signs in, and where the mail goes.
    pub accounts: Vec<Account>,
}

impl NewFetch {
    /// What can be told without looking anything up. `field` says where an account's part is in what was sent, by its place among
    /// the accounts; `allow_inside` is the provider's word that other servers may be in its own network.
    pub fn parse(
        &self,
        allow_inside: bool,
        field: impl Fn(usize, &str) -> String,
    ) -> Result<(Host, Wish), FieldErrors> {
        let mut errors = FieldErrors::default();
        let host = errors.check("host", Host::parse(&self.host));
        if let Some(Host::Address(address)) = &host
            && !allow_inside
            && !is_outside(*address)
        {
            errors.add(
                "host",
                "This address is not of the public internet. Use one that is.",
            );
        }
        let tls = self.tls.unwrap_or(FetchTls::Implicit);
        let port = errors.check("port", port(self.port, tls));
        let fingerprint = errors.check("fingerprint", fingerprint(&self.fingerprint));
        if self.accounts.is_empty() || self.accounts.len() > MOST {
            errors.add("accounts", format!("Name 1 to {MOST} mailboxes."));
        }
        for (place, account) in self.accounts.iter().enumerate() {
            account.check(&mut errors, |part| field(place, part));
        }
        let (Some(host), Some(port), Some(fingerprint)) = (host, port, fingerprint) else {
            return Err(errors);
        };
        errors.into_result()?;
        let wish = Wish {
            host: host.text(),
            port,
            tls,
            folders: self.folders,
            fingerprint,
        };
        Ok((host, wish))
    }
}

impl Account {
    fn check(&self, errors: &mut FieldErrors, field: impl Fn(&str) -> String) {
        if let Err(message) = Address::parse(&self.address) {
            errors.add(&field("mailbox"), message);
        }
        let user = self.user.trim();
        if user.is_empty() || user.len() > LONGEST_USER || user.chars().any(char::is_control) {
            let message = format!("Enter the user name there: 1 to {LONGEST_USER} bytes, on one line.");
            errors.add(&field("user"), message);
        }
        let password = self.password.expose();
        let is_broken = password.contains(['\r', '\n', '\0']);
        if password.is_empty() || password.len() > LONGEST_PASSWORD || is_broken {
            let message = format!("Enter the password there: 1 to {LONGEST_PASSWORD} bytes, on one line.");
            errors.add(&field("password"), message);
        }
    }
}

fn port(typed: Option<i64>, tls: FetchTls) -> Result<u16, &'static str> {
    match typed {
        None => Ok(tls.port()),
        Some(port) => u16::try_from(port)
            .ok()
            .filter(|port| *port > 0)
            .ok_or("Use 1 to 65535; usually it is 993."),
    }
}

fn fingerprint(typed: &str) -> Result<Option<String>, &'static str> {
    let digits = typed.chars().filter(|c| !c.is_whitespace() && *c != ':');
    let digits: String = digits.collect::<String>().to_ascii_lowercase();
    if digits.is_empty() {
        return Ok(None);
    }
    if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(Some(digits))
    } else {
        Err("Use the certificate's SHA-256 fingerprint: 64 hexadecimal digits.")
    }
}

/// The accounts of lines such as `ann@example.com, ann, password`, and the number of the line of each. Comma, semicolon or tab part
/// them; a password may hold any of these. Where the user is left out it is the address.
pub fn lines(text: &str) -> (Vec<Account>, Vec<usize>) {
    let written = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let read = written.map(|(place, line)| {
        let mut parts = line.splitn(3, [',', ';', '\t']).map(str::trim);
        let mut next = || parts.next().unwrap_or_default().to_owned();
        let (address, user, password) = (next(), next(), next());
        let user = if user.is_empty() { address.clone() } else { user };
        let account = Account {
            address,
            user,
            password: Secret::new(password),
        };
        (account, place + 1)
    });
    read.unzip()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(host: &str, port: Option<i64>) -> NewFetch {
        let (accounts, _) = lines("ann@a.example, ann, secret");
        NewFetch {
            host: host.to_owned(),
            port,
            accounts,
            ..NewFetch::default()
        }
    }

    fn fields(new: &NewFetch) -> Vec<String> {
        let parsed = new.parse(false, |place, part| format!("{place}.{part}"));
        let errors = parsed.err().unwrap_or_default();
        errors.0.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn what_is_left_out_is_the_usual() {
        let (host, wish) = asked(" IMAP.Bücher.example ", None)
            .parse(false, |_, part| part.to_owned())
            .unwrap();
        assert_eq!(host.text(), "imap.xn--bcher-kva.example");
        assert_eq!(
            (wish.port, wish.tls, wish.folders),
            (993, FetchTls::Implicit, Folders::All)
        );
        let new = NewFetch {
            tls: Some(FetchTls::Starttls),
            fingerprint: format!("{}:AB", "0f:".repeat(31).trim_end_matches(':')),
            ..asked("1.1.1.1", None)
        };
        let (_, wish) = new.parse(false, |_, part| part.to_owned()).unwrap();
        assert_eq!(wish.port, 143);
        assert!(wish.fingerprint.unwrap().ends_with("0fab"));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_field() {
        assert_eq!(fields(&asked("localhost", Some(0))), ["host", "port"]);
        assert_eq!(fields(&asked("10.0.0.1", Some(993))), ["host"]);
        assert!(
            asked("10.0.0.1", None)
                .parse(true, |_, part| part.to_owned())
                .is_ok()
        );
        let none = NewFetch {
            accounts: Vec::new(),
            fingerprint: "abc".to_owned(),
            ..asked("imap.old.example", None)
        };
        assert_eq!(fields(&none), ["fingerprint", "accounts"]);
        let (accounts, places) = lines("\nann@a.example,,x;y,z\n\nbob; b ob\n");
        assert_eq!(places, [2, 4]);
        let first = (accounts[0].user.as_str(), accounts[0].password.expose().as_str());
        assert_eq!(first, ("ann@a.example", "x;y,z"));
        let bad = NewFetch {
            accounts,
            ..asked("imap.old.example", None)
        };
        assert_eq!(fields(&bad), ["1.mailbox", "1.password"]);
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_breaks_it(text in "(?s).{0,200}", host in ".{0,40}", port in any::<i64>()) {
            let (accounts, places) = lines(&text);
            prop_assert_eq!(accounts.len(), places.len());
            let new = NewFetch { host, port: Some(port), accounts, ..NewFetch::default() };
            let _ = new.parse(false, |_, part| part.to_owned());
        }
    }
}
