//! Whether disk limits hold: the pool of storage, and the driver that serves it.

use std::fs;
use std::path::Path;

use super::super::Finding;
use crate::commands::pool::Place;
use crate::drivers::pool::{Client, Kind, Problem, Status, look_at, show_size};

const WHAT: &str = "disk quotas";

/// What the pool of this machine is like.
pub(in super::super) async fn quotas(place: &Place, socket: &Path) -> Vec<Finding> {
    let source = place.source();
    let status = match look_at(&place.pool, &source) {
        Ok(status) => status,
        Err(error) => {
            return vec![Finding::broken(
                WHAT,
                error.to_string(),
                "run it as root, or see `berth pool status`",
            )];
        }
    };
    if status.quota.is_none() && !source.exists() {
        return vec![no_pool()];
    }
    let mut findings: Vec<Finding> = status.problems.iter().map(problem).collect();
    if let Err(error) = Client::at(socket).status().await {
        findings.push(Finding::broken(
            "volume driver",
            error.to_string(),
            "start it: `berth volume-driver`, or systemctl start berth-volume-driver",
        ));
    }
    if findings.is_empty() {
        findings.push(well(&status));
    }
    findings
}

/// Volumes are plain then, and pages say so.
fn no_pool() -> Finding {
    let filesystems = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    if filesystems.lines().any(|line| line.trim() == "btrfs") {
        Finding::warning(
            WHAT,
            "this machine has no pool: disk limits are measured, not enforced",
            "make one with `berth pool init`: see docs/storage.md",
        )
    } else {
        Finding::warning(
            WHAT,
            "the kernel has no btrfs: disk limits can only be measured",
            "load the module btrfs, then make a pool: see docs/storage.md",
        )
    }
}

fn problem(problem: &Problem) -> Finding {
    let (says, fix) = (problem.says.clone(), problem.fix.clone());
    if problem.is_urgent {
        Finding::broken(WHAT, says, fix)
    } else {
        Finding::warning(WHAT, says, fix)
    }
}

fn well(status: &Status) -> Finding {
    match status.quota {
        Some(Kind::Enforced) => Finding::good(
            WHAT,
            format!(
                "{}; {} of {} are left in the pool",
                status.label,
                show_size(status.available),
                show_size(status.total)
            ),
        ),
        _ => Finding::warning(
            WHAT,
            status.label.clone(),
            "move to a machine with btrfs, or live with it",
        ),
    }
}
