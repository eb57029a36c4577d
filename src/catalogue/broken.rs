//! Templates that could not be loaded, told as their author needs it: file, line, field, sentence.

use std::fmt;
use std::path::Path;

use super::load::CatalogueError;
use super::parse::Problem;

/// A template that is not offered, and why.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Its folder's name.
    pub name: String,
    /// All that is wrong with it.
    pub problems: Vec<Located>,
}

/// A problem and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The file or folder.
    pub file: String,
    /// The line, where the problem has one.
    pub line: Option<usize>,
    /// The field, or whatever else the problem is about.
    pub at: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}: {}", self.file, self.at, self.message),
            None => write!(f, "{}: {}: {}", self.file, self.at, self.message),
        }
    }
}

impl Broken {
    /// Tells an error of a template below `dir`.
    pub(super) fn new(dir: &Path, error: &CatalogueError) -> Self {
        let (path, problems) = match error {
            CatalogueError::Template { path, problems } => (path, problems.0.clone()),
            CatalogueError::Read { path, source } => {
                let problem = Problem {
                    at: "file".to_owned(),
                    message: format!("cannot be read: {source}"),
                };
                (path, vec![problem])
            }
        };
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let folder = path.strip_prefix(dir).ok().and_then(|below| below.iter().next());
        let located = |problem: Problem| Located {
            file: path.display().to_string(),
            line: line_of(&text, &problem.at),
            at: problem.at,
            message: problem.message,
        };
        Self {
            name: folder.unwrap_or_default().to_string_lossy().into_owned(),
            problems: problems.into_iter().map(located).collect(),
        }
    }
}

/// The line, counted from 1, of the field `at` (`variables.SITE_TITLE.default`), or as near to it as the text has it.
fn line_of(text: &str, at: &str) -> Option<usize> {
    if let Some(line) = at.strip_prefix("line ") {
        return line.split(',').next()?.parse().ok();
    }
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut parts = at.split('.');
    let first = parts.next()?;
    let is_header = |line: &str, name: &str| line.trim_matches(['[', ']']) == name && line.starts_with('[');
    let Some(start) = lines.iter().position(|line| is_header(line, first)) else {
        return find(&lines, 0, |line| key(line) == Some(first));
    };
    let mut place = start;
    for part in parts {
        let found = match part.parse::<usize>() {
            // Guides are counted: the step's own header.
            Ok(number) => headers(&lines, first)
                .nth(number.saturating_sub(1))
                .map(|at| at + 1),
            Err(_) => find(&lines, place, |line| {
                key(line) == Some(part) || value(line) == Some(part)
            }),
        };
        match found {
            Some(line) => place = line - 1,
            None => break,
        }
    }
    Some(place + 1)
}

fn headers<'a>(lines: &'a [&str], name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_one =
        move |line: &str| line.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]")) == Some(name);
    (0..lines.len()).filter(move |at| is_one(lines[*at]))
}

/// The first line from `from` on that fits, counted from 1.
fn find(lines: &[&str], from: usize, fits: impl Fn(&str) -> bool) -> Option<usize> {
    let found = lines.get(from..)?.iter().position(|line| fits(line))?;
    Some(from + found + 1)
}

fn key(line: &str) -> Option<&str> {
    line.split_once('=').map(|(key, _)| key.trim())
}

/// What a line gives the name or key of its table, without quotation marks.
fn value(line: &str) -> Option<&str> {
    let (key, value) = line.split_once('=')?;
    matches!(key.trim(), "name" | "key" | "path").then(|| value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn a_field_is_found_where_it_stands() {
        let text = "name = \"x\"\n\n[health]\ncommand = []\nretries = 3\n\n[[variables]]\nkey = \"A\"\ndefault = 1\n\n\
                    [[variables]]\nkey = \"B\"\ndefault = 2\n\n[[guide]]\ntext = \"1\"\n[[guide]]\ntext = \"2\"\n";
        for (at, line) in [
            ("name", 1),
            ("health.retries", 5),
            ("health.absent", 3),
            ("variables.A.default", 9),
            ("variables.B", 12),
            ("variables.B.default", 13),
            ("guide.2.text", 18),
            ("line 4, column 9", 4),
        ] {
            assert_eq!(line_of(text, at), Some(line), "{at}");
        }
        assert_eq!(line_of(text, "file"), None);
    }
}
