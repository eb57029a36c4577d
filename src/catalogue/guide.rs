//! How to use a server, written once by the template's author with placeholders, and shown with each server's
//! own address and answers. Placeholders are read when the template is loaded, so a page never shows a stray brace.

use std::fmt::Write as _;

/// A step of the guide: a sentence, and the command that does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideStep {
    /// What to do.
    pub text: Vec<GuidePart>,
    /// What to type, where there is something to type.
    pub command: Option<Vec<GuidePart>>,
}

/// A piece of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuidePart {
    /// Itself.
    Text(String),
    /// A server's own value.
    Value(Placeholder),
}

/// What a guide may ask about a server. Secrets are not among it: a guide stands on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placeholder {
    /// `{host}`: the name or address that the server is reached at.
    Host,
    /// `{port.NAME}`: the number that this port is reached at.
    Port(String),
    /// `{url.NAME}`: the whole address of this port.
    Url(String),
    /// `{variable.KEY}`: the answer to this variable.
    Variable(String),
}

impl GuidePart {
    /// Puts parts together, asking `value` for each placeholder; one without a value stays readable: `(host)`.
    pub fn render(parts: &[Self], value: impl Fn(&Placeholder) -> Option<String>) -> String {
        parts.iter().fold(String::new(), |mut text, part| {
            match part {
                Self::Text(fixed) => text.push_str(fixed),
                Self::Value(asked) => match value(asked) {
                    Some(known) => text.push_str(&known),
                    None => {
                        // Writing to a String cannot fail.
                        let _ = write!(text, "({})", asked.subject());
                    }
                },
            }
            text
        })
    }

    /// Reads text with placeholders in braces; the error names what is not one.
    pub(super) fn parse(text: &str) -> Result<Vec<Self>, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, from_brace)) = rest.split_once('{') {
            let (inside, after) = from_brace.split_once('}').ok_or("a `{` without its `}`")?;
            if !before.is_empty() {
                parts.push(Self::Text(before.to_owned()));
            }
            parts.push(Self::Value(Placeholder::parse(inside)?));
            rest = after;
        }
        if rest.contains('}') {
            return Err("a `}` without its `{`".to_owned());
        }
        if !rest.is_empty() {
            parts.push(Self::Text(rest.to_owned()));
        }
        Ok(parts)
    }
}

impl Placeholder {
    fn parse(inside: &str) -> Result<Self, String> {
        match inside.split_once('.') {
            None if inside == "host" => Ok(Self::Host),
            Some(("port", name)) => Ok(Self::Port(name.to_owned())),
            Some(("url", name)) => Ok(Self::Url(name.to_owned())),
            Some(("variable", key)) => Ok(Self::Variable(key.to_owned())),
            _ => Err(format!(
                "`{{{inside}}}` is no placeholder; there are {{host}}, {{port.NAME}}, {{url.NAME}} and {{variable.KEY}}"
            )),
        }
    }

    fn subject(&self) -> &str {
        match self {
            Self::Host => "host",
            Self::Port(name) | Self::Url(name) => name,
            Self::Variable(key) => key,
        }
    }
}
