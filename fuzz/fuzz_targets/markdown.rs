//! A body: Markdown, then the sanitiser. Nothing that runs is left.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postrider::post::{markdown, sanitize};

fuzz_target!(|text: &str| {
    let page = "https://www.example.org/blog/p/".parse().expect("an address");
    let html = sanitize::sanitize(&markdown::to_html(text), &page);
    assert!(!html.contains("<script") && !html.contains("<style"));
    let _ = markdown::plain(text);
});
