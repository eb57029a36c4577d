//! The fake as a world.

use std::sync::Arc;

use async_trait::async_trait;
use berth::drivers::engine::{
    ContainerSpec, Engine, Health, InstanceKey, ServerKey, VolumeKey, VolumePath,
    fake::{FakeEngine, Program},
};

use super::world::World;

const IMAGE: &str = "berth-test/busybox:1";

/// An in-memory engine with one image.
pub(super) struct FakeWorld {
    engine: FakeEngine,
}

impl FakeWorld {
    pub(super) fn new() -> Self {
        let engine = FakeEngine::new(InstanceKey::new("test").unwrap());
        engine.add_image(IMAGE);
        Self { engine }
    }
}

#[async_trait]
impl World for FakeWorld {
    fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(self.engine.clone())
    }

    fn other_panel(&self) -> Arc<dyn Engine> {
        self.engine()
    }

    fn image(&self) -> String {
        IMAGE.to_owned()
    }

    fn instance(&self) -> String {
        "test".to_owned()
    }

    fn program(&self, spec: &mut ContainerSpec, program: Program) {
        self.engine.set_program(&spec.server, program);
    }

    async fn heal(&self, server: &ServerKey) {
        self.engine.set_health(server, Health::Healthy);
    }

    async fn add_foreign(&self, name: &str) {
        self.engine.add_foreign(name);
    }

    async fn foreign_is_untouched(&self, _name: &str) -> bool {
        true
    }

    async fn add_odd_file(&self, volume: &VolumeKey, path: &VolumePath, target: Option<&str>) {
        self.engine.add_odd_file(volume, path, target.map(str::as_bytes));
    }

    async fn go_away(&self) {
        self.engine.set_down(true);
    }

    async fn come_back(&self) {
        self.engine.set_down(false);
    }
}
