//! What the panel and the files helper say to each other; the helper's side is `docker/files/files`.

use chrono::DateTime;

use super::super::{EngineError, EngineResult};
use super::path::unescape;
use super::{
    Expected, FileEntry, FileKind, FilesChange, FilesError, FilesPage, FilesResult, Rank, VolumePath,
};

/// A command to the helper.
pub(in super::super) fn command(word: &str, path: &VolumePath, more: &[&str]) -> Vec<String> {
    let plain = path.wire();
    let words = [word, path.volume(), &plain];
    words.iter().chain(more).map(|word| (*word).to_owned()).collect()
}

impl FilesPage {
    /// The arguments of `list`.
    pub(in super::super) fn arguments(&self) -> [String; 2] {
        let after = self
            .after
            .as_ref()
            .map_or_else(String::new, |Rank(is_last, name)| {
                format!("{}{}", u8::from(*is_last), super::path::encoded(name))
            });
        [after, self.limit.to_string()]
    }
}

impl Expected {
    /// The argument of `write`.
    pub(in super::super) fn argument(&self) -> &str {
        match self {
            Self::Anything => "any",
            Self::Nothing => "absent",
            Self::Version(version) => version,
        }
    }
}

impl FilesChange {
    /// The command that makes the change.
    pub(in super::super) fn command(&self) -> FilesResult<Vec<String>> {
        Ok(match self {
            Self::MakeFolder(path) => command("folder", path, &[]),
            Self::Move(from, to) if from.volume() != to.volume() => return Err(FilesError::Impossible),
            Self::Move(from, to) => command("move", from, &[&to.wire()]),
            Self::SetMode(path, mode) => command("mode", path, &[&format!("{mode:o}")]),
            Self::Remove(path) => command("remove", path, &[]),
            Self::Discard(path, upload) => command("discard", path, &[upload.as_str()]),
        })
    }
}

/// The first line of the helper's answer, word by word.
#[derive(Debug)]
pub(in super::super) struct Answer(Vec<String>);

impl Answer {
    /// Reads a line, or says why the helper did not do it.
    pub(in super::super) fn read(line: &str) -> FilesResult<Self> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        match words.first().map(String::as_str) {
            Some("ok") => Ok(Self(words[1..].to_vec())),
            Some("error") => {
                let number = words.get(2).and_then(|number| number.parse().ok()).unwrap_or(0);
                Err(FilesError::from_code(
                    words.get(1).map_or("", String::as_str),
                    number,
                ))
            }
            _ => Err(strange().into()),
        }
    }

    /// A word.
    pub(in super::super) fn word(&self, at: usize) -> EngineResult<&str> {
        self.0.get(at).map(String::as_str).ok_or_else(strange)
    }

    /// A word that is a number.
    pub(in super::super) fn number(&self, at: usize) -> EngineResult<u64> {
        self.word(at)?.parse().map_err(|_| strange())
    }

    /// The entry that begins with a word.
    pub(in super::super) fn entry(&self, at: usize) -> EngineResult<FileEntry> {
        read_entry(self.0.get(at..).unwrap_or_default()).ok_or_else(strange)
    }
}

/// The entries of a list, a line each.
pub(in super::super) fn entries(text: &[u8]) -> EngineResult<Vec<FileEntry>> {
    let text = std::str::from_utf8(text).map_err(|_| strange())?;
    let entry = |line: &str| {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        read_entry(&words).ok_or_else(strange)
    };
    text.lines().map(entry).collect()
}

/// The places of `places`, a line each; a line without a place says that there are more.
pub(in super::super) fn places(text: &[u8]) -> EngineResult<Option<Vec<Vec<u8>>>> {
    let text = std::str::from_utf8(text).map_err(|_| strange())?;
    if text.lines().any(|line| line == "more") {
        return Ok(None);
    }
    let place = |line: &str| {
        let place = line.strip_prefix('=').ok_or_else(strange)?;
        unescape(place).map_err(|_| strange())
    };
    text.lines().map(place).collect::<EngineResult<_>>().map(Some)
}

/// `KIND MODE SIZE SECONDS NANOSECONDS VERSION =NAME =TARGET`
fn read_entry(words: &[String]) -> Option<FileEntry> {
    let [kind, mode, size, seconds, nanos, version, name, target] = words else {
        return None;
    };
    let kind = match kind.as_str() {
        "d" => FileKind::Folder,
        "f" => FileKind::File,
        "l" => FileKind::Link,
        "o" => FileKind::Special,
        _ => return None,
    };
    let bytes = |word: &String| unescape(word.strip_prefix('=')?).ok();
    Some(FileEntry {
        name: bytes(name)?,
        kind,
        mode: u32::from_str_radix(mode, 8).ok()?,
        size: size.parse().ok()?,
        // A file may have any time; one that is none for us is the oldest.
        modified: DateTime::from_timestamp(seconds.parse().ok()?, nanos.parse().ok()?).unwrap_or_default(),
        version: version.clone(),
        target: bytes(target).filter(|_| kind == FileKind::Link),
    })
}

fn strange() -> EngineError {
    EngineError::Failed {
        status: 0,
        message: "the files helper said something that is not understood".to_owned(),
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_or_too_many() {
        let read = |text: &str| places(text.as_bytes());
        assert_eq!(read("").unwrap(), Some(vec![]));
        let two = vec![b"a".to_vec(), b"a/b c".to_vec()];
        assert_eq!(read("=a\n=a/b%20c\n").unwrap(), Some(two));
        assert_eq!(read("=a\nmore\n").unwrap(), None);
        assert!(read("a\n").is_err() && read("=%\n").is_err());
    }

    #[test]
    fn entries_are_read() {
        let line = b"l 777 3 1795841569 5 a-b =x%E9%0A =..%2Fx\nf 644 0 99999999999999 0 v =a =\n";
        let all = entries(line).unwrap();
        assert_eq!(all[0].name, b"x\xE9\n");
        assert_eq!((all[0].kind, all[0].mode), (FileKind::Link, 0o777));
        assert_eq!(all[0].target.as_deref(), Some(&b"../x"[..]));
        assert_eq!(
            (all[1].target.as_deref(), all[1].modified),
            (None, DateTime::default())
        );
        for bad in [
            "",
            "x 644 0 0 0 v =a =",
            "f 644 0 0 0 v a =",
            "f 644 0 0 0 v =%zz =",
        ] {
            assert!(entries(format!("{bad}\n").as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_the_helper_did_not_do_has_a_reason() {
        assert!(matches!(
            Answer::read("error offset 17"),
            Err(FilesError::Offset { at: 17 })
        ));
        assert!(matches!(Answer::read("error quota 0"), Err(FilesError::Quota)));
        for strange in ["", "error", "error other 5", "OCI runtime exec failed"] {
            assert!(
                matches!(Answer::read(strange), Err(FilesError::Engine(_))),
                "{strange}"
            );
        }
        assert_eq!(Answer::read("ok 5 part").unwrap().number(0).unwrap(), 5);
    }
}
