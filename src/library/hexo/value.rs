//! Values of the front matter as JavaScript takes them: for true, for text.

use serde_json::Value;

/// Whether JavaScript takes it for true.
pub fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// The text that JavaScript makes of it.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(written) => written.as_f64().map(number).unwrap_or_default(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items
            .iter()
            .map(|item| if item.is_null() { String::new() } else { text(item) })
            .collect::<Vec<_>>()
            .join(","),
        Value::Object(_) => "[object Object]".into(),
    }
}

/// A value, or the values of a list, each as text; nothing and empty text left out.
pub fn texts(value: &Value) -> Vec<String> {
    let one = std::slice::from_ref(value);
    let items = value.as_array().map_or(one, Vec::as_slice);
    items.iter().filter(|item| !item.is_null() && item.as_str() != Some("")).map(text).collect()
}

/// A number as JavaScript writes it.
pub fn number(number: f64) -> String {
    match number.abs() {
        0.0 => "0".into(),
        size if size >= 1e21 => format!("{number:e}").replace('e', "e+"),
        size if size < 1e-6 => format!("{number:e}"),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn as_javascript_writes_them() {
        for (value, expected) in [
            (json!(1.0), "1"),
            (json!(-0.0), "0"),
            (json!(1.5), "1.5"),
            (json!(1e30), "1e+30"),
            (json!(2.5e-7), "2.5e-7"),
            (json!(12), "12"),
            (json!([1, null, ["a", true]]), "1,,a,true"),
            (json!({"a": 1}), "[object Object]"),
        ] {
            assert_eq!(text(&value), expected);
        }
        assert_eq!(texts(&json!([1, null, "", "a"])), ["1", "a"]);
        assert!(is_true(&json!([])) && is_true(&json!("0")) && !is_true(&json!("")) && !is_true(&json!(0)));
    }
}
