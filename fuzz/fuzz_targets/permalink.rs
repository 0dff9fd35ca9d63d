//! Lines: a pattern, a title, a slug, a name, a `url`. Whatever comes out is one address on the site.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postrider::post::permalink::{self, Place, Shape};

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let mut next = || lines.next().unwrap_or_default();
    let (pattern, title, slug, name, url) = (next(), next(), next(), next(), next());
    let folders: Vec<String> = next().split('/').map(String::from).collect();
    let place = Place { folders: &folders, sections: &folders, name, title, slug, ..Place::default() };
    for old in [false, true] {
        let base = "https://www.example.org/sub/";
        let shape = Shape { base, pattern: Some(pattern).filter(|text| !text.is_empty()), old, ..Shape::default() };
        for url in [None, Some(url)] {
            if let Ok(address) = permalink::address(&shape, &place, url) {
                assert!(address.starts_with("https://www.example.org/sub") && address.is_ascii(), "{address}");
            }
        }
        let _ = permalink::alias(&shape, &place, name);
    }
});
