//! What explains an archive to whoever opens it years later, without Berth.

use std::fmt::Write as _;

use super::super::outer::{Outer, Stop};
use super::super::source::Source;
use super::SECTIONS;

pub(super) async fn write(source: &Source, outer: &mut Outer) -> Result<(), Stop> {
    outer.file("README.txt", text(source).as_bytes()).await
}

fn text(source: &Source) -> String {
    let mut text = format!(
        "All that an organisation had in Berth, as of {}.\n\n",
        source.now.format("%Y-%m-%d %H:%M:%S UTC")
    );
    for section in SECTIONS {
        let _ = writeln!(text, "{}\n    {}.", section.place, section.about);
    }
    text.push_str(
        "checksums/NUMBER.sha256\n    the SHA-256 of every file above; to check all: cat checksums/*.sha256 | sha256sum --check --quiet\n\
         END.json\n    the last file. Without it the download was cut off, and something is missing: take it again.\n\n",
    );
    text.push_str(if source.with_secrets {
        "Secret variables are in server.json in plain text. Keep this archive as safe as a password.\n"
    } else {
        "Secret variables are left out: their value is null. A member who may see them can take an archive with them.\n"
    });
    text.push_str(
        "Files are as they were when they were read, one after the other; what servers changed meanwhile may be old in one file \
         and new in another. For databases, stop the server before you take an archive, or take a dump into its volume first.\n\
         Owners and modes of files are kept; to have the owners too, unpack as root. Sockets, pipes and devices are left out.\n",
    );
    text
}
