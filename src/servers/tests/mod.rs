//! Actions and the reconciler against real PostgreSQL and the engine in memory.

mod copies;
mod crash;
mod create;
mod deleted;
mod disk;
mod eggs;
mod engine;
mod faults;
mod guard;
mod life;
mod live;
mod moves;
mod networks;
mod power;
mod reseal;
mod scene;
mod settings;
mod sweep;
mod update;
