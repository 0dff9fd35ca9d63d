//! Mail against servers and parsers that know nothing of our code.

mod authentic;
mod deliverer;
mod matrix;
mod message;
mod send_test;
mod transport;
