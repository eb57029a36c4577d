//! The panel as a whole, against real PostgreSQL; one binary, so that it links once.

mod http;
mod row_security;
mod surface;
