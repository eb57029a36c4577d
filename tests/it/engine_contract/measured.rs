//! What a real engine's figures mean: a busy server is seen to use what it may, and memory that it took is seen.

use std::time::{Duration, Instant};

use super::docker_world::DockerWorld;
use super::world::{PATIENCE, World as _, running, spec};

/// Twenty million bytes in a variable, then an endless loop.
const BUSY: &str = "x=$(head -c 20000000 /dev/zero | tr '\\0' x); while :; do :; done";

#[tokio::test]
async fn a_busy_server_uses_what_it_may_and_no_more() {
    let world = DockerWorld::new().await;
    let engine = world.engine();
    let mut spec = spec(&world, "busy");
    spec.command = Some(["sh", "-c", BUSY].map(str::to_owned).to_vec());
    spec.cpu_millis = 250;
    spec.memory_bytes = 128 << 20;
    running(&world, &spec).await;
    let read = async || {
        let measured = engine
            .stats_all(std::slice::from_ref(&spec.server))
            .await
            .unwrap();
        (Instant::now(), measured[0].1.clone())
    };
    let grown = async {
        let mut first = read().await;
        // It has taken its memory, and is in its loop.
        while first.1.memory_bytes < 20_000_000 {
            first = read().await;
            tokio::task::yield_now().await;
        }
        loop {
            let next = read().await;
            if next.1.cpu_nanos - first.1.cpu_nanos > 500_000_000 {
                return (first, next);
            }
            tokio::task::yield_now().await;
        }
    };
    let (first, next) = tokio::time::timeout(PATIENCE, grown)
        .await
        .expect("it is not seen to work");
    let used = Duration::from_nanos(next.1.cpu_nanos - first.1.cpu_nanos).as_secs_f64();
    let rate = used / (next.0 - first.0).as_secs_f64();
    // The kernel gives a quarter in slices of 25 of 100 ms, so a short look may see some more.
    assert!((0.05..0.3).contains(&rate), "{rate}");
    assert!(next.1.memory_bytes < 128 << 20, "{:?}", next.1);
}
