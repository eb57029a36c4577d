//! Hashes of passwords that somebody brings along: judged by their shape, and by what a check of one costs the mail service.

/// A hash that needs more than this would be a way to keep the mail service busy.
const MAX_MEMORY_KIB: u32 = 1 << 20;
const MAX_PASSES: u32 = 10;
const MAX_COST: u32 = 15;
const MAX_ROUNDS: u32 = 1_000_000;
/// Longer than any that has the shape.
const LONGEST: usize = 300;

const SHAPES: &str = "Give a hash with its scheme before it: {ARGON2ID}$argon2id$v=19$m=…,t=…,p=1$…, {BLF-CRYPT}$2y$… or \
                      {SHA512-CRYPT}$6$….";

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

    const ARGON2ID: &str = "{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$YmVydGgtbm8tYWNjb3VudA$fqyLXd3gfYe6P4SXULI6RRfK1JVqlGNPvIR2SXkXfeY";

    #[test]
    fn known_shapes_are_taken() {
        let bcrypt = format!("{{BLF-CRYPT}}$2y$10${}", "a".repeat(53));
        let sha = format!("{{SHA512-CRYPT}}$6$saltsalt${}", "b".repeat(86));
        let rounds = format!("{{SHA512-CRYPT}}$6$rounds=5000$saltsalt${}", "b".repeat(86));
        for good in [ARGON2ID, &bcrypt, &sha, &rounds] {
            assert_eq!(parse_hash(good).as_deref(), Ok(good));
        }
        assert_eq!(parse_hash(&format!(" {ARGON2ID}\n")).as_deref(), Ok(ARGON2ID));
    }

    #[test]
    fn what_dovecot_cannot_check_or_should_not_is_refused() {
        let lanes = ARGON2ID.replace("p=1", "p=2");
        let memory = ARGON2ID.replace("m=19456", "m=4194304");
        let sign = ARGON2ID.replace("m=19456", "m=+19456");
        let passes = ARGON2ID.replace("t=2", "t=4000000000");
        let cost = format!("{{BLF-CRYPT}}$2y$31${}", "a".repeat(53));
        let short = format!("{{BLF-CRYPT}}$2y$10${}", "a".repeat(52));
        let rounds = format!("{{SHA512-CRYPT}}$6$rounds=999999999$salt${}", "b".repeat(86));
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

    proptest! {
        #[test]
        fn what_is_taken_is_one_line_of_plain_characters(text in "\\{(ARGON2ID|BLF-CRYPT|SHA512-CRYPT)\\}(?s).{0,120}") {
            if let Ok(hash) = parse_hash(&text) {
                prop_assert!(hash.bytes().all(|c| c.is_ascii_graphic()));
            }
        }
    }
}
