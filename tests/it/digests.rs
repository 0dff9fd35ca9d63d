//! Digests from their schedule to the rows of an Issue, and the commands about them.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

pub mod clients;
mod commands;
mod gate;
mod identity;
mod look;
mod oracle;
mod pictures;
mod property;
mod slots;
