//! Mail against servers and parsers that know nothing of our code.

mod authentic;
mod deliverer;
mod message;
mod send_test;
mod transport;
