//! No mail is lost and none repeated, whatever dies: the real program against a server that keeps everything in one order.
//!
//! The short runs belong to `tests/run`; `tests/run --long` makes ten thousand kills and a hundred thousand races of them.

mod files;
mod kills;
mod machine;
mod machines;
mod plants;
mod races;
mod round;
mod sink;
mod whole;

use crate::support::{databases, long};
