//! A whole file: cut into header and body, every value as a date. Lines of keys are asked for, too.
#![no_main]

use chrono_tz::Tz;
use libfuzzer_sys::fuzz_target;
use postrider::post::{date, front_matter};

fuzz_target!(|text: &str| {
    let Ok(parts) = front_matter::split(text) else { return };
    assert!(text.ends_with(parts.body));
    for (key, value) in &parts.front_matter.values {
        let _ = date::read(value, Tz::Asia__Shanghai);
        if let Some(text) = value.as_str() {
            let _ = date::lenient(text, Tz::Europe__Berlin);
        }
        let _ = parts.front_matter.line_of(key);
    }
});
