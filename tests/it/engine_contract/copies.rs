//! Laws about copying volumes.

use berth::drivers::engine::{CopiedVolume, CopyEvent, CopySpec, Engine, EngineError, Outcome, VolumeKey};
use futures_util::TryStreamExt;

use super::files::{names, read, stopped, write};
use super::world::{World, server, tenant, volume};

fn copy(from: &str, to: &str) -> CopySpec {
    CopySpec {
        server: server(to),
        source: server(from),
        base_image: "berth-test/busybox:1".to_owned(),
        volumes: vec![CopiedVolume {
            name: "data".to_owned(),
            from: volume(from).key,
            to: volume(to).key,
        }],
        is_live: false,
    }
}

async fn run(engine: &dyn Engine, spec: &CopySpec) -> Vec<CopyEvent> {
    let events = engine.copy_volumes(spec).await.unwrap();
    events.try_collect().await.unwrap()
}

pub(super) async fn volumes_are_copied_over_whatever_is_there(world: &dyn World) {
    let (engine, source) = (world.engine(), stopped(world, "a").await);
    let engine = &*engine;
    write(engine, &source, "/data/kept", b"hello").await;
    let copied = stopped(world, "b").await;
    write(engine, &copied, "/data/half", b"of another copy").await;
    for _ in 0..2 {
        let events = run(engine, &copy("a", "b")).await;
        assert_eq!(events.last(), Some(&CopyEvent::Ended(Ok(()))), "{events:?}");
        assert!(
            matches!(events[0], CopyEvent::Total(total) if total > 0),
            "{events:?}"
        );
        assert_eq!(names(engine, &copied, "/data").await, ["kept"]);
        assert_eq!(read(engine, &copied, "/data/kept").await, b"hello");
    }
    write(engine, &copied, "/data/kept", b"other").await;
    assert_eq!(read(engine, &source, "/data/kept").await, b"hello");
    assert_eq!(engine.end_task(&server("b")).await.unwrap(), Outcome::Gone);
    assert_eq!(
        engine.observe_all().await.unwrap().len(),
        2,
        "what copied is no server"
    );
}

pub(super) async fn only_the_two_servers_volumes_are_copied(world: &dyn World) {
    let engine = world.engine();
    let (source, copied) = (stopped(world, "a").await, stopped(world, "b").await);
    write(&*engine, &source, "/data/secret", b"hello").await;
    let mut stranger = volume("c");
    stranger.tenant = tenant("c");
    engine.ensure_volume(&stranger).await.unwrap();
    let mut theft = copy("c", "b");
    theft.volumes[0].from = volume("a").key;
    let mut gift = copy("a", "c");
    gift.volumes[0].to = volume("b").key;
    for wrong in [theft, gift] {
        let refused = engine.copy_volumes(&wrong).await.err();
        assert!(
            matches!(refused, Some(EngineError::Foreign { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(names(&*engine, &copied, "/data").await, [""; 0]);
    // What was never started has no volume, and there is nothing to copy.
    let mut nothing = copy("a", "b");
    nothing.volumes[0].from = VolumeKey::new("vol_none").unwrap();
    let events = run(&*engine, &nothing).await;
    assert_eq!(events.last(), Some(&CopyEvent::Ended(Ok(()))), "{events:?}");
    let mut missing = copy("a", "b");
    missing.volumes[0].to = VolumeKey::new("vol_none").unwrap();
    let refused = engine.copy_volumes(&missing).await.err();
    assert!(
        matches!(refused, Some(EngineError::VolumeMissing { .. })),
        "{refused:?}"
    );
}
