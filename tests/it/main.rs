//! The panel as a whole, against real PostgreSQL and a real Docker Engine; one binary, so that it links once.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod abuse;
mod access_walk;
mod backups;
mod bad_input;
mod breakdown;
mod chaos;
mod confirm;
mod console;
mod crash;
mod deleted;
mod disk;
mod doctor;
mod drills;
mod eggs;
mod engine_contract;
mod exit;
mod faults;
mod files;
mod guard;
mod http;
mod incidents;
mod installations;
mod kept_forms;
mod locks;
mod logs;
mod mail;
mod mail_bad_input;
mod mail_dns;
mod mail_fetches;
mod mail_import;
mod mail_service;
mod origin;
mod panel;
mod panel_backup;
mod parity;
mod pool;
mod row_security;
mod schedules;
mod snapshots;
mod stacks;
mod start;
mod story;
mod surface;
mod templates;
mod tenant_volumes;
mod tickets;
mod volumes;
