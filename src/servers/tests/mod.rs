//! Actions and the reconciler against real PostgreSQL and the engine in memory.

mod crash;
mod create;
mod deleted;
mod eggs;
mod engine;
mod faults;
mod guard;
mod live;
mod power;
mod reseal;
mod scene;
mod settings;
mod sweep;
mod update;
