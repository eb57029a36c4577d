//! The panel as a whole, against real PostgreSQL and a real Docker Engine; one binary, so that it links once.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod access_walk;
mod bad_input;
mod crash;
mod engine_contract;
mod faults;
mod http;
mod panel;
mod row_security;
mod surface;
mod templates;
