//! OpenSSH public keys, as strict as the line that they are written into must be: `authorized_keys` takes
//! options such as a forced command before a key, so nothing but a plain key may pass.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const TYPES: [&str; 7] = [
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
];
/// What OpenSSH itself refuses below, from version 9.2 on by policy of most distributions.
const LEAST_RSA_BITS: usize = 2_048;
const LONGEST_COMMENT: usize = 200;

/// The key in one line, its words separated by single spaces, or what is wrong with it.
pub(super) fn check(text: &str) -> Result<String, String> {
    if text.contains("PRIVATE KEY") {
        return Err("is a private key; paste the public one (the file that ends in .pub)".to_owned());
    }
    let mut words = text.split_whitespace();
    let (kind, body) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if !TYPES.contains(&kind) {
        return Err(format!(
            "must begin with the key's type, one of: {}",
            TYPES.join(", ")
        ));
    }
    let blob = STANDARD
        .decode(body)
        .map_err(|_| "the key's second word is damaged (not base64)".to_owned())?;
    let mut fields = Fields(&blob);
    if fields.next() != Some(kind.as_bytes()) {
        return Err("the key is damaged: its content is of another type than its first word".to_owned());
    }
    body_of(kind, fields)?;
    let comment = words.collect::<Vec<_>>().join(" ");
    if comment.chars().count() > LONGEST_COMMENT {
        return Err(format!(
            "the comment after the key has more than {LONGEST_COMMENT} characters"
        ));
    }
    Ok(format!("{kind} {body} {comment}").trim_end().to_owned())
}

fn body_of(kind: &str, mut fields: Fields<'_>) -> Result<(), String> {
    let damaged = || "the key is damaged: it is cut off or too long".to_owned();
    match kind {
        "ssh-rsa" => {
            let _exponent = fields.next().ok_or_else(damaged)?;
            let modulus = fields.next().ok_or_else(damaged)?;
            let bits = bits(modulus);
            if bits < LEAST_RSA_BITS {
                return Err(format!(
                    "an RSA key must have at least {LEAST_RSA_BITS} bits, this one has {bits}"
                ));
            }
        }
        "ssh-ed25519" => drop(fields.next().filter(|key| key.len() == 32).ok_or_else(damaged)?),
        "sk-ssh-ed25519@openssh.com" => {
            fields.next().filter(|key| key.len() == 32).ok_or_else(damaged)?;
            fields.next().ok_or_else(damaged)?;
        }
        _ => {
            let _curve = fields.next().ok_or_else(damaged)?;
            let _point = fields.next().ok_or_else(damaged)?;
            if kind.starts_with("sk-") {
                fields.next().ok_or_else(damaged)?;
            }
        }
    }
    if fields.0.is_empty() {
        Ok(())
    } else {
        Err(damaged())
    }
}

fn bits(number: &[u8]) -> usize {
    let significant: Vec<&u8> = number.iter().skip_while(|byte| **byte == 0).collect();
    significant
        .first()
        .map_or(0, |first| significant.len() * 8 - first.leading_zeros() as usize)
}

/// RFC 4251's strings: a length of four bytes, then as many bytes.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (field, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }
}
