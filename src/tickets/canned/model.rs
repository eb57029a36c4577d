//! What a canned reply is, and how its variables are filled. Pure.

use std::convert::Infallible;

use crate::platform::error::FieldErrors;
use crate::platform::ids::CannedReplyId;
use crate::tickets::model::parse_body;

const MAX_NAME: usize = 60;
const MAX_TEXT: usize = 20_000;

/// What can stand in a reply, between braces, and what comes in its place.
pub const VARIABLES: [(&str, &str); 5] = [
    ("customer", "who opened the ticket, or their organisation"),
    ("server", "what the ticket is about"),
    ("ticket", "its number"),
    ("engineer", "your name"),
    ("due", "when something that was promised is due"),
];

/// A canned reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canned {
    /// Its id.
    pub id: CannedReplyId,
    /// What staff know it by.
    pub name: String,
    /// Markdown with variables.
    pub body: String,
    /// Counts its changes.
    pub version: i64,
}

/// A reply as it is typed, and good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// What staff know it by.
    pub name: String,
    /// Markdown with variables.
    pub body: String,
}

/// A name of something that staff keep.
pub fn parse_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(format!("Use 1 to {MAX_NAME} characters in one line."));
    }
    Ok(name.to_owned())
}

impl Wish {
    /// What was typed, if all of it can be given to a customer.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn parse(name: &str, body: &str) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", parse_name(name));
        let body = errors.check(
            "body",
            parse_body(body).and_then(|body| known(&body).map(|()| body)),
        );
        errors.into_result()?;
        Ok(Self {
            name: name.unwrap_or_default(),
            body: body.unwrap_or_default(),
        })
    }
}

fn known(body: &str) -> Result<(), String> {
    if body.chars().count() > MAX_TEXT {
        return Err(format!("Use at most {MAX_TEXT} characters."));
    }
    let check = |name: &str| {
        let is_known = VARIABLES.iter().any(|(known, _)| *known == name);
        if is_known {
            Ok(String::new())
        } else {
            Err(name.to_owned())
        }
    };
    replace(body, check).map(drop).map_err(|name| {
        let all = VARIABLES.map(|(known, _)| format!("{{{known}}}")).join(", ");
        format!("{{{name}}} is no variable. There are {all}.")
    })
}

/// What comes in place of the variables.
#[derive(Debug, Clone, Default)]
pub struct Values {
    /// Who opened the ticket.
    pub customer: String,
    /// What it is about.
    pub server: String,
    /// Its number.
    pub ticket: String,
    /// Who answers.
    pub engineer: String,
    /// When something is due.
    pub due: String,
}

impl Values {
    /// A reply with its variables filled.
    pub fn fill(&self, body: &str) -> String {
        let value = |name: &str| {
            Ok::<_, Infallible>(match name {
                "customer" => self.customer.clone(),
                "server" => self.server.clone(),
                "ticket" => self.ticket.clone(),
                "engineer" => self.engineer.clone(),
                "due" => self.due.clone(),
                other => format!("{{{other}}}"),
            })
        };
        replace(body, value).unwrap_or_default()
    }
}

/// A text with something in place of its variables. A variable is letters between braces; all other braces are text.
fn replace<E>(body: &str, mut value: impl FnMut(&str) -> Result<String, E>) -> Result<String, E> {
    let (mut out, mut rest) = (String::with_capacity(body.len()), body);
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let name = after.split_once('}').map(|(name, _)| name);
        let is_name =
            |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        rest = match name.filter(is_name) {
            Some(name) => {
                out.push_str(&value(name)?);
                &after[name.len() + 1..]
            }
            None => {
                out.push('{');
                after
            }
        };
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> Values {
        Values {
            customer: "Ada {due}".to_owned(),
            server: "web-1".to_owned(),
            ticket: "#12".to_owned(),
            engineer: "Bob".to_owned(),
            due: "soon".to_owned(),
        }
    }

    #[test]
    fn variables_are_filled_once_and_other_braces_stay() {
        let body = "Hello {customer},\n{server} ({ticket}) is { \"a\": {} } until {due}. {engineer}{";
        assert_eq!(
            values().fill(body),
            "Hello Ada {due},\nweb-1 (#12) is { \"a\": {} } until soon. Bob{"
        );
    }

    #[test]
    fn an_unknown_variable_is_told_when_it_is_saved() {
        let errors = Wish::parse(" ", "Hello {client}").unwrap_err();
        assert!(errors.get("name").is_some());
        let told = errors.get("body").unwrap();
        assert!(
            told.starts_with("{client} is no variable. There are {customer},"),
            "{told}"
        );
        let wish = Wish::parse(" Greeting ", "Hello {customer}\r\n{A} {}").unwrap();
        assert_eq!(
            (wish.name.as_str(), wish.body.as_str()),
            ("Greeting", "Hello {customer}\n{A} {}")
        );
    }

    proptest! {
        #[test]
        fn text_without_variables_stays(body in "[^{]{0,40}[{ ]{0,3}[A-Z}]{0,5}") {
            prop_assert_eq!(values().fill(&body), body);
        }
    }
}
