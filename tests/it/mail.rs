//! Mail against servers and parsers that know nothing of our code.

mod authentic;
pub mod bench;
mod deliverer;
mod hostile;
mod judges;
mod matrix;
pub mod message;
mod pace;
mod pipelining;
mod refusals;
mod send_test;
mod transport;
