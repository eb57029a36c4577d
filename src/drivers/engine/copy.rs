//! Copying all that is in one server's volumes into another's.
//!
//! # The contract
//!
//! - The source's volumes are mounted read-only: nothing that goes wrong here can harm them.
//! - Whatever is in the copy's volumes goes first, so a copy that was cut off is begun anew and comes to the same end.
//! - What copies has these volumes and nothing else: no network, few capabilities, limits.
//! - Owners, modes, times, links, holes and what programs attach to files are copied. Sockets are left out.
//! - The copy's volumes must exist. A volume that the source does not have is left out.

use super::{ServerKey, VolumeKey};

/// Tar's records, by which it counts.
const RECORD: u64 = 10 * 1024;

/// What is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySpec {
    /// Whose volumes are filled.
    pub server: ServerKey,
    /// Whose volumes are read.
    pub source: ServerKey,
    /// The image that the helper's image is built from: Debian.
    pub base_image: String,
    /// From where to where.
    pub volumes: Vec<CopiedVolume>,
    /// Whether files may change meanwhile, because the source runs. Otherwise a change is an error.
    pub is_live: bool,
}

/// One volume and its copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedVolume {
    /// What the template calls it: `[a-z0-9-]`.
    pub name: String,
    /// The source's.
    pub from: VolumeKey,
    /// The copy's.
    pub to: VolumeKey,
}

/// What a copy says. The stream's last item is `Ended` or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyEvent {
    /// So many bytes are to be copied, about.
    Total(u64),
    /// So many are, about.
    Copied(u64),
    /// It is over, and what copied is gone.
    Ended(Result<(), CopyFailure>),
}

/// Why a copy is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CopyFailure {
    /// The disk.
    #[error("the disk is full")]
    DiskFull,
    /// The limit of the copy's disk.
    #[error("its disk is full: the data needs more than its size gives it")]
    Quota,
    /// The source's files.
    #[error("files of its source changed while they were copied")]
    Changed,
    /// It was ended from outside.
    #[error("the copying was ended from outside")]
    Ended,
    /// Anything else; the log has it.
    #[error("not all files could be copied; the provider's log says why")]
    Other,
}

/// Reads what the program in the helper says.
#[derive(Debug, Default)]
pub(super) struct CopyReader {
    total: u64,
    failure: Option<CopyFailure>,
    /// The last lines that say something else.
    pub(super) said: Vec<String>,
}

/// So many lines of trouble are kept for the log.
const KEPT_LINES: usize = 5;

impl CopyReader {
    /// What a line means to whoever waits.
    pub(super) fn line(&mut self, line: &str) -> Option<CopyEvent> {
        let line = line.strip_prefix("tar: ").unwrap_or(line).trim();
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok());
        match (words[0], number(1), number(2)) {
            ("total", Some(total), None) => {
                self.total = total;
                Some(CopyEvent::Total(total))
            }
            ("at", Some(before), Some(records)) => {
                let copied = before.saturating_add(records.saturating_mul(RECORD));
                Some(CopyEvent::Copied(copied.min(self.total)))
            }
            _ => {
                self.trouble(line);
                None
            }
        }
    }

    fn trouble(&mut self, line: &str) {
        let found = if line.contains("No space left on device") {
            Some(CopyFailure::DiskFull)
        } else if line.contains("Disk quota exceeded") {
            Some(CopyFailure::Quota)
        } else if line.contains("changed as we read it") || line.contains("removed before we read it") {
            Some(CopyFailure::Changed)
        } else {
            None
        };
        // What fills a disk has many complaints after it; the first one counts.
        self.failure = self.failure.or(found);
        self.said.truncate(KEPT_LINES - 1);
        self.said.push(line.to_owned());
    }

    /// What its end means.
    pub(super) fn end(&self, exit_code: i64) -> CopyEvent {
        CopyEvent::Ended(match exit_code {
            0 => Ok(()),
            3 | 4 => Err(self.failure.unwrap_or(CopyFailure::Other)),
            _ => Err(CopyFailure::Ended),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_and_never_beyond_the_whole() {
        let mut reader = CopyReader::default();
        assert_eq!(reader.line("total 30000"), Some(CopyEvent::Total(30_000)));
        assert_eq!(reader.line("tar: at 0 1"), Some(CopyEvent::Copied(10_240)));
        assert_eq!(reader.line("tar: at 20000 7"), Some(CopyEvent::Copied(30_000)));
        assert_eq!(reader.end(0), CopyEvent::Ended(Ok(())));
    }

    #[test]
    fn trouble_is_told_by_its_first_cause() {
        for (line, failure) in [
            (
                "tar: ./a: Cannot write: No space left on device",
                CopyFailure::DiskFull,
            ),
            ("tar: ./a: Cannot write: Disk quota exceeded", CopyFailure::Quota),
            ("tar: ./a: file changed as we read it", CopyFailure::Changed),
            ("tar: ./a: Cannot open: Permission denied", CopyFailure::Other),
        ] {
            let mut reader = CopyReader::default();
            assert_eq!(reader.line(line), None);
            assert_eq!(reader.line("tar: Exiting with failure status"), None);
            assert_eq!(reader.end(4), CopyEvent::Ended(Err(failure)), "{line}");
            assert_eq!(reader.end(137), CopyEvent::Ended(Err(CopyFailure::Ended)));
        }
    }
}
