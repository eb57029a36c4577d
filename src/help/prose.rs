//! Sentences of the API's description, where backticks stand around what is code.

use askama::Template;

/// A text with code in it; printed into a page, it is escaped and its code marked up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Template)]
#[template(path = "help/prose.html")]
pub(super) struct Prose {
    parts: Vec<(bool, String)>,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Prose {}

impl Prose {
    /// Reads a text. A backtick without its partner is a backtick.
    pub(super) fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, code, after)) = rest
            .split_once('`')
            .and_then(|(before, rest)| rest.split_once('`').map(|(code, after)| (before, code, after)))
        {
            parts.push((false, before.to_owned()));
            parts.push((true, code.to_owned()));
            rest = after;
        }
        parts.push((false, rest.to_owned()));
        parts.retain(|(_, text)| !text.is_empty());
        Self { parts }
    }

    /// Whether there is nothing to say.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_marked_up_and_everything_escaped() {
        let prose = Prose::new("Pass `a<b` as <next>; a lone ` stays.");
        assert_eq!(
            prose.render().unwrap(),
            "Pass <code>a&#60;b</code> as &#60;next&#62;; a lone ` stays."
        );
        assert!(Prose::new("").is_empty());
    }
}
