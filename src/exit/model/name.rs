//! What a thing's folder in an archive is called: after the thing, in letters that every file system takes.

use std::collections::HashSet;

/// The longest part of a name that is taken over.
const MAX: usize = 60;

/// Names that are given once each.
#[derive(Debug, Default)]
pub struct Names(HashSet<String>);

impl Names {
    /// The folder of something that people call `name`. Where that says too little, or is taken by another, `id` is added.
    pub fn give(&mut self, name: &str, id: &str) -> String {
        let plain: String = name.chars().take(MAX).map(plain).collect();
        let plain = plain.trim_matches(['.', ' ', '_']);
        let is_kept = plain == name && !self.0.contains(&plain.to_lowercase());
        let given = if is_kept {
            plain.to_owned()
        } else {
            format!("{plain}-{id}").trim_start_matches('-').to_owned()
        };
        // Some file systems know no difference between large and small letters.
        self.0.insert(given.to_lowercase());
        given
    }
}

fn plain(letter: char) -> char {
    if letter.is_ascii_alphanumeric() || "-_. ".contains(letter) {
        letter
    } else {
        '_'
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn folders_are_plain_and_never_the_same() {
        let mut names = Names::default();
        assert_eq!(names.give("web-1", "srv_1"), "web-1");
        assert_eq!(names.give("Web-1", "srv_2"), "Web-1-srv_2");
        assert_eq!(names.give("../../etc/passwd", "srv_3"), "etc_passwd-srv_3");
        assert_eq!(names.give("🦀", "srv_4"), "srv_4");
        assert_eq!(names.give("..", "srv_5"), "srv_5");
    }
}
