//! No mail is lost and none repeated, whatever dies: the real program against a server that keeps everything in one order.
//!
//! The short runs belong to `tests/run`; `tests/run --long` makes ten thousand kills and a hundred thousand races of them.

mod kills;
mod machines;
mod plants;
mod random;
mod round;
mod sink;

use crate::support::databases;

/// `tests/run --long`
fn long() -> bool {
    #[expect(clippy::disallowed_methods, reason = "tests may read the environment")]
    std::env::var_os("POSTRIDER_TEST_LONG").is_some()
}
