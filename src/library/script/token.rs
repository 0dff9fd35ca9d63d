//! JavaScript's tokens, brackets paired.

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Name(String),
    /// A string without holes.
    Text(String),
    /// A template with holes: texts around them, and where each hole's tokens are.
    Template(Vec<String>, Vec<Tokens>),
    /// A number.
    Number(f64),
    /// A regular expression.
    Pattern,
    /// A sign.
    Sign(&'static str),
    /// Anything else.
    Other,
}

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub kind: Kind,
    /// 1-based.
    pub line: usize,
    /// Of an opening bracket: the index of its closing one; else its own.
    pub close: usize,
}

/// A text's tokens.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Tokens(Vec<Token>);

/// Longest first, so that the longest is taken.
const SIGNS: [&str; 52] = [
    ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", "&&=", "||=", "??=", "=>", "==", "!=", "<=", ">=", "&&", "||",
    "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<", "**", "{", "}", "(", ")", "[", "]",
    ";", ",", "<", ">", "+", "-", "*", "/", "%", "&", "|", "^", "!", "~", "?",
];

/// Templates in templates are read so deep.
const MAX_DEPTH: usize = 8;

impl Tokens {
    /// Of a whole file.
    pub(super) fn new(text: &str) -> Self {
        Self::read(text.trim_start_matches('\u{feff}'), 1, 0)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Token> {
        self.0.get(at)
    }

    /// Of the last token, where `at` is behind it.
    pub(super) fn line(&self, at: usize) -> usize {
        self.0.get(at).or_else(|| self.0.last()).map_or(1, |token| token.line)
    }

    pub(super) fn is(&self, at: usize, sign: &str) -> bool {
        matches!(self.get(at), Some(Token { kind: Kind::Sign(found), .. }) if *found == sign)
    }

    pub(super) fn name(&self, at: usize) -> Option<&str> {
        if let Some(Token { kind: Kind::Name(name), .. }) = self.get(at) { Some(name) } else { None }
    }

    /// Behind the bracket that closes the one at `at`; the next token where there is none.
    pub(super) fn after(&self, at: usize) -> usize {
        self.get(at).map_or(at, |token| token.close.max(at)) + 1
    }

    fn read(text: &str, first_line: usize, depth: usize) -> Self {
        let mut lexer = Lexer { text, at: 0, line: first_line, tokens: Vec::new(), depth };
        while lexer.step() {}
        let mut tokens = lexer.tokens;
        let mut open = Vec::new();
        for at in 0..tokens.len() {
            match tokens[at].kind {
                Kind::Sign("{" | "(" | "[") => open.push(at),
                Kind::Sign("}" | ")" | "]") => {
                    if let Some(opening) = open.pop() {
                        tokens[opening].close = at;
                    }
                }
                _ => {}
            }
        }
        // What is left open ends with the file.
        let end = tokens.len();
        for opening in open {
            tokens[opening].close = end;
        }
        Self(tokens)
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
    depth: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip(&mut self, bytes: usize) {
        let end = (self.at + bytes).min(self.text.len());
        self.line += self.text[self.at..end].matches('\n').count();
        self.at = end;
    }

    fn push(&mut self, kind: Kind, line: usize) {
        let close = self.tokens.len();
        self.tokens.push(Token { kind, line, close });
    }

    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some(c) = rest.chars().next() else { return false };
        let line = self.line;
        if c.is_whitespace() {
            self.skip(c.len_utf8());
        } else if rest.starts_with("//") || (self.at == 0 && rest.starts_with("#!")) {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
        } else if let Some(comment) = rest.strip_prefix("/*") {
            self.skip(comment.find("*/").map_or(rest.len(), |end| end + 4));
        } else if c == '\'' || c == '"' {
            let text = self.string(c);
            self.push(Kind::Text(text), line);
        } else if c == '`' {
            self.template(line);
        } else if c.is_ascii_digit() || (c == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '_')).unwrap_or(rest.len());
            let digits = rest[..end].replace('_', "");
            let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
                Some(hex) => u32::from_str_radix(hex, 16).ok().map(f64::from),
                None => digits.parse().ok(),
            };
            self.skip(end);
            self.push(number.map_or(Kind::Other, Kind::Number), line);
        } else if c.is_alphabetic() || c == '_' || c == '$' || c == '#' || c == '@' {
            let end = rest[c.len_utf8()..]
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
                .map_or(rest.len(), |end| end + c.len_utf8());
            let name = rest[..end].to_owned();
            self.skip(end);
            self.push(Kind::Name(name), line);
        } else if c == '/' && self.pattern_may_begin() {
            self.pattern();
            self.push(Kind::Pattern, line);
        } else if let Some(sign) = SIGNS.iter().chain(&["=", ":", "."]).find(|sign| rest.starts_with(**sign)) {
            // `a?.5:b` is a choice, not a chain.
            let sign = if *sign == "?." && rest[2..].starts_with(|c: char| c.is_ascii_digit()) { &"?" } else { sign };
            self.skip(sign.len());
            self.push(Kind::Sign(sign), line);
        } else {
            self.skip(c.len_utf8());
            self.push(Kind::Other, line);
        }
        true
    }

    /// A slash after a value divides; anywhere else it begins a pattern.
    fn pattern_may_begin(&self) -> bool {
        match self.tokens.last().map(|token| &token.kind) {
            None => true,
            Some(Kind::Name(name)) => {
                matches!(name.as_str(), "return" | "typeof" | "case" | "in" | "of" | "delete" | "void" | "await")
            }
            Some(Kind::Sign(sign)) => !matches!(*sign, ")" | "]" | "}"),
            Some(_) => false,
        }
    }

    fn pattern(&mut self) {
        let bytes = self.text.as_bytes();
        let mut end = self.at + 1;
        let mut class = false;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'\n' => break,
                b'\\' => end += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => {
                    end += 1;
                    while bytes.get(end).is_some_and(u8::is_ascii_alphabetic) {
                        end += 1;
                    }
                    break;
                }
                _ => {}
            }
            end += 1;
        }
        while !self.text.is_char_boundary(end.min(self.text.len())) {
            end += 1;
        }
        self.skip(end - self.at);
    }

    /// Behind the opening quote up to the closing one, which is passed.
    fn string(&mut self, quote: char) -> String {
        self.skip(quote.len_utf8());
        let mut out = String::new();
        while let Some(c) = self.rest().chars().next() {
            if c == '\n' {
                break;
            }
            self.skip(c.len_utf8());
            if c == quote {
                break;
            }
            if c == '\\' { self.escaped(&mut out) } else { out.push(c) }
        }
        out
    }

    /// What stands behind a backslash.
    fn escaped(&mut self, out: &mut String) {
        let Some(c) = self.rest().chars().next() else { return };
        self.skip(c.len_utf8());
        let digits = |lexer: &mut Self, count: usize| {
            let code = lexer.rest().get(..count).and_then(|digits| u32::from_str_radix(digits, 16).ok());
            lexer.skip(if code.is_some() { count } else { 0 });
            code.and_then(char::from_u32)
        };
        match c {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'x' => out.extend(digits(self, 2)),
            'u' if self.rest().starts_with('{') => {
                let end = self.rest().find('}').unwrap_or(0);
                let code = self.rest().get(1..end).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                self.skip(end + 1);
                out.extend(code.and_then(char::from_u32));
            }
            'u' => out.extend(digits(self, 4)),
            // A line that goes on.
            '\n' | '\r' => {}
            other => out.push(other),
        }
    }

    fn template(&mut self, line: usize) {
        self.skip(1);
        let (mut texts, mut holes) = (vec![String::new()], Vec::new());
        while let Some(c) = self.rest().chars().next() {
            if self.rest().starts_with("${") {
                self.skip(2);
                let hole_line = self.line;
                let length = hole_length(self.rest());
                let hole = &self.text[self.at..self.at + length];
                let tokens = if self.depth < MAX_DEPTH {
                    Tokens::read(hole, hole_line, self.depth + 1)
                } else {
                    Tokens::default()
                };
                self.skip(length + 1);
                holes.push(tokens);
                texts.push(String::new());
                continue;
            }
            self.skip(c.len_utf8());
            let Some(text) = texts.last_mut() else { break };
            match c {
                '`' => break,
                '\\' => {
                    let mut out = std::mem::take(text);
                    self.escaped(&mut out);
                    texts.pop();
                    texts.push(out);
                }
                c => text.push(c),
            }
        }
        let kind =
            if holes.is_empty() { Kind::Text(texts.pop().unwrap_or_default()) } else { Kind::Template(texts, holes) };
        self.push(kind, line);
    }
}

/// Bytes up to the brace that ends a template's hole: braces, strings and templates inside count.
fn hole_length(text: &str) -> usize {
    let mut open: Vec<u8> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let inside = open.last().copied();
        match (inside, byte) {
            (Some(b'"' | b'\'' | b'`'), b'\\') => at += 1,
            (Some(b'`'), b'$') if bytes.get(at + 1) == Some(&b'{') => {
                open.push(b'{');
                at += 1;
            }
            (Some(quote @ (b'"' | b'\'' | b'`')), byte) if quote == byte => {
                open.pop();
            }
            (Some(b'"' | b'\'' | b'`'), _) => {}
            (_, b'"' | b'\'' | b'`' | b'{') => open.push(byte),
            (None, b'}') => return at,
            (Some(_), b'}') => {
                open.pop();
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}
