//! What comes back: bounces, complaints, and mails that unsubscribe.
//!
//! Who a message is about is told by its signed address alone ([`verp`]), never by its text: words only say why.

pub mod verp;

pub use verp::{Named, ReturnPath};
