//! Mail against servers and parsers that know nothing of our code.

mod deliverer;
mod message;
mod transport;
