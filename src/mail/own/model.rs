//! Which addresses nobody gives themselves. Pure.

use crate::mail::model::LocalPart;

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
    fn nobody_becomes_the_postmaster() {
        assert!(own_alias("PostMaster").unwrap_err().contains("organisation"));
        assert!(own_alias("a+b").is_err());
        assert_eq!(own_alias(" Shop ").unwrap().as_str(), "shop");
    }
}
