//! What the tests stand on: databases, third-party programs, the corpora.

pub mod databases;
pub mod house;
pub mod peers;
pub mod smtp;
