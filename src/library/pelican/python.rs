//! What a settings file in Python says, without running it: assignments of plain values at the top, and in branches
//! whose condition is known. What is not known (a call, the environment) is nothing, as it is where nobody set it.

mod token;

use std::collections::HashMap;

use serde_json::{Map, Value};

use token::{Token, logical_lines, tokens};

/// Deeper expressions are not read.
const MAX_DEPTH: usize = 40;

/// Puts what `source` assigns into `names`.
pub fn read(source: &str, names: &mut HashMap<String, Value>) {
    // Indents of the blocks around, and whether each is taken.
    let mut blocks: Vec<(usize, bool)> = Vec::new();
    // By indent: whether a branch of the last `if` there was taken already.
    let mut chosen: HashMap<usize, bool> = HashMap::new();
    for (indent, line) in logical_lines(source) {
        while blocks.last().is_some_and(|(outer, _)| indent <= *outer) {
            blocks.pop();
        }
        let taken = blocks.iter().all(|(_, taken)| *taken);
        let tokens = tokens(&line);
        let mut reader = Reader { tokens: &tokens, at: 0, names, depth: 0 };
        let word = match tokens.first() {
            Some(Token::Name(name)) => name.as_str(),
            _ => continue,
        };
        match word {
            "if" | "elif" | "else" | "try" | "except" | "finally" | "for" | "while" | "def" | "class" | "with" => {
                reader.at = 1;
                let before = word != "if" && chosen.get(&indent).copied().unwrap_or(false);
                let enters = match word {
                    "if" | "elif" => !before && truth(&reader.expression()),
                    "else" => !before,
                    "try" | "finally" | "with" => true,
                    _ => false,
                };
                if matches!(word, "if" | "elif" | "else") {
                    chosen.insert(indent, before || enters);
                } else if word == "try" {
                    // The `else` of a `try` is taken.
                    chosen.insert(indent, false);
                }
                // A statement behind the colon.
                let colon = tokens.iter().rposition(|token| *token == Token::Sign(':'));
                match colon {
                    Some(colon) if colon + 1 < tokens.len() && taken && enters => {
                        let mut reader = Reader { tokens: &tokens[colon + 1..], at: 0, names, depth: 0 };
                        reader.statement();
                    }
                    _ => blocks.push((indent, enters)),
                }
            }
            _ if taken => reader.statement(),
            _ => {}
        }
    }
}

/// What Python takes for true.
pub fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

struct Reader<'t, 'n> {
    tokens: &'t [Token],
    at: usize,
    names: &'n mut HashMap<String, Value>,
    depth: usize,
}

impl Reader<'_, '_> {
    /// An assignment; anything else says nothing.
    fn statement(&mut self) {
        let mut targets = Vec::new();
        while let (Some(Token::Name(name)), Some(sign)) = (self.tokens.get(self.at), self.tokens.get(self.at + 1)) {
            match sign {
                Token::Sign('=') => targets.push(name.clone()),
                Token::Pair(pair) if pair == "+=" => {
                    let name = name.clone();
                    self.at += 2;
                    let more = self.expression();
                    let sum = added(self.names.get(&name).cloned().unwrap_or_default(), more);
                    self.names.insert(name, sum);
                    return;
                }
                _ => break,
            }
            self.at += 2;
        }
        // `MARKDOWN['x'] = …`
        if let (true, [Token::Name(name), Token::Sign('['), Token::Text(key), Token::Sign(']'), Token::Sign('='), ..]) =
            (targets.is_empty(), self.tokens)
        {
            let (name, key) = (name.clone(), key.clone());
            self.at = 5;
            let value = self.expression();
            if let Some(Value::Object(map)) = self.names.get_mut(&name) {
                map.insert(key, value);
            }
            return;
        }
        if targets.is_empty() {
            return;
        }
        let mut value = self.expression();
        if self.takes(',') {
            // A tuple without brackets.
            let mut items = vec![value];
            while self.at < self.tokens.len() {
                items.push(self.expression());
                if !self.takes(',') {
                    break;
                }
            }
            value = Value::Array(items);
        }
        for name in targets {
            self.names.insert(name, value.clone());
        }
    }

    fn takes(&mut self, sign: char) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Name(name)) if name == word);
        self.at += usize::from(found);
        found
    }

    /// `A if C else B`
    fn expression(&mut self) -> Value {
        if self.depth >= MAX_DEPTH {
            self.at = self.tokens.len();
            return Value::Null;
        }
        self.depth += 1;
        let mut value = self.either();
        if self.takes_word("if") {
            let condition = self.either();
            if self.takes_word("else") {
                let other = self.expression();
                value = if truth(&condition) { value } else { other };
            }
        }
        self.depth -= 1;
        value
    }

    fn either(&mut self) -> Value {
        let mut value = self.both();
        while self.takes_word("or") {
            let other = self.both();
            value = if truth(&value) { value } else { other };
        }
        value
    }

    fn both(&mut self) -> Value {
        let mut value = self.negated();
        while self.takes_word("and") {
            let other = self.negated();
            value = if truth(&value) { other } else { value };
        }
        value
    }

    fn negated(&mut self) -> Value {
        let mut not = false;
        while self.takes_word("not") {
            not = !not;
        }
        let value = self.compared();
        if not { Value::Bool(!truth(&value)) } else { value }
    }

    fn compared(&mut self) -> Value {
        let value = self.sum();
        if let Some(Token::Pair(pair)) = self.tokens.get(self.at) {
            let pair = pair.clone();
            self.at += 1;
            let other = self.sum();
            return match pair.as_str() {
                "==" => Value::Bool(value == other),
                "!=" => Value::Bool(value != other),
                _ => Value::Null,
            };
        }
        if self.takes_word("is") {
            let not = self.takes_word("not");
            let other = self.sum();
            return Value::Bool((value == other) != not);
        }
        if self.takes_word("in") {
            let other = self.sum();
            return Value::Bool(match (&value, &other) {
                (Value::String(part), Value::String(whole)) => whole.contains(part.as_str()),
                (part, Value::Array(items)) => items.contains(part),
                _ => false,
            });
        }
        value
    }

    fn sum(&mut self) -> Value {
        let mut value = self.atom();
        loop {
            // Strings beside each other are one.
            if let (Value::String(text), Some(Token::Text(more))) = (&value, self.tokens.get(self.at)) {
                value = Value::String(format!("{text}{more}"));
                self.at += 1;
            } else if self.takes('+') {
                let other = self.atom();
                value = added(value, other);
            } else if matches!(self.tokens.get(self.at), Some(Token::Sign('%' | '*' | '/' | '-'))) {
                self.at += 1;
                self.atom();
                value = Value::Null;
            } else {
                return value;
            }
        }
    }

    fn atom(&mut self) -> Value {
        let Some(token) = self.tokens.get(self.at).cloned() else { return Value::Null };
        self.at += 1;
        match token {
            Token::Text(text) => Value::String(text),
            Token::Number(number) => number,
            Token::Sign('-') => match self.tokens.get(self.at).cloned() {
                Some(Token::Number(number)) => {
                    self.at += 1;
                    number.as_i64().map_or(Value::Null, |number| (-number).into())
                }
                _ => Value::Null,
            },
            Token::Sign('[') => Value::Array(self.items(']')),
            Token::Sign('(') => {
                let start = self.at;
                let items = self.items(')');
                let is_tuple = self.tokens[start..self.at.saturating_sub(1).max(start)].contains(&Token::Sign(','));
                match <[Value; 1]>::try_from(items) {
                    Ok([value]) if !is_tuple => self.behind(value),
                    Ok([value]) => Value::Array(vec![value]),
                    Err(items) => Value::Array(items),
                }
            }
            Token::Sign('{') => self.dictionary(),
            Token::Name(name) => match name.as_str() {
                "True" => Value::Bool(true),
                "False" => Value::Bool(false),
                "None" => Value::Null,
                name => {
                    let value = self.names.get(name).cloned().unwrap_or_default();
                    self.behind(value)
                }
            },
            Token::Sign(_) | Token::Pair(_) => Value::Null,
        }
    }

    /// Calls, parts and members behind a value: the default of a look-up in the environment is believed.
    fn behind(&mut self, mut value: Value) -> Value {
        let mut called = String::new();
        loop {
            if self.takes('.') {
                if let Some(Token::Name(name)) = self.tokens.get(self.at) {
                    called.clone_from(name);
                }
                self.at += 1;
                if !matches!(self.tokens.get(self.at), Some(Token::Sign('(' | '.' | '['))) {
                    value = Value::Null;
                }
            } else if self.takes('(') {
                let arguments = self.items(')');
                value = match (called.as_str(), arguments.as_slice()) {
                    ("get" | "getenv", [_, default, ..]) => default.clone(),
                    ("rstrip", [Value::String(end)]) if value.is_string() => {
                        let text = value.as_str().unwrap_or_default();
                        text.trim_end_matches(|c| end.contains(c)).into()
                    }
                    ("join", parts) if value.is_null() && parts.iter().all(Value::is_string) => {
                        parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("/").into()
                    }
                    _ => Value::Null,
                };
                called.clear();
            } else if self.takes('[') {
                let key = self.items(']');
                value = match (&value, key.as_slice()) {
                    (Value::Object(map), [Value::String(key)]) => map.get(key).cloned().unwrap_or_default(),
                    _ => Value::Null,
                };
            } else {
                return value;
            }
        }
    }

    /// Up to `end`, with commas between; a keyword's name is passed over.
    fn items(&mut self, end: char) -> Vec<Value> {
        let mut items = Vec::new();
        while self.at < self.tokens.len() && !self.takes(end) {
            let before = self.at;
            items.push(self.expression());
            if self.takes('=') || self.takes(':') {
                items.pop();
                items.push(self.expression());
            }
            // What is not understood is passed over: nothing is read twice.
            if !self.takes(',') && self.tokens.get(self.at) != Some(&Token::Sign(end)) {
                self.at = self.at.max(before + 1);
            }
        }
        items
    }

    fn dictionary(&mut self) -> Value {
        let mut map = Map::new();
        while self.at < self.tokens.len() && !self.takes('}') {
            let before = self.at;
            let key = self.expression();
            if self.takes(':') {
                let value = self.expression();
                if let Value::String(key) = key {
                    map.insert(key, value);
                }
            }
            if !self.takes(',') && self.tokens.get(self.at) != Some(&Token::Sign('}')) {
                self.at = self.at.max(before + 1);
            }
        }
        Value::Object(map)
    }
}

fn added(value: Value, other: Value) -> Value {
    match (value, other) {
        (Value::String(text), Value::String(more)) => Value::String(text + &more),
        (Value::Array(mut items), Value::Array(more)) => {
            items.extend(more);
            Value::Array(items)
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(source: &str) -> HashMap<String, Value> {
        let mut names = HashMap::new();
        read(source, &mut names);
        names
    }

    #[test]
    fn plain_values_are_read() {
        let found = names(
            "# c\nimport os\nA = u'x' # c\nB = \"it's \\\"q\\\" \\u00e9\\n\"\nC = r'(?P<date>\\d{4})'\nD = ['a', \"b\",\n  'c',]\nE = ('a',)\n\
             F = {'k': {'n': 1}, 'l': [True, None]}\nG = '''long\nstring'''\nH = A + '/' + 'y'\nI = ('one '\n     'two')\nJ = K = 3\n\
             L = 'a' \\\n  'b'\nM = -1.5 if False else 'no'\nD += ['d']\nF['m'] = A\nN = 2021, 3, 4\n",
        );
        for (name, expected) in [
            ("A", json!("x")),
            ("B", json!("it's \"q\" é\n")),
            ("C", json!("(?P<date>\\d{4})")),
            ("D", json!(["a", "b", "c", "d"])),
            ("E", json!(["a"])),
            ("F", json!({"k": {"n": 1}, "l": [true, null], "m": "x"})),
            ("G", json!("long\nstring")),
            ("H", json!("x/y")),
            ("I", json!("one two")),
            ("J", json!(3)),
            ("K", json!(3)),
            ("L", json!("ab")),
            ("M", json!("no")),
            ("N", json!([2021, 3, 4])),
        ] {
            assert_eq!(found.get(name), Some(&expected), "{name}");
        }
    }

    #[test]
    fn branches_and_what_is_not_known() {
        let found = names(
            "T = False\nE = True if os.environ.get('X') == '1' else False\nU = 'https://a.example' if not T else 'http://localhost'\n\
             if E:\n    A = 1\n    if True:\n        A = 2\nelif T: A = 3\nelse:\n    A = 4\n    B = os.environ.get('B', 'b')\n\
             def f():\n    A = 5\n    return A\ntry:\n    C = 1\nexcept ImportError:\n    C = 2\nG = f(1, x=[2])['k'].lower()\nfrom x import *\n\
             P = os.path.join('a', 'b')\nS = 'x/'.rstrip('/')\nif 'a' in ['a'] and T is not True: H = 'one'\n",
        );
        for (name, expected) in [
            ("U", json!("https://a.example")),
            ("A", json!(4)),
            ("B", json!("b")),
            ("C", json!(1)),
            ("G", json!(null)),
            ("P", json!("a/b")),
            ("H", json!("one")),
        ] {
            assert_eq!(found.get(name), Some(&expected), "{name}");
        }
    }

    #[test]
    fn hostile_files_end() {
        for text in [
            "(",
            "A = (((((",
            "A = '",
            "A = {'",
            "if if if",
            "A = \"\\",
            "A = [1 2 3 : : ,,]",
            "A = 'x'[",
            "é = 'é",
            "A = ''''",
        ] {
            names(text);
        }
        names(&format!("A = {}", "(".repeat(20_000)));
        names(&format!("A = {}", "not ".repeat(20_000)));
        names(&format!("A = {}", "[1, ".repeat(20_000)));
    }
}
