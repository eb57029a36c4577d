//! The system's programs: `btrfs`, `mkfs.btrfs`, `mount`, `losetup`, `blkid`. What they complain about in English becomes
//! one of our errors. Each takes a millisecond or two; see decision 0026 for why it is not the kernel's interface itself.

use std::ffi::OsStr;
use std::io;
use std::process::{Command, Output, Stdio};

use super::{PoolError, PoolResult};

/// Runs `program`, and gives what it printed.
pub(super) fn run<I, S>(program: &'static str, arguments: I) -> PoolResult<String>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let output = output(program, arguments)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(complaint(program, &String::from_utf8_lossy(&output.stderr)))
}

/// Runs `program`, and gives all that it said, whatever that was.
pub(super) fn output<I, S>(program: &'static str, arguments: I) -> PoolResult<Output>
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    let outcome = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output();
    outcome.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => PoolError::NoProgram(program),
        _ => PoolError::Io {
            what: format!("starting {program}"),
            source,
        },
    })
}

/// What a program's last words mean.
fn complaint(program: &'static str, words: &str) -> PoolError {
    let knows = |text: &str| words.contains(text);
    if knows("Disk quota exceeded") {
        PoolError::QuotaReached
    } else if knows("No space left on device") {
        PoolError::Full
    } else if knows("Read-only file system") {
        PoolError::ReadOnly
    } else {
        let lines = words
            .lines()
            .map(|line| line.trim().trim_start_matches("ERROR: "));
        let says: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        PoolError::Program {
            program,
            says: says.join("; "),
        }
    }
}

/// Takes a failure for a success where the program only says that it was done before, in these words.
pub(super) fn unless_already(outcome: PoolResult<String>, words: &str) -> PoolResult<()> {
    match outcome {
        Err(PoolError::Program { says, .. }) if says.contains(words) => Ok(()),
        other => other.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_become_errors_that_say_what_to_do() {
        let told = |words: &str| complaint("btrfs", words).code().to_owned();
        assert_eq!(
            told("ERROR: cannot create subvolume: Disk quota exceeded\n"),
            "quota_reached"
        );
        assert_eq!(
            told("ERROR: cannot create subvolume: No space left on device\n"),
            "full"
        );
        assert_eq!(
            told("ERROR: cannot create subvolume: Read-only file system"),
            "read_only"
        );
        let other = complaint("btrfs", "ERROR: one\n\nERROR: two\n").to_string();
        assert_eq!(other, "btrfs: one; two");
    }

    #[test]
    fn done_before_is_done() {
        let fail = |words: &str| Err(complaint("btrfs", words));
        assert!(unless_already(fail("ERROR: unable to assign: File exists"), "File exists").is_ok());
        assert!(unless_already(fail("ERROR: unable to assign: No such file"), "File exists").is_err());
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run("berth-no-such-program", ["x"]).unwrap_err();
        assert!(error.to_string().contains("berth-no-such-program"), "{error}");
    }
}
