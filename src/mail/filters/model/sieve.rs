//! The words of Sieve (RFC 5228): strings written so that nothing in them can end them, and scripts read piece by piece.

/// A quoted string (RFC 5228, 2.4.2). Everything that people type gets into a script by this function and no other way.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    // Sieve has no NUL (RFC 5228, 2.1).
    for c in text.chars().filter(|c| *c != '\0') {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// A list of strings.
pub(super) fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(|text| quote(text.as_ref())).collect();
    format!("[{}]", quoted.join(", "))
}

/// A piece of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A word or a tag: `if`, `:is`.
    Word(String),
    /// A string, as what it stands for.
    Text(String),
    /// `{`, `;` and the like.
    Mark(char),
}

/// A piece, and where the script goes on behind it.
type Step = (Token, usize);

/// Reads a script without knowing its commands.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    script: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(script: &'a str) -> Self {
        Self { script, at: 0 }
    }

    /// Where the next piece is looked for, in bytes.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next piece; none at the end.
    pub(super) fn piece(&mut self) -> Result<Option<Token>, String> {
        self.skip()?;
        let Some(first) = self.rest().chars().next() else {
            return Ok(None);
        };
        let (token, end) = match first {
            '"' => self.quoted()?,
            c if is_word(c) || c == ':' => match self.word(c) {
                (Token::Word(word), end) if word.eq_ignore_ascii_case("text:") => self.block(end)?,
                step => step,
            },
            '{' | '}' | '[' | ']' | '(' | ')' | ',' | ';' => (Token::Mark(first), self.at + 1),
            other => return Err(format!("Line {}: {other:?} has no meaning there.", self.line())),
        };
        self.at = end;
        Ok(Some(token))
    }

    /// The number of the line that is read, for people.
    pub(super) fn line(&self) -> usize {
        self.script[..self.at].matches('\n').count() + 1
    }

    fn rest(&self) -> &'a str {
        &self.script[self.at..]
    }

    /// Passes white space and comments (RFC 5228, 2.2 and 2.3).
    fn skip(&mut self) -> Result<(), String> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with('#') {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                let end = trimmed.find("*/");
                let end = end.ok_or_else(|| format!("Line {}: the comment has no end.", self.line()))?;
                self.at += end + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn word(&self, first: char) -> Step {
        let rest = self.rest();
        let body = &rest[first.len_utf8()..];
        let end = body.find(|c| !is_word(c)).unwrap_or(body.len());
        let mut end = first.len_utf8() + end;
        // `text:` begins a string of several lines (RFC 5228, 2.4.2).
        if rest[..end].eq_ignore_ascii_case("text") && rest[end..].starts_with(':') {
            end += 1;
        }
        (Token::Word(rest[..end].to_owned()), self.at + end)
    }

    fn quoted(&self) -> Result<Step, String> {
        let mut text = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        while let Some((at, c)) = letters.next() {
            match c {
                '"' => return Ok((Token::Text(text), self.at + at + 1)),
                '\\' => text.extend(letters.next().map(|(_, c)| c)),
                c => text.push(c),
            }
        }
        Err(format!("Line {}: the text in quotes has no end.", self.line()))
    }

    /// What follows `text:` up to a line with nothing but a dot.
    fn block(&self, begin: usize) -> Result<Step, String> {
        let mut text = String::new();
        let mut end = begin;
        for (number, line) in self.script[begin..].split_inclusive('\n').enumerate() {
            end += line.len();
            let plain = line.trim_end_matches(['\r', '\n']);
            if number == 0 {
                continue;
            }
            if plain == "." {
                return Ok((Token::Text(text), end));
            }
            // A dot that begins a line is written twice.
            text.push_str(
                plain
                    .strip_prefix('.')
                    .filter(|_| plain.starts_with(".."))
                    .unwrap_or(plain),
            );
            text.push('\n');
        }
        Err(format!(
            "Line {}: the text has no line with a single dot to end it.",
            self.line()
        ))
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
