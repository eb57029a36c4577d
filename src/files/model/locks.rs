//! What the author of a server's template keeps from people: patterns as `.gitignore` has them, which is what eggs'
//! `file_denylist` is everywhere. A place is locked if a pattern fits it, or a folder above it. Case counts, as it does for
//! the kernel: another spelling is another file.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::catalogue::Offer;
use crate::drivers::engine::VolumePath;

/// The template that has [shares](crate::shares), and what in its volume says who has them, with the hashes of their passwords.
const SHARES: (&str, &str) = ("file-share", "/state/shares");

/// The locks of one server's volume.
#[derive(Debug, Clone, Default)]
pub struct Locks(Option<Gitignore>);

impl Locks {
    /// Reads patterns. One that can't be read locks nothing; the import of its egg has told so.
    pub fn new(patterns: &[String]) -> Self {
        let mut builder = GitignoreBuilder::new("");
        for pattern in patterns {
            drop(builder.add_line(None, pattern));
        }
        Self(builder.build().ok().filter(|locks| !locks.is_empty()))
    }

    /// Those that come with a server's template: an egg says so itself.
    pub fn of(offer: Option<&Offer>) -> Self {
        match offer {
            Some(Offer { egg: Some(egg), .. }) => Self::new(&egg.denied),
            Some(offer) if offer.template.name == SHARES.0 => Self::new(&[SHARES.1.to_owned()]),
            _ => Self::default(),
        }
    }

    /// Whether nothing can be locked.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether a place is locked, whatever is there or will be. A volume itself never is.
    pub fn hold(&self, path: &VolumePath) -> bool {
        self.hold_bytes(&path.parts().join(&b'/'))
    }

    /// Whether something above a place is locked, so that not even its name is told.
    pub fn hide(&self, path: &VolumePath) -> bool {
        path.parent().is_some_and(|above| self.hold(&above))
    }

    /// The same as [`Self::hold`] for a path below the volume, with `/` between its names.
    pub fn hold_bytes(&self, path: &[u8]) -> bool {
        let Some(locks) = self.0.as_ref().filter(|_| !path.is_empty()) else {
            return false;
        };
        let path = Path::new(OsStr::from_bytes(path));
        // A pattern that ends in a slash is about folders. What is to be made here may become one.
        [false, true]
            .into_iter()
            .any(|is_folder| locks.matched_path_or_any_parents(path, is_folder).is_ignore())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn locks(patterns: &[&str]) -> Locks {
        Locks::new(&patterns.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())
    }

    fn held(locks: &Locks, text: &str) -> bool {
        locks.hold(&VolumePath::parse(text).unwrap())
    }

    #[test]
    fn patterns_fit_as_in_other_panels() {
        let locks = locks(&[
            "# a comment",
            "secret.cfg",
            "/top.txt",
            "keys/",
            "logs/*.log",
            "*.pem",
            "!public.pem",
            "",
        ]);
        for path in [
            "/data/secret.cfg",
            "/data/deep/er/secret.cfg",
            "/data/secret.cfg/inside",
            "/data/top.txt",
            "/data/keys",
            "/data/keys/a/b",
            "/data/deep/keys/a",
            "/data/logs/today.log",
            "/data/a.pem",
        ] {
            assert!(held(&locks, path), "{path}");
        }
        for path in [
            "/data",
            "/data/SECRET.CFG",
            "/data/secret.cfg.old",
            "/data/deep/top.txt",
            "/data/logs",
            "/data/logs/today.txt",
            "/data/deep/logs/today.log",
            "/data/public.pem",
        ] {
            assert!(!held(&locks, path), "{path}");
        }
    }

    #[test]
    fn without_patterns_nothing_is_locked() {
        for patterns in [&[][..], &["", "# only words"][..]] {
            let locks = locks(patterns);
            assert!(locks.is_empty() && !held(&locks, "/data/a"));
        }
    }

    #[test]
    fn what_is_in_a_locked_folder_is_not_even_named() {
        let locks = locks(&["/keys"]);
        let hidden = |text: &str| locks.hide(&VolumePath::parse(text).unwrap());
        assert!(hidden("/data/keys/a") && !hidden("/data/keys") && !hidden("/data"));
    }

    #[test]
    fn a_pattern_that_is_none_locks_nothing() {
        assert!(locks(&["a[z-a]"]).is_empty());
    }

    proptest! {
        #[test]
        fn no_pattern_and_no_name_breaks_it(patterns in proptest::collection::vec("\\PC{0,20}", 0..5),
                                            name in proptest::collection::vec(1u8..=255, 1..30)) {
            let locks = Locks::new(&patterns);
            if let Ok(path) = VolumePath::of_volume("data").unwrap().join(&name) {
                let _ = locks.hold(&path);
            }
        }
    }
}
