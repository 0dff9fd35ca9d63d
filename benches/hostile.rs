//! What a hostile header costs: `cargo bench --bench hostile`. None may take 100 ms; the tests beside `yaml` count the
//! same limits in steps, so that no machine's speed decides there.

#![expect(clippy::print_stdout, reason = "a benchmark says what it found")]

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use postrider::post::front_matter;

const RUNS: usize = 5;
const LIMIT: Duration = Duration::from_millis(100);

/// Name, and the file's text. All are as large as a header may be.
fn bombs() -> Vec<(&'static str, String)> {
    let fill = |start: &str, part: &str| format!("{start}{}", part.repeat((64 * 1024 - 300) / part.len()));
    let each = |line: fn(usize) -> String| (0..4_000).map(line).collect::<String>();
    let mut laughs = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for n in 1..40 {
        let _ = writeln!(laughs, "a{n}: &a{n} [{}]", vec![format!("*a{}", n - 1); 9].join(", "));
    }
    // As many brackets as are let through, all of them open.
    let open = format!("a: {}{}", "[".repeat(480), "x".repeat(64_000));
    let yaml = [
        ("flow", fill("a: ", "{\"\":[")),
        ("open brackets", open),
        ("closed brackets", fill("", "- [1]\n")),
        ("lists in lists", fill("", "- ")),
        ("keys of keys", fill("", "? ")),
        ("indentation", (0..350).flat_map(|n| [" ".repeat(n), "k:\n".to_owned()]).collect()),
        ("anchors and aliases", fill("", "&a *a ")),
        ("aliases of aliases", laughs),
        ("aliases of text", format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(30_000), vec!["*a"; 8_000].join(","))),
        ("merges", format!("a: &a {{x: 1}}\n{}", each(|n| format!("b{n}: {{<<: *a}}\n")))),
        ("one long text", fill("a: ", "x")),
        ("escapes", fill("a: \"", "\\x41")),
        ("tags", fill("a:\n", "- !t x\n")),
        ("many keys", each(|n| format!("k{n}: v\n"))),
        ("one key again and again", fill("", "a: |\n")),
        ("odd numbers", each(|n| format!("k{n}: 01{n}\n"))),
        ("comments", fill("", "# x\n")),
    ];
    let yaml = yaml.into_iter().map(|(name, header)| (name, format!("---\n{header}\n---\nx\n")));
    let others = [
        ("TOML lists", format!("+++\n{}\n+++\n", fill("a = ", "["))),
        ("TOML tables", format!("+++\n{}\n+++\n", fill("a = ", "{a="))),
        ("TOML keys", format!("+++\n{}\n+++\n", each(|n| format!("k{n}.b = 1\n")))),
        ("JSON", fill("", "{\"a\":")),
    ];
    yaml.chain(others).collect()
}

fn main() -> ExitCode {
    let mut worst = Duration::ZERO;
    for (name, text) in bombs() {
        let mut times = [Duration::ZERO; RUNS];
        let mut read = false;
        for time in &mut times {
            let begun = Instant::now();
            read = front_matter::split(&text).is_ok();
            *time = begun.elapsed();
        }
        times.sort_unstable();
        let median = times[RUNS / 2];
        worst = worst.max(median);
        let outcome = if read { "read" } else { "refused" };
        println!("{name:26} {:7.1} ms  {outcome}", median.as_secs_f64() * 1e3);
    }
    if worst < LIMIT { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
