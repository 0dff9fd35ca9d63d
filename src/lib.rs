//! Postrider carries a site's posts to the people who asked for them.
//!
//! Read in this order: the values say what things are, the shell modules each own one outside thing, the loops
//! move data between them, and the daemon builds the parts once. Arrows point upwards in this list only; the test
//! `architecture` reads the `use` lines and fails when one points down.

// Values: pure; no async, no I/O.
pub mod bounce;
pub mod clock;
pub mod crypto;
pub mod delivery;
pub mod digest;
pub mod feed;
pub mod fingerprint;
pub mod post;
pub mod problem;
pub mod rope;
pub mod sabotage;
pub mod site;
pub mod subscriber;
pub mod template;
pub mod yaml;

// Shell: each owns one outside thing, and none imports another.
pub mod dns;
pub mod imaging;
pub mod library;
pub mod mail;
pub mod store;

// Web and loops: `step(parts, now)` is what tests drive, `run(parts, cancel)` repeats it.
pub mod deliverer;
pub mod http;
pub mod inbox;
pub mod publisher;
pub mod scheduler;
pub mod websub;

// The program around them.
pub mod cli;
pub mod config;
pub mod daemon;

/// Reading a site allocates in several threads at once, and a daemon should be small again after it has made feeds or sent mail: the system's
/// allocator is slower at the one and keeps more of the other.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
