//! Schedules as a whole: made, due, run, told, and hidden from strangers; on the engine in memory and a clock that stands still.

mod asking;
mod backups;
mod live;
mod pages;
mod running;
mod scene;
mod stacks;
