//! Names of domains, kept as DNS has them and shown as people write them.

/// The longest that fits into an address of 254 (RFC 5321, 4.5.3.1.3) and into DNS (RFC 1035, 2.3.4).
const LONGEST: usize = 253;

/// A domain's name in A-labels (RFC 5890), lower case, without a last dot, of at least two labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DomainName(String);

impl DomainName {
    /// Reads what somebody typed; letters beyond ASCII become A-labels (UTS 46).
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_empty() {
            return Err("Enter a domain, such as example.com.".to_owned());
        }
        if text.contains('@') {
            return Err("Enter the domain alone: what stands behind the @.".to_owned());
        }
        if text.contains("://") || text.contains('/') {
            return Err("Enter the domain alone, without https:// and without a path.".to_owned());
        }
        let ascii = idna::domain_to_ascii_strict(text)
            .map_err(|_| format!("{text} is no name that DNS can have. Use letters, digits and dashes."))?;
        let ascii = ascii.to_ascii_lowercase();
        if ascii.len() > LONGEST {
            return Err(format!("A domain has at most {LONGEST} characters."));
        }
        let labels: Vec<&str> = ascii.split('.').collect();
        if labels.len() < 2 {
            return Err(format!(
                "{text} is a single word. Enter a whole domain, such as example.com."
            ));
        }
        if labels
            .last()
            .is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err("That is an address of a machine. Enter a domain, such as example.com.".to_owned());
        }
        Ok(Self(ascii))
    }

    /// What the database has.
    pub fn trusted(text: String) -> Self {
        Self(text)
    }

    /// As DNS has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As DNS has it, where that is not what people write.
    pub fn in_dns(&self) -> Option<&str> {
        Some(self.as_str()).filter(|name| *name != self.shown())
    }

    /// As people write it.
    pub fn shown(&self) -> String {
        let (shown, good) = idna::domain_to_unicode(&self.0);
        if good.is_ok() { shown } else { self.0.clone() }
    }
}

impl std::fmt::Display for DomainName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// A domain's name that is searched for, or a part of it, as DNS has it: labels are another text there than people write.
pub fn searched_name(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let ascii = idna::domain_to_ascii(text.trim()).ok();
    ascii
        .filter(|ascii| !ascii.is_empty())
        .unwrap_or_else(|| text.to_owned())
}

/// Text that is searched for in addresses and in names of people: of what looks like an address or a domain, that as DNS has it.
pub fn searched_text(text: &str) -> String {
    let trimmed = text.trim();
    if trimmed.contains(char::is_whitespace) {
        return text.to_owned();
    }
    match trimmed.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", searched_name(domain)),
        None if trimmed.contains('.') => searched_name(trimmed),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_become_what_dns_has() {
        let name = |text: &str| DomainName::parse(text).map(|name| name.as_str().to_owned());
        assert_eq!(name(" Example.COM. ").as_deref(), Ok("example.com"));
        assert_eq!(name("bücher.example").as_deref(), Ok("xn--bcher-kva.example"));
        assert_eq!(
            DomainName::parse("bücher.example").unwrap().shown(),
            "bücher.example"
        );
    }

    #[test]
    fn letters_beyond_ascii_are_labels_of_their_own() {
        for text in ["xn--bcher-kva.example", "BÜCHER.Example.", "bücher。example"] {
            let name = DomainName::parse(text).unwrap();
            assert_eq!(name.as_str(), "xn--bcher-kva.example", "{text}");
            assert_eq!(name.in_dns(), Some("xn--bcher-kva.example"));
        }
        assert_eq!(DomainName::parse("a.example").unwrap().in_dns(), None);
        for bad in [
            "xn--a.example",
            "xn--bücher.example",
            "\u{202E}a.example",
            "b\u{0}a.example",
        ] {
            assert!(DomainName::parse(bad).unwrap_err().contains("DNS"), "{bad:?}");
        }
    }

    #[test]
    fn what_is_searched_for_is_what_dns_has() {
        assert_eq!(searched_name("bücher"), "xn--bcher-kva");
        assert_eq!(searched_name("books"), "books");
        assert_eq!(searched_text("ann@bücher.example"), "ann@xn--bcher-kva.example");
        assert_eq!(searched_text("bücher.example"), "xn--bcher-kva.example");
        for name in ["Jürgen", "Dr. Jürgen Müller", "ann@", "", "\u{202E}.x"] {
            assert_eq!(searched_text(name), name);
        }
    }

    #[test]
    fn what_is_no_domain_is_told_why() {
        for bad in [
            "",
            "localhost",
            "a@b.example",
            "https://example.com",
            "192.0.2.1",
            "a..b",
            "-a.example",
            "a_b.example",
            "exa mple.com",
            &format!("{}.example", "a".repeat(64)),
        ] {
            let told = DomainName::parse(bad).unwrap_err();
            assert!(told.ends_with('.'), "{bad}: {told}");
        }
        assert!(DomainName::parse(&vec!["abcdefg"; 40].join(".")).is_err());
    }

    proptest! {
        #[test]
        fn what_is_read_is_read_again(text in "\\PC{0,40}") {
            if let Ok(name) = DomainName::parse(&text) {
                prop_assert_eq!(DomainName::parse(name.as_str()), Ok(name.clone()));
            }
        }
    }
}
