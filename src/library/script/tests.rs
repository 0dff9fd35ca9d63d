use serde_json::json;

use super::*;

fn read(text: &str) -> Value {
    Script::new(text, Loader(&|file| (file == "./data.json").then(|| json!({"url": "https://data.example"}))))
        .exported()
}

fn json(text: &str) -> serde_json::Value {
    read(text).to_json().unwrap_or_default()
}

#[test]
fn plain_data_in_every_notation() {
    for text in [
        "module.exports = {a: 'x', \"b\": [1, `y`, true, null],};",
        "export default {'a': \"x\", /* , */ b: [1, \"y\", true, null] // }\n}",
        "#!/usr/bin/env node\n// @ts-check\nconst config = {\n  a: 'x',\n  b: [1, 'y', true, null],\n}\n\nexport default config",
        "import type {Config} from 'x';\nconst config: Config = {a: 'x', b: [1, 'y', true, null]} satisfies Config;\nexport default config;",
        "const a = 'x'; const rest = {b: [1, ...['y', true], null]};\nmodule.exports = {a, ...rest};",
        "module.exports = async function create() { const b = [1, 'y', true, null]; return {a: 'x', b}; }",
        "export default async () => ({a: 'x', b: [1, 'y', true, null]} as const)",
        "export default (): Config => { if (x) { return {a: 1} } return {a: 'x', b: [1, 'y', true, null]} }",
        "const config = {b: [1, 'y', true, null]};\nconfig.a = 'x';\nmodule.exports = config;",
        "function make() { return {a: 'x', b: [1, 'y', true, null]} }\nmodule.exports = make();",
        "let n: Map<string, () => void>; let a = 'w'; a = 'x'\nexport default defineConfig({a, b: [1, 'y', true, null]})",
    ] {
        let value = json(text);
        assert_eq!((&value["a"], &value["b"]), (&json!("x"), &json!([1, "y", true, null])), "{text}");
    }
}

#[test]
fn what_takes_no_environment_is_told() {
    let of = |expression: &str| {
        let text = format!(
            "const base = 'https://a.example', {{one, n: two, three = '3'}} = {{one: '1', n: '2'}}, {{NONE: four = '4'}} = process.env; const data = require('./data.json');\nmodule.exports = {{v: {expression}}}"
        );
        read(&text).at(&["v"])
    };
    for (expression, value) in [
        ("process.env.URL || 'https://b.example'", "https://b.example"),
        ("process.env['URL'] ?? 'https://b.example'", "https://b.example"),
        ("process.env.CI === 'true' ? 'x' : 'y'", "y"),
        ("!!process.env.A && process.env.B === 'production' ? 'x' : 'y'", "y"),
        ("process.env.A === undefined ? 'x' : process.env.A.trim()", "x"),
        ("`${base}/docs`", "https://a.example/docs"),
        ("base + '/' + 'docs'", "https://a.example/docs"),
        ("data.url", "https://data.example"),
        ("require(\"./data.json\")['url']", "https://data.example"),
        ("(base as string)!", "https://a.example"),
        ("require.resolve('./x')", "./x"),
        ("path.resolve(__dirname, 'blog')", "./blog"),
        ("'it\\'s \\u0041\\u{1F600}\\x41\\\n!'", "it's A😀A!"),
        ("base.endsWith('/') ? base : base + '/'", "https://a.example/"),
        ("[false && 'a', 'b'].filter(Boolean).join('-')", "b"),
        ("{a: {b: 'c'}}.a?.b", "c"),
        ("one", "1"),
        ("two", "2"),
        ("three", "3"),
        ("four", "4"),
    ] {
        assert_eq!(of(expression), Value::Text(value.into()), "{expression}");
    }
    for expression in [
        "new Date().getFullYear()",
        "fetch(base)",
        "other",
        "`${new Date()}`",
        "a ? 'x' : 'y'",
        "/re(g)['ex]/i",
        "data.none.x",
    ] {
        assert_eq!(of(expression).unknown(), Some(2), "{expression}");
    }
}

#[test]
fn functions_and_patterns_between_do_not_hide_what_follows() {
    let text = "module.exports = {\n  url(x) { return {a: 1}; },\n  async b({c}, d) { },\n  get e() { return 1 },\n  f: function g() { return /[}]{/ },\n  h: (a, b) => ({c: a ? b : {}}),\n  i: x => x / 2,\n  j: class K { l() {} },\n  title: 'here' };";
    let value = read(text);
    assert_eq!(value.at(&["title"]), Value::Text("here".into()));
    assert_eq!(value.at(&["url"]), Value::Unknown(2));
}

#[test]
fn a_spread_that_is_not_known_is_told() {
    let Value::Map(map) = read("const base = load();\nmodule.exports = {\n  ...base,\n  a: 1 };") else {
        panic!("no map")
    };
    assert_eq!((map.unread, map.get("a")), (Some(3), Value::Number(1.0)));
    assert_eq!(read("let a = 'x';\nif (b) { a = 'y' }\nmodule.exports = {a}").at(&["a"]), Value::Unknown(2));
}

#[test]
fn calls_of_the_parameter() {
    let text = "const input = 'src';\nmodule.exports = function (config) {\n  config.addGlobalData('permalink', '/x/');\n  config.ignores.add(input + '/drafts');\n  other.add(1);\n  if (x) { config.setInputDirectory('y') }\n  return {dir: {input}, pathPrefix: '/p/'};\n}";
    let script = Script::new(text, Loader(&|_| None));
    let calls: Vec<(String, Vec<Value>, usize)> =
        script.calls().into_iter().map(|call| (call.method, call.arguments, call.line)).collect();
    let text = |text: &str| Value::Text(text.into());
    assert_eq!(
        calls,
        [
            ("addGlobalData".into(), vec![text("permalink"), text("/x/")], 3),
            ("ignores.add".into(), vec![text("src/drafts")], 4),
            ("setInputDirectory".into(), vec![text("y")], 6),
        ]
    );
    assert_eq!(script.exported().at(&["dir", "input"]), text("src"));
    let named =
        Script::new("export const config = {dir: {input: 'a'}};\nexport default function (c) {}", Loader(&|_| None));
    assert_eq!(named.named("config").at(&["dir", "input"]), text("a"));
    assert_eq!(named.exported(), Value::Undefined);
}

/// Hostile texts: the work is counted in steps, so that this ends at once or not at all.
#[test]
fn bombs_end() {
    let doubled = (0..60).map(|n| format!("const a{n} = [a{m}, a{m}];", m = n + 1)).collect::<Vec<_>>().join("\n");
    for text in [
        "(".repeat(100_000),
        "module.exports = ".to_owned() + &"[".repeat(100_000),
        "module.exports = ".to_owned() + &"!".repeat(100_000),
        "module.exports = ".to_owned() + &"{a:".repeat(50_000),
        "module.exports = ".to_owned() + &"`${".repeat(20_000),
        "module.exports = ".to_owned() + &"1 + ".repeat(50_000),
        "module.exports = ".to_owned() + &"a ? ".repeat(50_000),
        "module.exports = ".to_owned() + &"x => ".repeat(50_000),
        "module.exports = ".to_owned() + &"f(".repeat(50_000),
        "module.exports = ".to_owned() + &"1 ** ".repeat(50_000),
        "const a = a; module.exports = a".into(),
        "const a = b, b = a; const b = a; module.exports = {a, b}".into(),
        "function f() { return f() } module.exports = f()".into(),
        doubled + "\nmodule.exports = a0",
        "'\\".into(),
        "`${'".into(),
        "/[".into(),
        "module.exports = {...".into(),
        "export default".into(),
        "module.exports = x as <<<".into(),
        "\u{feff}\0\u{2028}é = '\u{1F600}\\u{zz}\\x".into(),
    ] {
        let script = Script::new(&text, Loader(&|_| None));
        let _ = (script.exported(), script.calls(), script.named("config"));
    }
}

/// Real-looking texts with octets changed, cut and joined: nothing panics, whatever is left of them.
#[test]
fn mutations_end() {
    const SIGNS: &[u8] = b"{}()[]`$\"'/\\=,;:.?x ";
    let text = "// @ts-check\nimport {x} from 'y';\nconst {a = `b${c ? 'd' : {e: [1, ...f]}}`} = process.env;\n/** @type {Config} */\nconst config: Config = {\n  url: a || 'https://e.org', // url\n  presets: [['classic', {blog: {path: 'b', r: /[}]/g, f(x) { return x ?? 1 }}} satisfies Options]],\n  ...rest,\n};\nexport default async function (eleventyConfig) { eleventyConfig.ignores.add('x'); return config as any; }\n";
    let mut state = 7_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..5_000 {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            match next(4) {
                0 => bytes[at] = SIGNS[next(SIGNS.len())],
                1 => bytes.truncate(at.max(1)),
                2 => {
                    let other = next(bytes.len());
                    let (from, to) = (at.min(other), at.max(other));
                    let part = bytes[from..to].to_vec();
                    bytes.splice(at..at, part);
                }
                _ => {
                    bytes.remove(at);
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        let mutated = String::from_utf8_lossy(&bytes);
        let script = Script::new(&mutated, Loader(&|_| None));
        let _ = (script.exported(), script.calls(), script.named("config"));
    }
}
