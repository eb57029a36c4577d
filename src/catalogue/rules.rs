//! The rules of single answers: pure functions from text to its normal form, or to a sentence for the field.

use regex::Regex;

use super::model::Kind;
use super::ssh_key;

/// No answer is longer, whatever a template says: answers travel as environment variables.
pub(super) const LONGEST: usize = 8_192;

/// A regular expression that the whole of an answer must match.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    whole: Regex,
}

impl Pattern {
    /// Compiles a pattern; the error says what is wrong with it.
    pub fn new(source: &str) -> Result<Self, String> {
        let whole = Regex::new(&format!("^(?:{source})$")).map_err(|error| error.to_string())?;
        Ok(Self {
            source: source.to_owned(),
            whole,
        })
    }

    /// As it is written in the template; also fit for HTML's `pattern` attribute.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    fn matches(&self, text: &str) -> bool {
        self.whole.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Kind {
    /// The normal form of an answer that is there, or what is wrong with it.
    pub fn check(&self, text: &str) -> Result<String, String> {
        // A password may begin or end with a space; nothing else means one that it begins or ends with.
        let text = if matches!(self, Self::Secret { .. }) {
            text
        } else {
            text.trim()
        };
        if !matches!(self, Self::List { .. }) && text.chars().any(char::is_control) {
            return Err("must be one line without control characters".to_owned());
        }
        match self {
            Self::Text {
                min_length,
                max_length,
                pattern,
            } => {
                length(text, *min_length, *max_length)?;
                if pattern.as_ref().is_some_and(|pattern| !pattern.matches(text)) {
                    return Err("does not have the form that is asked for".to_owned());
                }
                Ok(text.to_owned())
            }
            Self::Secret {
                min_length,
                max_length,
                ..
            } => {
                length(text, *min_length, *max_length)?;
                Ok(text.to_owned())
            }
            Self::Integer { min, max } => integer(text, *min, *max),
            Self::Number { min, max } => number(text, *min, *max),
            Self::Boolean => boolean(text),
            Self::Choice { choices } if choices.iter().any(|choice| choice == text) => Ok(text.to_owned()),
            Self::Choice { choices } => Err(format!("must be one of: {}", choices.join(", "))),
            Self::List {
                max_items,
                max_length,
                pattern,
                ..
            } => list(text, *max_items, *max_length, pattern.as_ref()),
            Self::SshPublicKey => ssh_key::check(text),
            Self::Email => email(text),
            Self::HostName => host_name(text),
        }
    }
}

/// Empty lines mean nothing. What is wrong is told by the line's number alone: there may be passwords in it.
fn list(
    text: &str,
    max_items: usize,
    max_length: usize,
    pattern: Option<&Pattern>,
) -> Result<String, String> {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    if lines.len() > max_items {
        return Err(format!(
            "must have at most {max_items} lines, has {}",
            lines.len()
        ));
    }
    for (n, line) in lines.iter().enumerate() {
        let place = |message: String| format!("line {}: {message}", n + 1);
        if line.chars().any(char::is_control) {
            return Err(place("must have no control characters".to_owned()));
        }
        length(line, 1, max_length).map_err(place)?;
        if pattern.is_some_and(|pattern| !pattern.matches(line)) {
            return Err(place("does not have the form that is asked for".to_owned()));
        }
    }
    Ok(lines.join("\n"))
}

fn length(text: &str, min: usize, max: usize) -> Result<(), String> {
    match text.chars().count() {
        count if count < min => Err(format!("must have at least {min} characters, has {count}")),
        count if count > max => Err(format!("must have at most {max} characters, has {count}")),
        _ => Ok(()),
    }
}

fn integer(text: &str, min: i64, max: i64) -> Result<String, String> {
    let number: i64 = text.parse().map_err(|_| "must be a whole number".to_owned())?;
    if (min..=max).contains(&number) {
        Ok(number.to_string())
    } else {
        Err(format!("must be from {min} to {max}"))
    }
}

/// Kept as it was written: `1.50` may mean more than 1.5 to who reads it.
fn number(text: &str, min: f64, max: f64) -> Result<String, String> {
    let number: f64 = text.parse().map_err(|_| "must be a number".to_owned())?;
    if !number.is_finite() {
        return Err("must be a number".to_owned());
    }
    match (min..=max).contains(&number) {
        true => Ok(text.to_owned()),
        false if max >= f64::MAX => Err(format!("must be at least {min}")),
        false if min <= f64::MIN => Err(format!("must be at most {max}")),
        false => Err(format!("must be from {min} to {max}")),
    }
}

/// The words of JSON, of HTML's check boxes and of people.
fn boolean(text: &str) -> Result<String, String> {
    match text {
        "true" | "on" | "yes" | "1" => Ok("true".to_owned()),
        "false" | "off" | "no" | "0" => Ok("false".to_owned()),
        _ => Err("must be true or false".to_owned()),
    }
}

/// What a mail server would take, not the whole of RFC 5322: no quotes, no comments, no address literals.
fn email(text: &str) -> Result<String, String> {
    let wrong = || "must be a mail address, like name@example.org".to_owned();
    let (local, host) = text.rsplit_once('@').ok_or_else(wrong)?;
    let fits = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    if local.is_empty() || local.len() > 64 || dots || !local.chars().all(fits) {
        return Err(wrong());
    }
    let host = host_name(host).map_err(|_| wrong())?;
    Ok(format!("{local}@{host}"))
}

fn host_name(text: &str) -> Result<String, String> {
    let name = text.to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    // A last label of digits makes it an IPv4 address, or something that resolvers take for one.
    let top_is_name = name
        .rsplit('.')
        .next()
        .is_some_and(|top| !top.bytes().all(|b| b.is_ascii_digit()));
    if name.len() <= 253 && name.contains('.') && name.split('.').all(label) && top_is_name {
        Ok(name)
    } else {
        Err("must be a host name, like www.example.org".to_owned())
    }
}
