//! The web server as the world sees it: a real one on a free port, a real store, a clock that stands until it is moved.

#![expect(clippy::unwrap_used, reason = "what goes wrong in a helper is a test's failure too")]

mod archive;
mod browser;
mod connections;
pub mod harness;
mod links;
mod operations;
mod pages;
mod pictures;
mod sign_up;
