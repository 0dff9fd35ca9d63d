//! Mail against servers and parsers that know nothing of our code.

mod message;
mod transport;
