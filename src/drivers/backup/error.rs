//! What can go wrong with a repository, in words for whoever has to do something about it.

use crate::drivers::engine::{EngineError, HelperEnd};

/// An answer, or why there is none.
pub type BackupResult<T> = Result<T, BackupError>;

/// What the helper's script returns where a name is taken.
const EXISTS: i32 = 5;
/// What it returns where the backup has no such path.
const MISSING: i32 = 6;
/// So much of what restic says is shown.
const SHOWN: usize = 300;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The helper ended before it was done.
    #[error("it was cut off")]
    CutOff,
    /// The key does not fit.
    #[error("the repository was made with another key")]
    WrongKey,
    /// The address, or what it needs.
    #[error("the target does not answer: {0}")]
    Unreachable(String),
    /// SFTP: somebody else answers.
    #[error("the target's host key is not the one that was noted")]
    HostKey,
    /// It is reached where no target should be, and nobody said that this is meant.
    #[error("the target's address leads to the panel's own machine, or to what only it reaches")]
    Inside,
    /// The credentials.
    #[error("the target refuses the credentials")]
    Refused,
    /// No room at the target, or in the volume that is restored.
    #[error("the disk is full")]
    Full,
    /// Something in the repository is missing, or is not what it was.
    #[error("the repository is damaged")]
    Damaged,
    /// There is no repository, or not any more.
    #[error("there is no repository at the target")]
    NoRepository,
    /// What was asked for is not in the backup.
    #[error("the backup has no such file or folder")]
    NotInBackup,
    /// A restore beside would overwrite something.
    #[error("there is something of this name already")]
    Exists,
    /// Anything else, with the last that restic said.
    #[error("restic failed ({code}): {said}")]
    Failed {
        /// What it returned.
        code: i32,
        /// What it said.
        said: String,
    },
}

impl BackupError {
    /// The same without what restic said, which tells of the target: that is the provider's business alone.
    pub fn for_tenants(&self) -> String {
        match self {
            Self::Unreachable(_) => "the target does not answer".to_owned(),
            Self::Failed { code, .. } => format!("restic failed ({code}); the provider can see why"),
            other => other.to_string(),
        }
    }
}

type Meaning = fn(String) -> BackupError;

/// What restic and its helpers say, and what that means.
const MEANINGS: [(&str, Meaning); 28] = [
    ("not found in snapshot", |_| BackupError::NotInBackup),
    ("wrong password or no key found", |_| BackupError::WrongKey),
    ("Host key verification failed", |_| BackupError::HostKey),
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", |_| BackupError::HostKey),
    ("Permission denied (", |_| BackupError::Refused),
    ("Access Denied", |_| BackupError::Refused),
    ("InvalidAccessKeyId", |_| BackupError::Refused),
    ("does not match the signature", |_| BackupError::Refused),
    ("No space left on device", |_| BackupError::Full),
    ("Disk quota exceeded", |_| BackupError::Full),
    ("Connection refused", BackupError::Unreachable),
    ("connection refused", BackupError::Unreachable),
    ("Connection timed out", BackupError::Unreachable),
    ("no such host", BackupError::Unreachable),
    ("Could not resolve hostname", BackupError::Unreachable),
    ("No route to host", BackupError::Unreachable),
    // A target that vanishes in the middle.
    ("ssh command exited", BackupError::Unreachable),
    ("connection lost", BackupError::Unreachable),
    ("not responding", BackupError::Unreachable),
    ("closed by remote host", BackupError::Unreachable),
    ("Broken pipe", BackupError::Unreachable),
    ("i/o timeout", BackupError::Unreachable),
    ("connection reset", BackupError::Unreachable),
    ("unexpected EOF", BackupError::Unreachable),
    ("timeout awaiting", BackupError::Unreachable),
    // After those that keep restic from reading: then it says this too.
    ("repository contains errors", |_| BackupError::Damaged),
    ("LoadIndex returned errors", |_| BackupError::Damaged),
    // Last, for restic asks this whatever kept it from the repository.
    ("Is there a repository at", |_| BackupError::NoRepository),
];

/// What a call's end means.
pub(super) fn check(end: &HelperEnd) -> BackupResult<()> {
    let code = match end.code {
        Some(0) => return Ok(()),
        None => return Err(BackupError::CutOff),
        Some(EXISTS) => return Err(BackupError::Exists),
        Some(MISSING) => return Err(BackupError::NotInBackup),
        Some(code) => code,
    };
    let found = MEANINGS.iter().find(|(words, _)| end.said.contains(words));
    if let Some((words, meaning)) = found {
        let line = end
            .said
            .lines()
            .find(|line| line.contains(words))
            .unwrap_or(words);
        return Err(meaning(shown(line)));
    }
    let last = end.said.lines().rev().find(|line| !line.trim().is_empty());
    Err(BackupError::Failed {
        code,
        said: shown(last.unwrap_or("nothing")),
    })
}

fn shown(line: &str) -> String {
    line.trim().chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: Option<i32>, said: &str) -> BackupResult<()> {
        check(&HelperEnd {
            code,
            said: said.to_owned(),
        })
    }

    #[test]
    fn what_restic_says_becomes_what_to_do() {
        of(Some(0), "unable to save the cache").unwrap();
        assert!(matches!(of(None, "saving"), Err(BackupError::CutOff)));
        let wrong = of(Some(1), "Fatal: wrong password or no key found");
        assert!(matches!(wrong, Err(BackupError::WrongKey)));
        let away = of(
            Some(1),
            "first\nssh: connect to host x port 22: Connection refused\r\nunable",
        );
        assert_eq!(
            away.unwrap_err().to_string(),
            "the target does not answer: ssh: connect to host x port 22: Connection refused"
        );
        let damaged = of(
            Some(1),
            "pack 0a1b2c3d: does not exist\nFatal: repository contains errors",
        );
        assert!(matches!(damaged, Err(BackupError::Damaged)));
        for gone in [
            "dial tcp: connection refused",
            "ssh command exited: exit status 255",
            "connection lost",
            "Timeout, server vault.example.net not responding.",
            "Connection to vault.example.net closed by remote host.",
            "client_loop: send disconnect: Broken pipe",
            "read tcp 192.0.2.1:4711->192.0.2.7:443: i/o timeout",
            "read tcp 192.0.2.1:4711->192.0.2.7:443: connection reset by peer",
            "unexpected EOF",
            "net/http: timeout awaiting response headers",
        ] {
            let said = format!("Load(<data/0a1b2c3d>): {gone}\nFatal: repository contains errors");
            let cut = of(Some(1), &said);
            assert!(matches!(cut, Err(BackupError::Unreachable(_))), "{gone}");
        }
        let other = of(Some(1), "one\ntwo\n\n").unwrap_err();
        assert_eq!(other.to_string(), "restic failed (1): two");
        assert_eq!(other.for_tenants(), "restic failed (1); the provider can see why");
    }
}
