//! Reading a mail (RFC 5322, 2045 to 2049). Whoever sends it may write what they like, so what is read is bounded before a library
//! sees it: a mail of many parts, heads or nestings ends where there are too many.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mail_parser::{Message, MessageParser, MimeHeaders as _};
use sha2::{Digest as _, Sha256};

use crate::drivers::inbox::MailKey;
use crate::tickets::attachments::{Kind, MAX_PER_POST};
use crate::tickets::model::{MAX_BODY, parse_address, tidy_subject};

use super::automatic::automatic;
use super::proof::{Proof, proof};
use super::{Desk, Headers, MOST_READ, TOKEN_LENGTH};

/// Bytes of the heads of a mail. Ten thousand recipients fit.
const MOST_HEAD: usize = 1 << 20;
/// Parts, and how deep they can be in each other.
const MOST_PARTS: usize = 200;
/// Lines that can part something.
const MOST_DASHES: usize = 5_000;
/// Lines that can be heads.
const MOST_HEADS: usize = 100_000;
/// Recipients that are looked at.
const MOST_RECIPIENTS: usize = 20_000;
/// Tokens that are tried.
const MOST_TOKENS: usize = 5;
/// Bytes of the whole mail that are kept for staff to look at.
const MOST_ORIGINAL: usize = 256 << 10;
/// Characters of a name that a post tells.
const MOST_NAME: usize = 80;
/// What signs a mail is no file that anybody reads.
const SIGNATURES: [&str; 3] = ["smime.p7s", "signature.asc", "openpgp_digital_signature.asc"];

/// A file of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What it is called.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A mail, as far as anybody here wants to know it.
#[derive(Debug)]
pub struct Incoming {
    /// Its Message-ID without brackets, or a hash of it.
    pub message_id: String,
    /// Whom it says that it is from, if that is one address, in small letters.
    pub sender: Option<String>,
    /// What is known about that.
    pub proof: Proof,
    /// Its subject, which may be a word that there is none.
    pub subject: String,
    /// Why nobody wrote it, if nobody did.
    pub automatic: Option<&'static str>,
    /// What follows the plus of our address, where it went to.
    pub tokens: Vec<String>,
    /// Its whole text, as lines.
    pub text: String,
    /// The files that tickets take.
    pub files: Vec<File>,
    /// What is not kept, each with the reason, for people.
    pub left_out: Vec<String>,
    /// The beginning of the whole mail.
    pub original: String,
}

/// A mail that no library reads. It stays in the inbox for people.
pub fn unreadable(key: MailKey) -> Incoming {
    Incoming {
        message_id: format!("uid:{}:{}", key.validity, key.uid),
        sender: None,
        proof: Proof::None,
        subject: "A mail that can't be read".to_owned(),
        automatic: None,
        tokens: Vec::new(),
        text: "A mail came that can't be read. Look at it in the inbox.".to_owned(),
        files: Vec::new(),
        left_out: Vec::new(),
        original: String::new(),
    }
}

/// As much of a mail as is safe to read.
fn bounded(raw: &[u8]) -> &[u8] {
    let (mut parts, mut dashes, mut heads, mut at) = (0, 0, 0, 0);
    let mut is_head = true;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        is_head &= !matches!(line, b"\n" | b"\r\n");
        if is_head && at + line.len() > MOST_HEAD {
            return &raw[..MOST_HEAD];
        }
        let begin = line.get(..12).unwrap_or_default();
        parts += usize::from(begin.eq_ignore_ascii_case(b"content-type"));
        dashes += usize::from(line.starts_with(b"--"));
        let name = line
            .iter()
            .take(80)
            .take_while(|byte| byte.is_ascii_graphic() && **byte != b':')
            .count();
        heads += usize::from(name > 0 && line.get(name) == Some(&b':'));
        if parts > MOST_PARTS || dashes > MOST_DASHES || heads > MOST_HEADS {
            return &raw[..at];
        }
        at += line.len();
    }
    raw
}

/// Reads one.
pub fn read(raw: &[u8], desk: &Desk, key: MailKey) -> Incoming {
    let known = bounded(raw);
    let Some(message) = MessageParser::default().parse(known) else {
        return unreadable(key);
    };
    let headers = headers(&message);
    let sender = sender(&message, &headers);
    let message_id = message_id(&message).unwrap_or_else(|| {
        let hash = Sha256::digest(raw);
        format!("sha256:{}", URL_SAFE_NO_PAD.encode(hash))
    });
    let automatic = automatic(&headers, sender.as_deref(), &message_id, desk);
    let (files, mut left_out) = files(&message);
    if known.len() < raw.len() || raw.len() >= MOST_READ {
        left_out.push("the rest of the mail, which is too large or has too many parts.".to_owned());
    }
    Incoming {
        proof: proof(&headers, sender.as_deref(), desk),
        tokens: tokens(&message, &headers, desk),
        subject: tidy_subject(message.subject().unwrap_or_default()),
        text: text(&message),
        original: String::from_utf8_lossy(&raw[..raw.len().min(MOST_ORIGINAL)]).replace('\0', ""),
        message_id,
        sender,
        automatic,
        files,
        left_out,
    }
}

fn headers(message: &Message<'_>) -> Headers {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let all = message.headers_raw();
    Headers(
        all.map(|(name, value)| (name.to_owned(), one_line(value)))
            .collect(),
    )
}

fn message_id(message: &Message<'_>) -> Option<String> {
    let id = message.message_id()?.trim_matches(['<', '>', ' ']);
    let is_plain = id.chars().all(|c| c.is_ascii_graphic() && !"<>".contains(c));
    (is_plain && (1..=300).contains(&id.len())).then(|| id.to_owned())
}

/// One address of one head. Two could be read one way by whoever verified it, and another way here.
fn sender(message: &Message<'_>, headers: &Headers) -> Option<String> {
    let (heads, from) = (headers.all("From").count(), message.from()?);
    let mut all = from.iter();
    match (all.next(), all.next()) {
        (Some(one), None) if heads == 1 => parse_address(one.address()?).ok(),
        _ => None,
    }
}

fn tokens(message: &Message<'_>, headers: &Headers, desk: &Desk) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut note = |address: &str| {
        if let Some(token) = desk.token(address)
            && found.len() < MOST_TOKENS
            && token.len() <= 2 * TOKEN_LENGTH
            && !found.iter().any(|known| known == token)
        {
            found.push(token.to_owned());
        }
    };
    for list in [message.to(), message.cc()].into_iter().flatten() {
        for one in list.iter().take(MOST_RECIPIENTS) {
            note(one.address().unwrap_or_default());
        }
    }
    for name in ["Delivered-To", "X-Original-To", "Envelope-To"] {
        headers
            .all(name)
            .for_each(|value| note(value.trim_matches(['<', '>'])));
    }
    found
}

fn text(message: &Message<'_>) -> String {
    let mut text = String::new();
    for part in 0..message.text_body_count() {
        let Some(one) = message.body_text(part) else {
            continue;
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        // More than a post holds, because quotations are cut before it is made to fit.
        text.extend(one.chars().take(4 * MAX_BODY));
        if text.len() > 4 * MAX_BODY {
            break;
        }
    }
    if text.trim().is_empty() {
        "The mail has no text.".to_owned()
    } else {
        text
    }
}

/// Those that tickets take, and why not the others.
fn files(message: &Message<'_>) -> (Vec<File>, Vec<String>) {
    let (mut files, mut left_out): (Vec<File>, Vec<String>) = (Vec::new(), Vec::new());
    for part in message.attachments() {
        let otherwise = if part.is_message() { "message.eml" } else { "file" };
        let name = part.attachment_name().unwrap_or(otherwise);
        if SIGNATURES.contains(&name.to_lowercase().as_str()) {
            continue;
        }
        let bytes = part.contents();
        let why = match Kind::judge(name, bytes) {
            Ok(_) if files.len() < MAX_PER_POST => {
                files.push(File {
                    name: name.to_owned(),
                    bytes: bytes.to_vec(),
                });
                continue;
            }
            Ok(_) => format!("A post has at most {MAX_PER_POST} files."),
            Err(refusal) => refusal.to_string(),
        };
        if left_out.len() < MAX_PER_POST {
            let plain = name.chars().filter(|c| !c.is_control() && *c != '`');
            left_out.push(format!("`{}`. {why}", plain.take(MOST_NAME).collect::<String>()));
        }
    }
    (files, left_out)
}
