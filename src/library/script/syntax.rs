//! Where things stand in a program: declarations, exports, functions, types, operators.

use std::collections::HashMap;

use super::token::{Kind, Tokens};

/// Where a name gets its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Binding {
    /// An expression begins at this token.
    At(usize),
    /// `const {KEY: NAME = OTHERWISE} = OF`
    Part { of: usize, key: String, otherwise: Option<usize> },
    /// `import NAME from "FILE"`
    File(String),
    /// Given more than once, under conditions: the line.
    Unclear(usize),
}

/// Names that statements between `from` and `to` (not those inside brackets) give a value.
pub(super) fn bindings(tokens: &Tokens, from: usize, to: usize) -> HashMap<String, Binding> {
    let mut names = HashMap::new();
    let mut at = from;
    // `const a = 1, b = 2`
    let mut declares = false;
    while at < to.min(tokens.len()) {
        let word = if declares && tokens.is(at, ",") { Some("const") } else { tokens.name(at) };
        declares &= !tokens.is(at, ";");
        match word {
            Some("const" | "let" | "var") => {
                declares = true;
                let Some(name) = tokens.name(at + 1) else {
                    parts(tokens, at + 1, to, &mut names);
                    at = tokens.after(at + 1);
                    continue;
                };
                let name = name.to_owned();
                let Some(value) = initialiser(tokens, at + 2, to) else {
                    at += 2;
                    continue;
                };
                names.insert(name, Binding::At(value));
                at = value;
            }
            Some("function") if tokens.name(at + 1).is_some() => {
                let name = tokens.name(at + 1).unwrap_or_default().to_owned();
                names.insert(name, Binding::At(at));
                at += 2;
            }
            Some("import") => {
                if let (Some(name), Some("from")) = (tokens.name(at + 1), tokens.name(at + 2))
                    && let Some(Kind::Text(file)) = tokens.get(at + 3).map(|token| &token.kind)
                {
                    names.insert(name.to_owned(), Binding::File(file.clone()));
                }
                at += 1;
            }
            // `NAME = …` as a statement.
            Some(name) if tokens.is(at + 1, "=") && names.contains_key(name) && starts_statement(tokens, at) => {
                names.insert(name.to_owned(), Binding::At(at + 2));
                at += 2;
            }
            _ if opens(tokens, at) => {
                let end = tokens.after(at);
                // What a block gives to a name of outside depends on why the block is run.
                if tokens.is(at, "{") && !names.is_empty() {
                    for inner in at + 1..end.min(to) {
                        if let Some(name) = tokens.name(inner)
                            && tokens.is(inner + 1, "=")
                            && names.contains_key(name)
                            && starts_statement(tokens, inner)
                        {
                            names.insert(name.to_owned(), Binding::Unclear(tokens.line(inner)));
                        }
                    }
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    names
}

pub(super) fn opens(tokens: &Tokens, at: usize) -> bool {
    tokens.is(at, "{") || tokens.is(at, "(") || tokens.is(at, "[")
}

pub(super) fn starts_statement(tokens: &Tokens, at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else { return true };
    if tokens.is(before, ";") || tokens.is(before, "{") || tokens.is(before, "}") {
        return true;
    }
    // A new line begins one, unless a sign asks for more.
    let ended = match tokens.get(before).map(|token| &token.kind) {
        Some(Kind::Sign(sign)) => matches!(*sign, ")" | "]"),
        Some(Kind::Name(name)) => !matches!(name.as_str(), "const" | "let" | "var"),
        _ => true,
    };
    ended && tokens.line(before) < tokens.line(at)
}

/// The names of `{KEY, KEY: NAME, KEY = OTHERWISE} = OF`, where such a pattern begins at a token.
fn parts(tokens: &Tokens, at: usize, to: usize, names: &mut HashMap<String, Binding>) {
    let Some(of) = initialiser(tokens, tokens.after(at), to).filter(|_| tokens.is(at, "{")) else { return };
    let end = tokens.after(at) - 1;
    let mut item = at + 1;
    while item < end {
        if let Some(key) = tokens.name(item) {
            let (name, behind) = match tokens.name(item + 2).filter(|_| tokens.is(item + 1, ":")) {
                Some(name) => (name, item + 3),
                None => (key, item + 1),
            };
            let otherwise = tokens.is(behind, "=").then_some(behind + 1);
            names.insert(name.to_owned(), Binding::Part { of, key: key.to_owned(), otherwise });
        }
        item = next_item(tokens, item, end);
    }
}

/// Behind the `=` of a declaration; a type may stand before it.
pub(super) fn initialiser(tokens: &Tokens, mut at: usize, to: usize) -> Option<usize> {
    if tokens.is(at, ":") {
        while at < to && !tokens.is(at, "=") {
            if tokens.is(at, ";") {
                return None;
            }
            at = tokens.after(at);
        }
    }
    tokens.is(at, "=").then_some(at + 1)
}

/// Where the value begins that the file exports under `name`; the last one counts.
pub(super) fn export(tokens: &Tokens, name: &str) -> Option<usize> {
    let mut found = None;
    let mut at = 0;
    while at < tokens.len() {
        match tokens.name(at) {
            Some("export") if name == "default" && tokens.name(at + 1) == Some("default") => {
                found = Some(at + 2);
                at += 2;
            }
            Some("export") if name == "default" && tokens.is(at + 1, "=") => {
                found = Some(at + 2);
                at += 2;
            }
            Some("export") if matches!(tokens.name(at + 1), Some("const" | "let" | "var")) => {
                if tokens.name(at + 2) == Some(name) {
                    found = initialiser(tokens, at + 3, tokens.len()).or(found);
                }
                at += 2;
            }
            Some("module") if tokens.is(at + 1, ".") && tokens.name(at + 2) == Some("exports") => {
                if name == "default" && tokens.is(at + 3, "=") {
                    found = Some(at + 4);
                } else if tokens.is(at + 3, ".") && tokens.name(at + 4) == Some(name) && tokens.is(at + 5, "=") {
                    found = Some(at + 6);
                }
                at += 3;
            }
            Some("exports")
                if tokens.is(at + 1, ".") && tokens.name(at + 2) == Some(name) && tokens.is(at + 3, "=") =>
            {
                found = Some(at + 4);
                at += 4;
            }
            _ => at = tokens.after(at),
        }
    }
    found
}

pub(super) fn operator(tokens: &Tokens, at: usize) -> Option<(&'static str, u8)> {
    if let Some(name @ ("in" | "instanceof")) = tokens.name(at) {
        return Some((if name == "in" { "in" } else { "instanceof" }, 7));
    }
    let Some(Kind::Sign(sign)) = tokens.get(at).map(|token| &token.kind) else { return None };
    let rank = match *sign {
        "??" | "||" => 1,
        "&&" => 2,
        "|" => 3,
        "^" => 4,
        "&" => 5,
        "===" | "==" | "!==" | "!=" => 6,
        "<" | ">" | "<=" | ">=" => 7,
        "<<" | ">>" => 8,
        "+" | "-" => 9,
        "*" | "/" | "%" | "**" => 10,
        _ => return None,
    };
    Some((sign, rank))
}

/// Behind `as TYPE` and `satisfies TYPE`.
pub(super) fn after_type(tokens: &Tokens, mut at: usize) -> usize {
    while matches!(tokens.name(at), Some("as" | "satisfies")) {
        at += 1;
        let mut whole = false;
        loop {
            match tokens.get(at).map(|token| &token.kind) {
                Some(Kind::Name(_) | Kind::Text(_) | Kind::Number(_)) if !whole => {
                    whole = !matches!(tokens.name(at), Some("readonly" | "keyof" | "typeof" | "infer"));
                    at += 1;
                }
                Some(Kind::Sign("{" | "(")) if !whole => {
                    whole = true;
                    at = tokens.after(at);
                }
                Some(Kind::Sign("[")) => {
                    whole = true;
                    at = tokens.after(at);
                }
                Some(Kind::Sign("." | "|" | "&" | "=>")) => {
                    whole = false;
                    at += 1;
                }
                Some(Kind::Sign("<")) if whole => {
                    let mut depth = 0_usize;
                    while let Some(token) = tokens.get(at) {
                        match token.kind {
                            Kind::Sign("<") => depth += 1,
                            Kind::Sign(">") => depth = depth.saturating_sub(1),
                            Kind::Sign(">>") => depth = depth.saturating_sub(2),
                            _ => {}
                        }
                        at = tokens.after(at);
                        if depth == 0 {
                            break;
                        }
                    }
                }
                _ => break,
            }
        }
    }
    at
}

/// Behind the next comma; whatever could not be read before it is passed over.
pub(super) fn next_item(tokens: &Tokens, mut at: usize, end: usize) -> usize {
    while at < end {
        if tokens.is(at, ",") {
            return at + 1;
        }
        at = tokens.after(at);
    }
    end
}

/// Where an expression ends that is not looked at.
pub(super) fn end_of_expression(tokens: &Tokens, mut at: usize) -> usize {
    while let Some(token) = tokens.get(at) {
        if matches!(token.kind, Kind::Sign("," | ";" | "}" | ")" | "]")) {
            break;
        }
        at = tokens.after(at);
    }
    at
}

/// The function that begins at a token: where its parameters are, and behind it.
pub(super) fn function(tokens: &Tokens, at: usize) -> Option<(usize, usize)> {
    let start = if tokens.name(at) == Some("async") && tokens.line(at) == tokens.line(at + 1) { at + 1 } else { at };
    if matches!(tokens.name(start), Some("function" | "class")) {
        let mut next = start + 1;
        while next < tokens.len() && !tokens.is(next, "(") && !tokens.is(next, "{") {
            next += 1;
        }
        let parameters = next;
        while next < tokens.len() && !tokens.is(next, "{") {
            next = tokens.after(next);
        }
        return Some((parameters, tokens.after(next)));
    }
    let mut arrow = start;
    if tokens.is(start, "(") {
        arrow = tokens.after(start);
        // A type of what it returns.
        if tokens.is(arrow, ":") {
            while arrow < tokens.len() && !tokens.is(arrow, "=>") && !tokens.is(arrow, ",") && !tokens.is(arrow, ";") {
                arrow = tokens.after(arrow);
            }
        }
    } else if tokens.name(start).is_some() {
        arrow = start + 1;
    }
    if !tokens.is(arrow, "=>") {
        return None;
    }
    let end = if tokens.is(arrow + 1, "{") { tokens.after(arrow + 1) } else { end_of_expression(tokens, arrow + 1) };
    Some((start, end))
}

/// Where a function's body begins (its brace, or an arrow's expression) and ends.
pub(super) fn body(tokens: &Tokens, at: usize) -> Option<(usize, usize)> {
    let (parameters, end) = function(tokens, at)?;
    let mut from = if tokens.is(parameters, "(") { tokens.after(parameters) } else { parameters + 1 };
    while from < end && !tokens.is(from, "{") && !tokens.is(from, "=>") {
        from += 1;
    }
    if tokens.is(from, "=>") {
        from += 1;
    }
    (from < end).then_some((from, end.saturating_sub(1)))
}

pub(super) fn first_parameter(tokens: &Tokens, at: usize) -> Option<&str> {
    let (parameters, _) = function(tokens, at)?;
    if tokens.is(parameters, "(") { tokens.name(parameters + 1) } else { tokens.name(parameters) }
}
