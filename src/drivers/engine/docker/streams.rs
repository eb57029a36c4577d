//! What comes out of a container and what goes into it: logs, measurements, commands, files.

mod archive;
mod dialogue;
mod exec;
mod logs;
mod stats;
mod terminal;
