//! From a new file to inboxes: the real program, a mail server that somebody else wrote, and a clock that we move.

mod crash;
mod demo;
mod doctor;
mod operations;
mod real_site;
mod story;
