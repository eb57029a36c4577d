//! Stacks against a real database and an engine in memory.

mod backups;
mod life;
mod making;
mod pages;
mod scale;
mod scene;
mod secrets;
mod snapshots;
