//! A script that somebody wrote themselves. What it requires has to come first in the whole (RFC 5228, 3.2), so it is taken out
//! of its head. Brackets, quotes and extensions are checked here; what is wrong beyond that, Dovecot says in its log and
//! delivers the mail as if there were no script.

use std::collections::BTreeSet;

use super::sieve::{Lexer, Token};

/// The largest that is taken, in bytes.
const MAX_BYTES: usize = 32 * 1024;

/// What Dovecot's Sieve (Pigeonhole 0.5) knows without further settings. Left out: `include`, whose scripts nobody could upload
/// here, and `enotify`, which writes to people past every limit.
const KNOWN: [&str; 25] = [
    "body",
    "comparator-i;ascii-casemap",
    "comparator-i;ascii-numeric",
    "comparator-i;octet",
    "copy",
    "date",
    "duplicate",
    "encoded-character",
    "envelope",
    "environment",
    "ereject",
    "extracttext",
    "fileinto",
    "foreverypart",
    "ihave",
    "imap4flags",
    "index",
    "mailbox",
    "mime",
    "regex",
    "reject",
    "relational",
    "subaddress",
    "vacation",
    "variables",
];

/// A script in its two pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Raw<'a> {
    /// The extensions that it requires.
    pub(super) requires: BTreeSet<String>,
    /// The commands.
    pub(super) body: &'a str,
}

/// Checks what somebody typed.
pub(in super::super) fn check(script: &str) -> Result<(), String> {
    if script.len() > MAX_BYTES {
        return Err(format!("A script has at most {} KiB.", MAX_BYTES / 1024));
    }
    if script.contains('\0') {
        return Err("A script has no NUL characters.".to_owned());
    }
    let raw = split(script)?;
    let unknown = raw.requires.iter().find(|one| !KNOWN.contains(&one.as_str()));
    if let Some(unknown) = unknown {
        return Err(format!(
            "The extension {unknown:?} is not there. Known are: {}.",
            KNOWN.join(", ")
        ));
    }
    check_body(raw.body)
}

/// Takes the leading `require` commands off.
pub(super) fn split(script: &str) -> Result<Raw<'_>, String> {
    let mut raw = Raw::default();
    let mut lexer = Lexer::new(script);
    loop {
        let begin = lexer.at();
        match lexer.piece()? {
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("require") => {
                read_require(&mut lexer, &mut raw.requires)?;
            }
            _ => {
                raw.body = script[begin..].trim();
                return Ok(raw);
            }
        }
    }
}

/// One string or a list of them, up to the semicolon.
fn read_require(lexer: &mut Lexer<'_>, into: &mut BTreeSet<String>) -> Result<(), String> {
    let wrong = |line| format!("Line {line}: write it as require [\"fileinto\", \"copy\"];");
    loop {
        match lexer.piece()? {
            Some(Token::Text(name)) => {
                into.insert(name);
            }
            Some(Token::Mark('[' | ']' | ',')) => {}
            Some(Token::Mark(';')) => return Ok(()),
            _ => return Err(wrong(lexer.line())),
        }
    }
}

/// Whether brackets match, and whether each command ends: an open one would take what follows it into itself.
fn check_body(body: &str) -> Result<(), String> {
    let mut lexer = Lexer::new(body);
    let mut open = Vec::new();
    let mut last = None;
    while let Some(token) = lexer.piece()? {
        let line = lexer.line();
        match &token {
            Token::Word(word) if word.eq_ignore_ascii_case("require") => {
                return Err(format!(
                    "Line {line}: require comes first, before all other commands."
                ));
            }
            Token::Mark(c @ ('{' | '[' | '(')) => open.push(*c),
            Token::Mark(c @ ('}' | ']' | ')')) if open.pop() != Some(partner(*c)) => {
                return Err(format!("Line {line}: {c} closes nothing."));
            }
            _ => {}
        }
        last = Some(token);
    }
    match (open.last(), last) {
        (Some(c), _) => Err(format!("A {c} is never closed.")),
        (None, None | Some(Token::Mark(';' | '}'))) => Ok(()),
        _ => Err("The last command needs a ; at its end.".to_owned()),
    }
}

fn partner(closing: char) -> char {
    match closing {
        '}' => '{',
        ']' => '[',
        _ => '(',
    }
}
