//! Where in a file-share server's volume the panel and its programs meet.

/// The template's volume.
pub(super) const VOLUME: &str = "share";
/// The folder of what is theirs, which is locked for people.
pub(super) const FOLDERS: [&str; 2] = ["state", "shares"];
