//! A post's HTML: its sections, with the roles that know most.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postrider::post::section::{self, roles::Roles};
use postrider::post::{markdown, sanitize};

fuzz_target!(|text: &str| {
    let page = "https://www.example.org/blog/p/".parse().expect("an address");
    let html = sanitize::sanitize(&markdown::to_html(text), &page);
    let roles = Roles::preset("sofa-weekly").expect("a preset");
    let sections = section::sections(&html, &roles);
    assert!(sections.len() <= html.len() + 1);
});
