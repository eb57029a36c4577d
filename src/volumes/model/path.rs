//! Where in a container a volume may be mounted. Pure.
//!
//! A mount must not hide what the container's system needs, and must not lie in, or over, another mount: a server that can change
//! a folder could put a link there while the engine mounts something below it, and have it mounted elsewhere.

/// Folders in which nothing is mounted, nor below them.
const CLOSED: [&str; 19] = [
    "/proc",
    "/sys",
    "/dev",
    "/etc",
    "/run",
    "/var/run",
    "/boot",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libx32",
];
/// Folders that are not hidden as a whole, although there may be mounts below them.
const KEPT: [&str; 4] = ["/", "/usr", "/usr/local", "/var"];
/// A path's longest.
const LONGEST: usize = 255;

/// A place where something is mounted already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Where.
    pub path: String,
    /// What is there, as it goes on after "which".
    pub what: String,
}

/// A path that a volume may be mounted at: absolute, plain, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountPath(String);

impl MountPath {
    /// Takes a path, or says in a sentence why nothing can be mounted there. `taken` is what is mounted already.
    pub fn parse(text: &str, taken: &[Taken]) -> Result<Self, String> {
        let path = text.trim();
        let path = path
            .strip_suffix('/')
            .filter(|rest| !rest.is_empty())
            .unwrap_or(path);
        check_form(path)?;
        if KEPT.contains(&path) {
            return Err(format!(
                "{path} itself must stay visible. Use a folder of its own, such as /shared."
            ));
        }
        if let Some(closed) = CLOSED.iter().find(|closed| is_at_or_below(path, closed)) {
            return Err(format!(
                "{closed} belongs to the container's system. Use a folder of its own, such as /shared."
            ));
        }
        let other = taken
            .iter()
            .find(|one| is_at_or_below(path, &one.path) || is_at_or_below(&one.path, path));
        match other {
            None => Ok(Self(path.to_owned())),
            Some(one) => Err(format!(
                "{path} and {}, which {}, must not lie in each other. Use another folder.",
                one.path, one.what
            )),
        }
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check_form(path: &str) -> Result<(), String> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err(
            "Type where it is found in the server, beginning with a slash, such as /shared.".to_owned(),
        );
    };
    if path.len() > LONGEST {
        return Err(format!("Use at most {LONGEST} bytes."));
    }
    if path
        .chars()
        .any(|c| c.is_control() || matches!(c, ':' | ',' | '\\'))
    {
        return Err("Use no colons, commas, backslashes and line breaks.".to_owned());
    }
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if rest.is_empty() || rest.split('/').all(is_plain) {
        Ok(())
    } else {
        Err("Type the path without “.”, “..” and empty parts.".to_owned())
    }
}

/// Whether a path is a folder, or in it.
fn is_at_or_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taken() -> Vec<Taken> {
        vec![Taken {
            path: "/srv/data".to_owned(),
            what: "holds the server's own data".to_owned(),
        }]
    }

    #[test]
    fn plain_folders_of_their_own_are_taken() {
        for (text, path) in [
            ("/shared", "/shared"),
            (" /shared/ ", "/shared"),
            ("/usr/share/nginx/html", "/usr/share/nginx/html"),
            ("/usr/local/lib", "/usr/local/lib"),
            ("/var/www", "/var/www"),
            ("/srv/other", "/srv/other"),
            ("/srv/database", "/srv/database"),
            ("/procession", "/procession"),
        ] {
            let parsed = MountPath::parse(text, &taken());
            assert_eq!(parsed.as_ref().map(MountPath::as_str), Ok(path), "{text}");
        }
    }

    #[test]
    fn what_the_system_needs_is_refused() {
        for wrong in [
            "",
            "shared",
            "/",
            "//",
            "/usr",
            "/var",
            "/proc",
            "/proc/",
            "/proc/sys/kernel",
            "/sys/fs",
            "/dev/shm",
            "/etc/passwd",
            "/run/x",
            "/var/run/docker.sock",
            "/lib64",
            "/usr/bin",
            "/bin/x",
            "/a/../etc",
            "/a/./b",
            "/a//b",
            "/a:b",
            "/a,b",
            "/a\nb",
            "/a\\b",
            "..",
            "/..",
        ] {
            assert!(MountPath::parse(wrong, &[]).is_err(), "{wrong:?}");
        }
        assert!(MountPath::parse(&format!("/{}", "x".repeat(LONGEST)), &[]).is_err());
    }

    #[test]
    fn a_mount_lies_neither_in_another_nor_over_it() {
        for wrong in ["/srv/data", "/srv/data/deep", "/srv"] {
            let refused = MountPath::parse(wrong, &taken()).unwrap_err();
            assert!(refused.contains("/srv/data"), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_absolute_and_plain(text in any::<String>()) {
            if let Ok(path) = MountPath::parse(&text, &[]) {
                let path = path.as_str();
                prop_assert!(path.starts_with('/') && path.len() > 1 && !path.ends_with('/'));
                prop_assert!(path.split('/').skip(1).all(|part| !part.is_empty() && part != "." && part != ".."));
                prop_assert!(!path.chars().any(char::is_control));
            }
        }

        #[test]
        fn nothing_below_a_closed_folder_is_taken(closed in proptest::sample::select(&CLOSED[..]), below in "(/[a-z]{1,5}){0,3}") {
            let path = format!("{closed}{below}");
            prop_assert!(MountPath::parse(&path, &[]).is_err());
        }
    }
}
