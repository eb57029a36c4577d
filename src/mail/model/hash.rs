//! Hashes of passwords as mailboxes have them: made by the panel, or brought along and judged by their shape and by what a check of
//! one costs. Dovecot checks all that is taken here, and the panel what it can.

/// Dovecot's name for the hashes that the panel makes.
const ARGON2ID: &str = "{ARGON2ID}";
/// 256 MiB, which fits into Dovecot's bounds several times. A hash that needs more than this or the next three would be a way to
/// keep the mail service busy.
const MAX_MEMORY_KIB: u32 = 256 << 10;
const MAX_PASSES: u32 = 4;
const MAX_COST: u32 = 12;
const MAX_ROUNDS: u32 = 200_000;
/// Longer than any that has the shape.
const LONGEST: usize = 300;

const SHAPES: &str = "Give a hash with its scheme before it: {ARGON2ID}$argon2id$v=19$m=…,t=…,p=1$…, {BLF-CRYPT}$2y$… or \
                      {SHA512-CRYPT}$6$….";

/// A hash of the panel's own as it is kept: with the scheme before it by which Dovecot knows how to check it.
pub fn kept_hash(hash: &str) -> String {
    format!("{ARGON2ID}{hash}")
}

/// Takes a hash of a list: as it is kept, or an Argon2id hash as other programs write it, without the scheme.
pub fn parse_listed_hash(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.starts_with("$argon2id$") {
        parse_hash(&kept_hash(text))
    } else {
        parse_hash(text)
    }
}

/// A kept hash that the panel can check itself, without its scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checkable {
    /// A PHC string.
    Argon2id(String),
    /// Brought from elsewhere.
    Bcrypt(String),
    /// Brought from elsewhere.
    Sha512Crypt(String),
}

impl Checkable {
    /// Reads what the database has. What the panel can't check is as good as no password here, and mail goes on.
    pub fn read(kept: &str) -> Option<Self> {
        let kept = parse_hash(kept).ok()?;
        match kept.split_once('}')? {
            ("{ARGON2ID", hash) => Some(Self::Argon2id(hash.to_owned())),
            ("{BLF-CRYPT", hash) => Some(Self::Bcrypt(hash.to_owned())),
            ("{SHA512-CRYPT", hash) => Some(Self::Sha512Crypt(hash.to_owned())),
            _ => None,
        }
    }
}

/// Takes a hash as it is kept and Dovecot reads it.
pub fn parse_hash(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let is_good = text.len() <= LONGEST
        && match text.split_once('}') {
            Some(("{ARGON2ID", hash)) => is_argon2id(hash),
            Some(("{BLF-CRYPT", hash)) => is_bcrypt(hash),
            Some(("{SHA512-CRYPT", hash)) => is_sha512_crypt(hash),
            _ => false,
        };
    if is_good { Ok(text.to_owned()) } else { Err(SHAPES) }
}

/// A PHC string. Dovecot's libsodium can check those of one lane only.
fn is_argon2id(hash: &str) -> bool {
    let parts: Vec<&str> = hash.split('$').collect();
    let ["", "argon2id", "v=19", costs, salt, sum] = parts.as_slice() else {
        return false;
    };
    let costs: Vec<&str> = costs.split(',').collect();
    let [memory, passes, "p=1"] = costs.as_slice() else {
        return false;
    };
    let is_base64 = |text: &str| {
        text.bytes()
            .all(|c| c.is_ascii_alphanumeric() || c == b'+' || c == b'/')
    };
    number(memory, "m=").is_some_and(|memory| (8..=MAX_MEMORY_KIB).contains(&memory))
        && number(passes, "t=").is_some_and(|passes| (1..=MAX_PASSES).contains(&passes))
        && (11..=64).contains(&salt.len())
        && (22..=86).contains(&sum.len())
        && is_base64(salt)
        && is_base64(sum)
}

/// `$2y$`, the cost, and 53 characters of salt and sum.
fn is_bcrypt(hash: &str) -> bool {
    let parts: Vec<&str> = hash.split('$').collect();
    let ["", "2y", cost, rest] = parts.as_slice() else {
        return false;
    };
    cost.len() == 2
        && number(cost, "").is_some_and(|cost| (4..=MAX_COST).contains(&cost))
        && rest.len() == 53
        && is_crypt(rest)
}

/// `$6$`, perhaps how many rounds, a salt of 16 characters at most, and 86 of the sum.
fn is_sha512_crypt(hash: &str) -> bool {
    let parts: Vec<&str> = hash.split('$').collect();
    let (salt, sum) = match parts.as_slice() {
        ["", "6", salt, sum] => (salt, sum),
        ["", "6", rounds, salt, sum] => {
            if !number(rounds, "rounds=").is_some_and(|rounds| (1000..=MAX_ROUNDS).contains(&rounds)) {
                return false;
            }
            (salt, sum)
        }
        _ => return false,
    };
    (1..=16).contains(&salt.len()) && sum.len() == 86 && is_crypt(salt) && is_crypt(sum)
}

/// A number behind its name; digits only, without a sign.
fn number(text: &str, name: &str) -> Option<u32> {
    let digits = text.strip_prefix(name)?;
    let is_plain = !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
    is_plain.then(|| digits.parse().ok()).flatten()
}

/// The 64 characters of crypt(3).
fn is_crypt(text: &str) -> bool {
    text.bytes()
        .all(|c| c.is_ascii_alphanumeric() || c == b'.' || c == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HASH: &str = "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$YmVydGgtbm8tYWNjb3VudA$fqyLXd3gfYe6P4SXULI6RRfK1JVqlGNPvIR2SXkXfeY";

    #[test]
    fn known_shapes_are_taken() {
        let bcrypt = format!("{{BLF-CRYPT}}$2y$10${}", "a".repeat(53));
        let sha = format!("{{SHA512-CRYPT}}$6$saltsalt${}", "b".repeat(86));
        let rounds = format!("{{SHA512-CRYPT}}$6$rounds=5000$saltsalt${}", "b".repeat(86));
        let most = HASH.replace("m=19456,t=2", "m=262144,t=4");
        for good in [HASH, &bcrypt, &sha, &rounds, &most] {
            assert_eq!(parse_hash(good).as_deref(), Ok(good));
        }
        assert_eq!(parse_hash(&format!(" {HASH}\n")).as_deref(), Ok(HASH));
    }

    #[test]
    fn what_dovecot_cannot_check_or_should_not_is_refused() {
        let lanes = HASH.replace("p=1", "p=2");
        let memory = HASH.replace("m=19456", "m=262145");
        let sign = HASH.replace("m=19456", "m=+19456");
        let passes = HASH.replace("t=2", "t=5");
        let cost = format!("{{BLF-CRYPT}}$2y$13${}", "a".repeat(53));
        let short = format!("{{BLF-CRYPT}}$2y$10${}", "a".repeat(52));
        let rounds = format!("{{SHA512-CRYPT}}$6$rounds=200001$salt${}", "b".repeat(86));
        let line = format!("{{SHA512-CRYPT}}$6$salt${}\nx", "b".repeat(84));
        for bad in [
            "",
            "secret",
            "{PLAIN}secret",
            "{ARGON2ID}",
            "$argon2id$v=19$m=19456,t=2,p=1$YmVydGgtbm8tYWNjb3VudA$fqyLXd3gfYe6P4SXULI6RRfK1JVqlGNPvIR2SXkXfeY",
            &lanes,
            &memory,
            &sign,
            &passes,
            &cost,
            &short,
            &rounds,
            &line,
        ] {
            assert!(parse_hash(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_list_may_leave_the_scheme_of_argon2id_out() {
        let bare = HASH.strip_prefix(super::ARGON2ID).unwrap();
        for good in [bare, HASH] {
            assert_eq!(parse_listed_hash(good).as_deref(), Ok(HASH));
        }
        let sha = format!("{{SHA512-CRYPT}}$6$saltsalt${}", "b".repeat(86));
        assert_eq!(parse_listed_hash(&sha).as_deref(), Ok(&*sha));
        for bad in [
            "$6$salt$digest",
            &bare.replace("p=1", "p=4"),
            &bare[..60],
            &bare.replace("argon2id", "argon2i"),
        ] {
            assert!(parse_listed_hash(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_panel_checks_all_that_dovecot_does() {
        let bare = HASH.strip_prefix(super::ARGON2ID).unwrap().to_owned();
        assert_eq!(Checkable::read(HASH), Some(Checkable::Argon2id(bare)));
        let sum = format!("$6$rounds=5000$saltsalt${}", "b".repeat(86));
        let sha = format!("{{SHA512-CRYPT}}{sum}");
        assert_eq!(Checkable::read(&sha), Some(Checkable::Sha512Crypt(sum)));
        let sum = format!("$2y$10${}", "a".repeat(53));
        let bcrypt = format!("{{BLF-CRYPT}}{sum}");
        assert_eq!(Checkable::read(&bcrypt), Some(Checkable::Bcrypt(sum)));
        let costly = bcrypt.replace("$10$", "$13$");
        for none in ["", "{PLAIN}secret", "{ARGON2ID}x", &costly] {
            assert_eq!(Checkable::read(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_one_line_of_plain_characters(text in "\\{(ARGON2ID|BLF-CRYPT|SHA512-CRYPT)\\}(?s).{0,120}") {
            if let Ok(hash) = parse_hash(&text) {
                prop_assert!(hash.bytes().all(|c| c.is_ascii_graphic()));
            }
        }
    }
}
