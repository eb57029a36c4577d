//! What people write about a server: tags to find it by, and a note for whoever comes next. Neither reaches the engine.

use std::collections::BTreeSet;

/// A short word, in lower case, so that `Web` and `web` are one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct Tag(String);

/// Why a text can't be a tag, or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// Nothing to read.
    #[error("Write a tag.")]
    Empty,
    /// Too long.
    #[error("Use at most 30 characters for a tag.")]
    Long,
    /// A character that a tag can't have.
    #[error("Use letters, digits, hyphens, dots and underscores in tags, and commas between them.")]
    Letters,
    /// Too many.
    #[error("Use at most 10 tags.")]
    Many,
}

const MAX_CHARS: usize = 30;
const MAX_TAGS: usize = 10;

impl Tag {
    /// Takes a tag, or says in a sentence why it can't be one.
    pub fn parse(text: &str) -> Result<Self, TagError> {
        let tag = text.trim().to_lowercase();
        let is_allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
        if tag.is_empty() {
            Err(TagError::Empty)
        } else if tag.chars().count() > MAX_CHARS {
            Err(TagError::Long)
        } else if tag.chars().all(is_allowed) {
            Ok(Self(tag))
        } else {
            Err(TagError::Letters)
        }
    }

    /// The tag's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The tags of one server: in order, each once, at most 10.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(BTreeSet<Tag>);

impl Tags {
    /// Takes tags as a program lists them.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, TagError> {
        let tags: BTreeSet<Tag> = texts.into_iter().map(Tag::parse).collect::<Result<_, _>>()?;
        Self::of(tags)
    }

    /// Takes tags as a person types them, with commas or spaces between.
    pub fn parse_line(text: &str) -> Result<Self, TagError> {
        Self::parse(Self::words(text))
    }

    /// The tags in a line, unchecked.
    pub fn words(text: &str) -> impl Iterator<Item = &str> {
        let words = text.split(|c: char| c == ',' || c.is_whitespace());
        words.filter(|word| !word.is_empty())
    }

    fn of(tags: BTreeSet<Tag>) -> Result<Self, TagError> {
        if tags.len() > MAX_TAGS {
            Err(TagError::Many)
        } else {
            Ok(Self(tags))
        }
    }

    /// These with some more, and without some. What is in both lists goes.
    pub fn with(self, add: &Self, remove: &Self) -> Result<Self, TagError> {
        let all = self.0.union(&add.0).cloned().collect::<BTreeSet<_>>();
        Self::of(all.difference(&remove.0).cloned().collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their texts.
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(|tag| tag.0.clone()).collect()
    }
}

/// A free text about a server, at most 10,000 characters. Pages print it as text and never as markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note(String);

const MAX_NOTE: usize = 10_000;

impl Note {
    /// Takes a note, which may be empty, or says in a sentence why it can't be one.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.replace("\r\n", "\n").trim_end().to_owned();
        if text.chars().count() > MAX_NOTE {
            Err("Use at most 10,000 characters.")
        } else if text.contains('\0') {
            Err("Leave out the characters that can't be read.")
        } else {
            Ok(Self(text))
        }
    }

    /// The note's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_words_in_order_each_once() {
        let tags = Tags::parse_line("Web, prod  web,,\u{fc}ber").unwrap();
        assert_eq!(tags.texts(), ["prod", "web", "\u{fc}ber"]);
        assert_eq!(Tags::parse_line("").unwrap(), Tags::default());
        assert_eq!(Tags::parse(["a b"]), Err(TagError::Letters));
        assert_eq!(Tags::parse([""]), Err(TagError::Empty));
        assert_eq!(Tags::parse_line("<b>"), Err(TagError::Letters));
        assert_eq!(Tags::parse_line(&"x".repeat(31)), Err(TagError::Long));
    }

    #[test]
    fn ten_tags_are_enough() {
        let ten = Tags::parse_line("a b c d e f g h i j").unwrap();
        assert_eq!(Tags::parse_line("a b c d e f g h i j k"), Err(TagError::Many));
        let one = Tags::parse_line("k").unwrap();
        assert_eq!(ten.clone().with(&one, &Tags::default()), Err(TagError::Many));
        let swapped = ten.with(&one, &Tags::parse_line("a").unwrap()).unwrap();
        assert_eq!(swapped.texts().len(), 10);
    }

    #[test]
    fn a_note_is_any_text_of_some_length() {
        assert_eq!(Note::parse("a\r\nb\n\n").unwrap().as_str(), "a\nb");
        assert!(Note::parse(&"\u{1f6a2}".repeat(10_000)).is_ok());
        assert!(Note::parse(&"x".repeat(10_001)).is_err());
        assert!(Note::parse("a\0b").is_err());
    }
}
