//! Texts of the form `v=…; tag=value` that DKIM, DMARC, MTA-STS and TLS-RPT share (RFC 6376, 3.2).

/// The tags of a text, their values without space around them.
#[derive(Debug)]
pub struct Tags<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Tags<'a> {
    /// Reads a text; what is no tag is left out.
    pub fn read(text: &'a str) -> Self {
        let parts = text.split(';').filter_map(|part| part.split_once('='));
        Self(parts.map(|(tag, value)| (tag.trim(), value.trim())).collect())
    }

    /// A tag's value.
    pub fn get(&self, tag: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag));
        found.map(|(_, value)| *value)
    }

    /// Whether the first tag is the version.
    pub fn is_of(&self, version: &str) -> bool {
        self.0
            .first()
            .is_some_and(|(tag, value)| tag.eq_ignore_ascii_case("v") && value.eq_ignore_ascii_case(version))
    }
}

/// The texts of a version, such as `STSv1`.
pub fn of<'a>(texts: &'a [String], version: &str) -> Vec<&'a str> {
    let texts = texts.iter().map(String::as_str);
    texts.filter(|text| Tags::read(text).is_of(version)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_whatever_stands_around_them() {
        let tags = Tags::read(" v = DMARC1 ;p= none;; nonsense ; rua=mailto:a@b.example?x=1 ");
        assert!(tags.is_of("dmarc1") && !tags.is_of("STSv1"));
        assert_eq!(tags.get("P"), Some("none"));
        assert_eq!(tags.get("rua"), Some("mailto:a@b.example?x=1"));
        assert_eq!(tags.get("sp"), None);
        assert!(!Tags::read("p=none; v=DMARC1").is_of("DMARC1"));
        assert!(!Tags::read("").is_of("DMARC1"));
    }
}
