//! The name by which a server's neighbours in its tenant's network find it. Chosen once: a rename must not cut them off.

const MAX: usize = 40;

/// A host name made from what people call the server, or from its template if nothing of that can be one, and different
/// from those that are `taken`.
pub fn host_name(name: &str, template: &str, taken: &[String]) -> String {
    let base = Some(plain(name)).filter(|name| !name.is_empty());
    let base = base.unwrap_or_else(|| plain(template));
    let is_free = |candidate: &String| !taken.contains(candidate);
    let numbered = (2..=taken.len() + 2).map(|number| format!("{base}-{number}"));
    std::iter::once(base.clone())
        .chain(numbered)
        .find(is_free)
        .unwrap_or(base)
}

/// Letters, digits and single dashes between them; everything else separates.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-");
    let cut = joined.get(..MAX).unwrap_or(&joined);
    cut.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_become_host_names() {
        assert_eq!(host_name("My Shop!", "static-site", &[]), "my-shop");
        assert_eq!(host_name("🚀", "static-site", &[]), "static-site");
        assert_eq!(host_name("db", "x", &["db".to_owned()]), "db-2");
        assert_eq!(
            host_name("db", "x", &["db".to_owned(), "db-2".to_owned()]),
            "db-3"
        );
    }

    proptest! {
        #[test]
        fn is_always_a_free_host_name(name in "\\PC{1,63}", taken in prop::collection::vec("[a-c](-[0-9])?", 0..12)) {
            let host = host_name(&name, "box", &taken);
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            prop_assert!(!host.is_empty() && host.len() <= 63 && host.chars().all(fits), "{host}");
            prop_assert!(!host.starts_with('-') && !host.ends_with('-'), "{host}");
            prop_assert!(!taken.contains(&host));
        }
    }
}
