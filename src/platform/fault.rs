//! Crash points: named places between two effects where a test can kill the process, as a power cut would.
//!
//! A binary without the `testing` feature has none of this: [`point`] is empty there.

/// Dies with SIGKILL if the environment variable `BERTH_FAULT_POINT` names this point.
#[cfg(feature = "testing")]
pub fn point(name: &str) {
    static WANTED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's wish is no setting of the product"
    )]
    let wanted = WANTED.get_or_init(|| std::env::var("BERTH_FAULT_POINT").ok());
    if wanted.as_deref() == Some(name) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Nothing: this binary can't be told to die.
#[cfg(not(feature = "testing"))]
#[inline]
pub fn point(_name: &str) {}
