//! The engine as a person uses it, and what a measurement leaves on it.

use std::process::Command;

/// What a command of `docker` says.
pub(crate) fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("docker");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Removes all that has a label: containers, networks, volumes.
pub(crate) fn sweep(label: &str) {
    let kinds: [(&[&str], &[&str]); 3] = [
        (&["ps", "-aq"], &["rm", "-fv"]),
        (&["network", "ls", "-q"], &["network", "rm"]),
        (&["volume", "ls", "-q"], &["volume", "rm"]),
    ];
    for (list, remove) in kinds {
        let filter = format!("label={label}");
        let found = docker(&[list, &["--filter", &filter]].concat());
        let ids: Vec<&str> = found.lines().collect();
        if !ids.is_empty() {
            docker(&[remove, ids.as_slice()].concat());
        }
    }
}

/// The label of all that a panel makes.
pub(crate) fn label(instance: &str) -> String {
    format!("berth.instance={instance}")
}
