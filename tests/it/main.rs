//! Everything that crosses a border: the file system, a database, SMTP, HTTP, third-party programs. One binary, so
//! that it is linked once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there, helpers included")]

mod architecture;
mod support;

mod crash;
mod deploy;
mod digests;
mod end_to_end;
mod feeds;
mod mail;
mod reader;
mod returns;
mod store;
mod web;
