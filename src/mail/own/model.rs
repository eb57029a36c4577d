//! Which kept passwords can be checked here, and which addresses nobody gives themselves. Pure.

use crate::mail::model::LocalPart;

/// The most memory that a hash may take to check, in KiB: it may have been made elsewhere.
const MAX_MEMORY_KIB: u32 = 128 * 1024;
/// The most passes over it.
const MAX_PASSES: u32 = 16;
/// The most rounds of SHA-512-crypt: about a tenth of a second.
const MAX_ROUNDS: u32 = 200_000;

/// A kept password, by the scheme that Dovecot has before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// `{ARGON2ID}`: a PHC string.
    Argon2id(String),
    /// `{SHA512-CRYPT}`: brought from elsewhere.
    Sha512Crypt(String),
}

impl Kept {
    /// Reads what the database has. Dovecot knows more schemes than the panel, and other costs: nothing then, which is as good as no
    /// password here, and mail goes on.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, hash) = text.strip_prefix('{')?.split_once('}')?;
        match scheme.to_ascii_uppercase().as_str() {
            "ARGON2ID" => is_affordable(hash).then(|| Self::Argon2id(hash.to_owned())),
            "SHA512-CRYPT" => has_few_rounds(hash).then(|| Self::Sha512Crypt(hash.to_owned())),
            _ => None,
        }
    }
}

/// Whether `$argon2id$v=19$m=…,t=…,p=…$…` costs what a request may.
fn is_affordable(hash: &str) -> bool {
    let number = |name: &str| -> Option<u32> {
        let mut parts = hash.split(['$', ',']);
        parts.find_map(|part| part.strip_prefix(name))?.parse().ok()
    };
    hash.starts_with("$argon2id$")
        && number("m=").is_some_and(|kib| kib <= MAX_MEMORY_KIB)
        && number("t=").is_some_and(|passes| passes <= MAX_PASSES)
}

fn has_few_rounds(hash: &str) -> bool {
    let Some(rest) = hash.strip_prefix("$6$") else {
        return false;
    };
    match rest.strip_prefix("rounds=") {
        None => true,
        Some(rest) => {
            let rounds = rest
                .split('$')
                .next()
                .and_then(|rounds| rounds.parse::<u32>().ok());
            rounds.is_some_and(|rounds| rounds <= MAX_ROUNDS)
        }
    }
}

/// Addresses that certificates are ordered by, and that stand for the whole domain (RFC 2142; CA/Browser Forum, 3.2.2.4.4):
/// whoever has one can speak for it.
const RESERVED: [&str; 13] = [
    "abuse",
    "admin",
    "administrator",
    "hostmaster",
    "mailer-daemon",
    "noc",
    "no-reply",
    "noreply",
    "postmaster",
    "root",
    "security",
    "ssladmin",
    "webmaster",
];

/// The name of an alias that somebody makes for themselves.
pub(super) fn own_alias(text: &str) -> Result<LocalPart, String> {
    let name = LocalPart::parse(text)?;
    if RESERVED.contains(&name.as_str()) {
        return Err(format!(
            "{} stands for the whole domain. Ask your organisation for it.",
            name.as_str()
        ));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_paid_for_is_checked() {
        let good = "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA";
        assert_eq!(
            Kept::parse(good),
            Some(Kept::Argon2id(good["{ARGON2ID}".len()..].to_owned()))
        );
        assert!(Kept::parse("{SHA512-CRYPT}$6$salt$hash").is_some());
        assert!(Kept::parse("{SHA512-CRYPT}$6$rounds=5000$salt$hash").is_some());
        for bad in [
            "",
            "$argon2id$v=19$m=19456,t=2,p=1$x$y",
            "{PLAIN}secret",
            "{BLF-CRYPT}$2y$05$x",
            "{ARGON2ID}$argon2id$v=19$m=4194304,t=2,p=1$x$y",
            "{ARGON2ID}$argon2id$v=19$m=64,t=4000000,p=1$x$y",
            "{ARGON2ID}$argon2i$v=19$m=64,t=2,p=1$x$y",
            "{SHA512-CRYPT}$6$rounds=999999999$salt$hash",
            "{SHA512-CRYPT}$5$salt$hash",
        ] {
            assert_eq!(Kept::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn nobody_becomes_the_postmaster() {
        assert!(own_alias("PostMaster").unwrap_err().contains("organisation"));
        assert!(own_alias("a+b").is_err());
        assert_eq!(own_alias(" Shop ").unwrap().as_str(), "shop");
    }
}
