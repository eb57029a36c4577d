//! Sockets of volume drivers that have gone: the engine takes each for a driver that is about to answer, and waits for it on
//! every listing of volumes. All is slow then, and nothing says why but a line in the engine's log.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use tokio::net::UnixStream;

use super::super::Finding;

/// Where the engine looks for plugins (its manual, "Docker Plugin API").
pub(in super::super) const FOLDER: &str = "/run/docker/plugins";

/// Those that nobody serves. Nothing is said of the others, nor where there is no such folder.
pub(in super::super) async fn dead_plugins(folder: &Path) -> Vec<Finding> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut sockets: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sock"))
        .collect();
    sockets.sort();
    let mut dead = Vec::new();
    for socket in sockets {
        let outcome = UnixStream::connect(&socket).await;
        if outcome.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
            dead.push(Finding::broken(
                "volume plugins",
                format!(
                    "nobody listens at {}: the engine waits 15 s for it on every listing of volumes",
                    socket.display()
                ),
                "start that driver, or remove the file",
            ));
        }
    }
    dead
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[tokio::test]
    async fn only_a_socket_that_nobody_serves_is_told() {
        let folder = std::env::temp_dir().join(format!("berth-plugins-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let _served = UnixListener::bind(folder.join("served.sock")).unwrap();
        drop(UnixListener::bind(folder.join("left.sock")).unwrap());
        fs::write(folder.join("other.json"), "{}").unwrap();
        let found = dead_plugins(&folder).await;
        let none = dead_plugins(&folder.join("missing")).await;
        fs::remove_dir_all(&folder).unwrap();
        assert!(none.is_empty());
        let [finding] = found.as_slice() else {
            panic!("{} findings", found.len())
        };
        assert!(finding.says.contains("left.sock"), "{}", finding.says);
    }
}
