//! What a running container uses.

use bollard::{
    models::{ContainerBlkioStats, ContainerMemoryStats, ContainerStatsResponse},
    query_parameters::StatsOptionsBuilder,
};
use futures_util::StreamExt;

use super::super::super::{EngineResult, ServerKey, Stats};
use super::super::{connection::Connection, error, raw};

impl Connection {
    pub(in super::super) async fn stats(&self, server: &ServerKey) -> EngineResult<Option<Stats>> {
        let Some(container) = self.find(server).await? else {
            return Ok(None);
        };
        if container.state.status != "running" && container.state.status != "paused" {
            return Ok(None);
        }
        self.stats_of(&container.id).await
    }

    /// What a container uses; nothing if it does not run.
    pub(in super::super) async fn stats_of(&self, container: &str) -> EngineResult<Option<Stats>> {
        // Without `one-shot` the engine waits a second for a second sample.
        let options = StatsOptionsBuilder::default()
            .stream(false)
            .one_shot(true)
            .build();
        let mut answers = self.docker.stats(container, Some(options));
        match answers.next().await {
            Some(Ok(answer)) => Ok(measured(&answer)),
            Some(Err(failure)) if matches!(error::status(&failure), Some(404 | 409)) => Ok(None),
            Some(Err(failure)) => Err(self.failure(failure)),
            None => Ok(None),
        }
    }
}

/// Nothing for a container that ended meanwhile: the engine then sends zeros.
fn measured(answer: &ContainerStatsResponse) -> Option<Stats> {
    let cpu = answer.cpu_stats.as_ref()?.cpu_usage.as_ref()?.total_usage?;
    let memory = answer.memory_stats.clone().unwrap_or_default();
    let limit = memory.limit.filter(|limit| *limit > 0)?;
    let networks = answer.networks.iter().flat_map(|networks| networks.values());
    let (rx_bytes, tx_bytes) = networks.fold((0, 0), |(rx, tx), network| {
        (
            rx + network.rx_bytes.unwrap_or(0),
            tx + network.tx_bytes.unwrap_or(0),
        )
    });
    Some(Stats {
        at: answer.read.as_deref().and_then(raw::moment),
        cpu_nanos: cpu,
        memory_bytes: used(&memory),
        memory_limit: limit,
        rx_bytes,
        tx_bytes,
        read_bytes: moved(answer.blkio_stats.as_ref(), "read"),
        write_bytes: moved(answer.blkio_stats.as_ref(), "write"),
        pids: answer
            .pids_stats
            .as_ref()
            .and_then(|pids| pids.current)
            .unwrap_or(0),
    })
}

/// Without the file cache that nobody has used for a while. Its name tells the version of control groups.
fn used(memory: &ContainerMemoryStats) -> u64 {
    let usage = memory.usage.unwrap_or(0);
    let cache = memory.stats.as_ref().and_then(|stats| {
        stats
            .get("total_inactive_file")
            .or_else(|| stats.get("inactive_file"))
    });
    usage.saturating_sub(cache.copied().unwrap_or(0))
}

fn moved(disks: Option<&ContainerBlkioStats>, direction: &str) -> u64 {
    let entries = disks.and_then(|disks| disks.io_service_bytes_recursive.as_ref());
    let of_kind = entries.into_iter().flatten().filter(|entry| {
        entry
            .op
            .as_deref()
            .is_some_and(|op| op.eq_ignore_ascii_case(direction))
    });
    of_kind.filter_map(|entry| entry.value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Stats> {
        measured(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn both_versions_of_control_groups_are_read() {
        let v1 = read(
            r#"{"read": "2026-11-23T20:16:00Z", "cpu_stats": {"cpu_usage": {"total_usage": 7}},
            "memory_stats": {"usage": 100, "limit": 1000, "stats": {"total_inactive_file": 30, "inactive_file": 1}},
            "networks": {"eth0": {"rx_bytes": 1, "tx_bytes": 2}, "eth1": {"rx_bytes": 10, "tx_bytes": 20}},
            "blkio_stats": {"io_service_bytes_recursive": [{"op": "Read", "value": 3}, {"op": "Write", "value": 4},
            {"op": "Total", "value": 7}]}, "pids_stats": {"current": 5}}"#,
        );
        let v1 = v1.unwrap();
        assert_eq!(
            (v1.cpu_nanos, v1.memory_bytes, v1.memory_limit, v1.pids),
            (7, 70, 1000, 5)
        );
        assert_eq!(
            (v1.rx_bytes, v1.tx_bytes, v1.read_bytes, v1.write_bytes),
            (11, 22, 3, 4)
        );
        let v2 = read(
            r#"{"cpu_stats": {"cpu_usage": {"total_usage": 7}}, "memory_stats": {"usage": 100, "limit": 1000,
            "stats": {"inactive_file": 40}}, "blkio_stats": {"io_service_bytes_recursive": null}}"#,
        );
        assert_eq!(v2.unwrap().memory_bytes, 60);
    }

    #[test]
    fn the_zeros_of_an_ended_container_are_nothing() {
        let zeros = r#"{"read": "0001-01-01T00:00:00Z", "cpu_stats": {"cpu_usage": {"total_usage": 0}},
            "memory_stats": {}, "pids_stats": {}}"#;
        assert_eq!(read(zeros), None);
        assert_eq!(read("{}"), None);
    }
}
