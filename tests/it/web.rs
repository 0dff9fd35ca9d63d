//! The web server as the world sees it: a real one on a free port, a real store, a clock that stands until it is moved.

mod archive;
mod connections;
mod harness;
mod links;
mod operations;
mod pages;
mod sign_up;
