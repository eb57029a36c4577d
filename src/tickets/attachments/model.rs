//! Which files a ticket takes, and under which names. Pure: a file is judged by what it holds, and its name is made to agree.

use chrono::{DateTime, Utc};

use crate::files::ImageKind;
use crate::platform::error::Error;
use crate::platform::ids::{AttachmentId, TicketId, TicketPostId};

/// As large as a file may be.
pub const MAX_BYTES: usize = 10 << 20;
/// As many files as one post may have.
pub const MAX_PER_POST: usize = 10;
/// As many files as people add to one ticket, since its page names all of them.
pub const MAX_PER_TICKET: i64 = 500;
/// As much as the files of a tenant's tickets may hold together, in MiB; what staff keep there for themselves counts apart.
pub const MAX_ALL_MIB: i64 = 1024;
/// In pieces of so many bytes files are kept and sent.
pub const PIECE: usize = 1 << 20;
/// So many characters of a name are kept, without its end.
const MAX_NAME: usize = 100;
/// What texts may be called by their ends.
const TEXTS: [(&str, Kind); 4] = [
    ("json", Kind::Json),
    ("csv", Kind::Csv),
    ("log", Kind::Log),
    ("txt", Kind::Txt),
];

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A picture: the only kind that is shown and not only saved.
    Picture(ImageKind),
    /// PDF.
    Pdf,
    /// An archive.
    Zip,
    /// Something compressed.
    Gz,
    /// JSON, or what is called so.
    Json,
    /// CSV, or what is called so.
    Csv,
    /// Any other text.
    Txt,
    /// A text that is called a log.
    Log,
}

/// Why a ticket does not take a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is nothing in it.
    #[error("The file is empty.")]
    Empty,
    /// There is too much in it.
    #[error("The file is larger than 10 MiB. Compress it, or send a part of it.")]
    TooLarge,
    /// A browser would draw it and run what is in it.
    #[error(
        "Tickets take no HTML, SVG or XML, which can run programs. Send a picture of it, or pack it into a zip."
    )]
    Markup,
    /// It is one.
    #[error("Tickets take no programs.")]
    Program,
    /// It is none of what is taken.
    #[error(
        "Tickets take PNG, JPEG, GIF, WebP, PDF, zip, gz, and texts in UTF-8 such as txt, log, json and csv. Pack other files into a zip."
    )]
    Unknown,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::invalid("file", refusal.to_string())
    }
}

impl Kind {
    /// What a file is, by what it holds. Of its name only texts are told apart.
    ///
    /// # Errors
    /// Why no ticket takes it.
    pub fn judge(name: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_BYTES {
            return Err(Refusal::TooLarge);
        }
        match bytes {
            [] => Err(Refusal::Empty),
            [b'%', b'P', b'D', b'F', b'-', ..] => Ok(Self::Pdf),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Ok(Self::Zip),
            [0x1F, 0x8B, ..] => Ok(Self::Gz),
            _ => match (ImageKind::of(bytes), std::str::from_utf8(bytes)) {
                (Some(picture), _) => Ok(Self::Picture(picture)),
                (None, Ok(text)) if !text.contains('\0') => Self::text(name, text),
                _ if is_program(bytes) => Err(Refusal::Program),
                _ => Err(Refusal::Unknown),
            },
        }
    }

    fn text(name: &str, text: &str) -> Result<Self, Refusal> {
        let begin = text.trim_start_matches('\u{FEFF}').trim_start();
        let mut letters = begin.chars();
        match (letters.next(), letters.next()) {
            (Some('#'), Some('!')) => Err(Refusal::Program),
            (Some('<'), Some(c)) if c.is_ascii_alphabetic() || "!?".contains(c) => Err(Refusal::Markup),
            _ => {
                let end = end_of(name).1.to_lowercase();
                let known = TEXTS.iter().find(|(known, _)| *known == end);
                Ok(known.map_or(Self::Txt, |(_, kind)| *kind))
            }
        }
    }

    /// As the database and the API write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Picture(picture) => picture.media_type().trim_start_matches("image/"),
            Self::Pdf => "pdf",
            Self::Zip => "zip",
            Self::Gz => "gz",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Txt => "txt",
            Self::Log => "log",
        }
    }

    /// The kind of a word; of one that nobody knows a text, which is only saved.
    pub fn read(word: &str) -> Self {
        use ImageKind as I;
        let pictures = [I::Png, I::Jpeg, I::Gif, I::Webp].map(Self::Picture);
        let all = pictures.into_iter().chain([Self::Pdf, Self::Zip, Self::Gz]);
        let texts = TEXTS.iter().map(|(_, kind)| *kind);
        let mut all = all.chain(texts);
        all.find(|kind| kind.word() == word).unwrap_or(Self::Txt)
    }

    /// The picture that it is.
    pub fn picture(self) -> Option<ImageKind> {
        match self {
            Self::Picture(picture) => Some(picture),
            _ => None,
        }
    }

    /// What names of its files end in; the first is given to those that do not.
    fn ends(self) -> &'static [&'static str] {
        match self {
            Self::Picture(ImageKind::Jpeg) => &["jpg", "jpeg"],
            Self::Picture(ImageKind::Png) => &["png"],
            Self::Picture(ImageKind::Gif) => &["gif"],
            Self::Picture(ImageKind::Webp) => &["webp"],
            Self::Pdf => &["pdf"],
            Self::Zip => &["zip"],
            Self::Gz => &["gz", "tgz"],
            Self::Json => &["json"],
            Self::Csv => &["csv"],
            Self::Txt => &["txt"],
            Self::Log => &["log"],
        }
    }

    /// A name under which nobody takes the file for something else: no way to it, nothing that turns what is read around, and the
    /// end of its kind.
    pub fn name(self, sent: &str) -> String {
        let own = sent.rsplit(['/', '\\']).next().unwrap_or_default();
        let plain: String = own.chars().filter(|c| !is_odd(*c)).collect();
        let plain = plain.trim_matches(|c: char| c == '.' || c.is_whitespace());
        let (stem, end) = end_of(plain);
        let end = end.to_lowercase();
        let (stem, end) = if self.ends().contains(&end.as_str()) {
            (stem, end.as_str())
        } else {
            (plain, self.ends()[0])
        };
        let stem: String = stem.chars().take(MAX_NAME).collect();
        let stem = if stem.is_empty() { "file" } else { stem.as_str() };
        format!("{stem}.{end}")
    }
}

/// A name without its end, and the end.
fn end_of(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or((name, ""))
}

/// What names of files have no use for, and what turns around or hides what is read.
fn is_odd(c: char) -> bool {
    c.is_control()
        || "\"<>|:*?`".contains(c)
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

fn is_program(bytes: &[u8]) -> bool {
    let begins: [&[u8]; 6] = [
        b"MZ",
        b"\x7FELF",
        b"\xCF\xFA\xED\xFE",
        b"\xCE\xFA\xED\xFE",
        b"\xCA\xFE\xBA\xBE",
        b"\0asm",
    ];
    begins.iter().any(|begin| bytes.starts_with(begin))
}

/// Whether a file more of `bytes` fits, where files of `used` bytes are there.
///
/// # Errors
/// [`Error::LimitReached`].
pub fn room_for(used: i64, bytes: usize) -> Result<(), Error> {
    let more = i64::try_from(bytes).unwrap_or(i64::MAX);
    if used.saturating_add(more) <= MAX_ALL_MIB << 20 {
        return Ok(());
    }
    Err(Error::LimitReached {
        what: "MiB of files in tickets",
        limit: MAX_ALL_MIB,
        used: used >> 20,
    })
}

/// A file of a ticket.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// The ticket.
    pub ticket: TicketId,
    /// The post that it came with; none where it was added by itself.
    pub post: Option<TicketPostId>,
    /// Whether the customer sees it.
    pub is_public: bool,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// How many bytes it has.
    pub size: i64,
    /// The SHA-256 of those.
    pub sha256: Vec<u8>,
    /// Who added it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_is_what_it_holds() {
        let webp = b"RIFF\x10\0\0\0WEBPVP8 ";
        for (name, bytes, kind) in [
            (
                "a.exe",
                &b"\x89PNG\r\n\x1a\n.."[..],
                Kind::Picture(ImageKind::Png),
            ),
            ("a", &webp[..], Kind::Picture(ImageKind::Webp)),
            ("a.docx", b"PK\x03\x04...", Kind::Zip),
            ("a", b"\x1f\x8b\x08", Kind::Gz),
            ("a.html", b"%PDF-1.7", Kind::Pdf),
            ("a.JSON", b"{}", Kind::Json),
            ("server.log", b"<13>Mar 10 12:00 gone", Kind::Log),
            ("server.conf", b"a = 1", Kind::Txt),
        ] {
            assert_eq!(Kind::judge(name, bytes), Ok(kind), "{name}");
            assert_eq!(Kind::read(kind.word()), kind);
        }
        for (bytes, refusal) in [
            (&b""[..], Refusal::Empty),
            (b"\xEF\xBB\xBF \n<svg onload=alert(1)>", Refusal::Markup),
            (b"<!doctype html>", Refusal::Markup),
            (b"<?xml version='1.0'?>", Refusal::Markup),
            (b"#!/bin/sh\n", Refusal::Program),
            (b"MZ\x90\0\x03", Refusal::Program),
            (b"\x7FELF\x02\x01\x01\0", Refusal::Program),
            (b"\xFF\xFEh\0i\0", Refusal::Unknown),
        ] {
            assert_eq!(Kind::judge("picture.png", bytes), Err(refusal));
        }
        let large = vec![b'a'; MAX_BYTES + 1];
        assert_eq!(Kind::judge("a.txt", &large), Err(Refusal::TooLarge));
        assert_eq!(Kind::judge("a.txt", &large[1..]), Ok(Kind::Txt));
    }

    #[test]
    fn names_agree_with_what_the_file_is() {
        for (kind, sent, name) in [
            (Kind::Zip, "C:\\fakepath\\report.docx", "report.docx.zip"),
            (Kind::Picture(ImageKind::Jpeg), "../../a.JPEG", "a.jpeg"),
            (Kind::Picture(ImageKind::Png), "", "file.png"),
            (Kind::Picture(ImageKind::Png), "..", "file.png"),
            (Kind::Txt, "x\u{202E}gpj.exe\r\n", "xgpj.exe.txt"),
            (Kind::Gz, "logs.tar.gz", "logs.tar.gz"),
            (Kind::Log, "Übersicht \"neu\".log", "Übersicht neu.log"),
        ] {
            assert_eq!(kind.name(sent), name);
        }
    }

    #[test]
    fn what_fits_exactly_fits() {
        let all = MAX_ALL_MIB << 20;
        assert!(room_for(all - 5, 5).is_ok());
        let refused = room_for(all - 5, 6).unwrap_err().sentence();
        assert_eq!(
            refused,
            "The plan allows 1024 MiB of files in tickets, and 1023 are in use."
        );
    }

    proptest! {
        #[test]
        fn any_name_becomes_one_that_stays(sent in "\\PC{0,200}", odd in "[\\x00-\\x1f\u{202a}-\u{202e}./\\\\ ]{0,9}") {
            for kind in [Kind::Txt, Kind::Gz, Kind::Picture(ImageKind::Jpeg)] {
                let name = kind.name(&format!("{odd}{sent}{odd}"));
                prop_assert!(!name.contains(['/', '\\']) && !name.chars().any(is_odd));
                prop_assert!(name.chars().count() <= 120 && !name.starts_with('.'));
                prop_assert_eq!(kind.name(&name), name);
            }
        }
    }
}
