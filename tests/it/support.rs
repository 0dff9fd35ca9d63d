//! What the tests stand on: databases, third-party programs, the corpora.

pub mod databases;
pub mod dns;
pub mod house;
pub mod peers;
pub mod random;
pub mod smtp;

/// `tests/run --long`: the slow suites at their full length.
pub fn long() -> bool {
    #[expect(clippy::disallowed_methods, reason = "tests may read the environment")]
    std::env::var_os("POSTRIDER_TEST_LONG").is_some()
}
