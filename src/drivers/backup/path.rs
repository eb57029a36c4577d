//! Places inside a backup. They come from people, and restic takes some of what it is given for patterns.

/// A volume and a path in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InBackup {
    volume: String,
    path: String,
}

impl InBackup {
    /// Takes a volume's name and a path in it, with or without slashes around it. Nothing if that can be no place: a path
    /// that goes up, a control character, a volume that no template could have.
    pub fn new(volume: &str, path: &str) -> Option<Self> {
        let is_name = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-');
        if volume.is_empty() || volume.starts_with('-') || !volume.chars().all(is_name) {
            return None;
        }
        let path = path.trim_matches('/');
        let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
        let is_good = path.is_empty() || path.split('/').all(is_part);
        (is_good && path.len() <= 4096 && !path.chars().any(char::is_control)).then(|| Self {
            volume: volume.to_owned(),
            path: if path.is_empty() {
                String::new()
            } else {
                format!("/{path}")
            },
        })
    }

    /// The volume's name.
    pub fn volume(&self) -> &str {
        &self.volume
    }

    /// The path in the volume: empty, or with a slash before it and none behind.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path without what only patterns know.
    pub(super) fn pattern(&self) -> String {
        let mut pattern = String::new();
        for c in self.path.chars() {
            if matches!(c, '*' | '?' | '[' | '\\') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        pattern
    }

    /// What the backup calls it.
    pub(super) fn whole(&self) -> String {
        format!("/volumes/{}{}", self.volume, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_and_mean_themselves() {
        let place = InBackup::new("data", "/a b/[x]*.txt/").unwrap();
        assert_eq!(place.whole(), "/volumes/data/a b/[x]*.txt");
        assert_eq!(place.pattern(), "/a b/\\[x]\\*.txt");
        assert_eq!(InBackup::new("data", "/").unwrap().whole(), "/volumes/data");
        for (volume, path) in [
            ("", ""),
            ("../x", ""),
            ("-x", ""),
            ("data", "a/../b"),
            ("data", ".."),
            ("data", "a//b"),
            ("data", "a\nb"),
        ] {
            assert_eq!(InBackup::new(volume, path), None, "{volume:?} {path:?}");
        }
    }
}
