//! What can be shown and edited of a file's content.

/// As much as can be edited in the browser, in bytes.
pub const MAX_EDIT: u64 = 1024 * 1024;

/// Pictures that browsers show and that hold no script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// WebP.
    Webp,
}

impl ImageKind {
    /// By how the content begins, whatever the name says.
    pub fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }

    /// Its type for browsers.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }
}

/// How a text's lines end. Browsers send CR LF for every line of a form, so that has to be known to be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnds {
    /// LF, as on Unix.
    Lf,
    /// CR LF, as on Windows.
    CrLf,
    /// Some of each, or CR alone: an edit makes them LF.
    Mixed,
}

impl LineEnds {
    /// Those of a text.
    pub fn of(text: &str) -> Self {
        let whole = text.matches("\r\n").count();
        let (cr, lf) = (text.matches('\r').count(), text.matches('\n').count());
        match (whole, cr, lf) {
            (_, 0, _) => Self::Lf,
            (whole, cr, lf) if whole == cr && whole == lf => Self::CrLf,
            _ => Self::Mixed,
        }
    }

    /// Its word in a form.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lf => "lf",
            Self::CrLf => "crlf",
            Self::Mixed => "mixed",
        }
    }

    /// The text of a form with the ends that a file should have, by their word.
    pub fn restore(word: &str, text: &str) -> String {
        let plain = text.replace("\r\n", "\n").replace('\r', "\n");
        if word == Self::CrLf.word() {
            plain.replace('\n', "\r\n")
        } else {
            plain
        }
    }
}

/// What a file's content is, as far as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text, and whether that is all of it.
    Text(String, bool),
    /// A picture.
    Image(ImageKind),
    /// Neither.
    Binary,
}

impl Content {
    /// Judges the beginning of a file of `size` bytes.
    pub fn of(start: &[u8], size: u64) -> Self {
        if let Some(kind) = ImageKind::of(start) {
            return Self::Image(kind);
        }
        let is_all = start.len() as u64 >= size;
        let text = match std::str::from_utf8(start) {
            Ok(text) => text,
            // A character may have been cut in two where looking ended.
            Err(error) if !is_all && error.error_len().is_none() => {
                std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(_) => return Self::Binary,
        };
        let is_shown = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{C}' | '\u{1B}');
        if text.chars().all(is_shown) {
            Self::Text(text.to_owned(), is_all)
        } else {
            Self::Binary
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn content_is_judged_by_itself() {
        assert_eq!(
            Content::of(b"a\tb\r\n", 5),
            Content::Text("a\tb\r\n".to_owned(), true)
        );
        assert_eq!(
            Content::of("Straß".as_bytes(), 6),
            Content::Text("Straß".to_owned(), true)
        );
        assert_eq!(
            Content::of("ß".as_bytes().split_at(1).0, 9),
            Content::Text(String::new(), false)
        );
        assert_eq!(Content::of("ß".as_bytes().split_at(1).0, 1), Content::Binary);
        assert_eq!(Content::of(b"a\0b", 3), Content::Binary);
        assert_eq!(
            Content::of(b"<svg onload=alert(1)>", 21),
            Content::Text("<svg onload=alert(1)>".to_owned(), true)
        );
        assert_eq!(Content::of(b"GIF89a<script>", 14), Content::Image(ImageKind::Gif));
    }

    #[test]
    fn line_ends_are_told_apart() {
        for (text, ends) in [
            ("", LineEnds::Lf),
            ("a\nb", LineEnds::Lf),
            ("a\r\nb\r\n", LineEnds::CrLf),
            ("a\r\nb\n", LineEnds::Mixed),
            ("a\rb", LineEnds::Mixed),
        ] {
            assert_eq!(LineEnds::of(text), ends, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_saved_unchanged_is_unchanged(lines in proptest::collection::vec("[a-z ]{0,5}", 0..6), windows: bool) {
            let text = lines.join(if windows { "\r\n" } else { "\n" });
            let sent = text.replace("\r\n", "\n").replace('\n', "\r\n");
            prop_assert_eq!(LineEnds::restore(LineEnds::of(&text).word(), &sent), text);
        }
    }
}
