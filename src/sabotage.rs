//! What tests break on purpose, to prove that nobody is lost when something breaks: points at which the program dies or stands still,
//! faults of ours that are planted, a clock that runs faster.
//!
//! All of it is asked for by the variable `POSTRIDER_SABOTAGE`, by a debug build only: a release build does not know the
//! variable and says so, and what is asked here is a constant to its compiler.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Holds orders separated by `;`: `trace`, `die=POINT@N` (an empty POINT is any), `stop=POINT@N`, `plant=FAULT`, `haste=FACTOR@EPOCH`,
/// `batch=ROWS`, `forge` (what is signed is not what is sent).
pub const VARIABLE: &str = "POSTRIDER_SABOTAGE";

/// A point that is passed: named after the function that it stands in and what is done there.
macro_rules! point {
    ($step:literal) => {{
        fn here() {}
        $crate::sabotage::pass(here, $step);
    }};
}
pub(crate) use point;

/// Faults that a delivery of mail must not have. The crash harness finds each of them, or it finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// A mail counts as sent when it is handed out.
    CursorAtFetch,
    /// Who left since planning is mailed.
    NoRecheck,
    /// Who left since the claim is mailed.
    NoLastLook,
    /// Who was suppressed since planning is mailed.
    SuppressionIgnored,
    /// What a machine says of a mail that another one has counts.
    NoFence,
    /// A mail whose connection was lost on the way counts as sent.
    ResultBefore250,
    /// Some outcomes are taken and forgotten.
    OutcomeLost,
    /// What is claimed may be claimed again at once.
    LeaseIgnored,
    /// Two Deliveries for one reader.
    DoublePlan,
    /// Another Message-ID at every attempt.
    NewMessageId,
    /// An Issue is done while it has open Deliveries.
    DoneTooEarly,
    /// No answer to the final dot is taken for a refusal.
    UncertainFails,
    /// The next process sends once more what the last one had sent.
    SentAgain,
}

impl Plant {
    /// Every fault.
    pub const ALL: [Self; 13] = [
        Self::CursorAtFetch,
        Self::NoRecheck,
        Self::NoLastLook,
        Self::SuppressionIgnored,
        Self::NoFence,
        Self::ResultBefore250,
        Self::OutcomeLost,
        Self::LeaseIgnored,
        Self::DoublePlan,
        Self::NewMessageId,
        Self::DoneTooEarly,
        Self::UncertainFails,
        Self::SentAgain,
    ];
}

/// The orders, once given.
static ORDERS: OnceLock<Orders> = OnceLock::new();

struct Orders {
    trace: bool,
    /// Ends this way when this point is passed for the n-th time; counts down.
    point: Option<(String, AtomicU64, fn())>,
    plants: Vec<Plant>,
    /// So many times as fast, since this instant (milliseconds since the epoch).
    haste: Option<(i64, i64)>,
    /// Rows of a transaction that is one of many.
    batch: Option<i64>,
    forge: bool,
}

/// Takes the orders of [`VARIABLE`]. `die` ends the process at once, `stop` until somebody continues it. The error says what is not
/// understood.
pub fn arm(orders: &str, die: fn(), stop: fn()) -> Result<(), String> {
    let mut armed = Orders { trace: false, point: None, plants: Vec::new(), haste: None, batch: None, forge: false };
    for order in orders.split(';').map(str::trim).filter(|order| !order.is_empty()) {
        let wrong = || format!("`{VARIABLE}`: `{order}` is no order");
        let (verb, rest) = order.split_once('=').unwrap_or((order, ""));
        let at = || rest.split_once('@').ok_or_else(wrong);
        match verb {
            "trace" => armed.trace = true,
            "forge" => armed.forge = true,
            "die" | "stop" => {
                let (point, times) = at()?;
                let end = if verb == "die" { die } else { stop };
                armed.point = Some((point.to_owned(), AtomicU64::new(times.parse().map_err(|_| wrong())?), end));
            }
            "plant" => {
                let plant = Plant::ALL.into_iter().find(|plant| format!("{plant:?}") == rest);
                armed.plants.push(plant.ok_or_else(wrong)?);
            }
            "batch" => armed.batch = Some(rest.parse().map_err(|_| wrong())?),
            "haste" => {
                let (factor, epoch) = at()?;
                armed.haste = Some((factor.parse().map_err(|_| wrong())?, epoch.parse().map_err(|_| wrong())?));
            }
            _ => return Err(wrong()),
        }
    }
    ORDERS.set(armed).map_err(|_| format!("`{VARIABLE}` was read twice"))
}

fn orders() -> Option<&'static Orders> {
    if cfg!(debug_assertions) { ORDERS.get() } else { None }
}

/// See `point!`. `F` only says where it is.
pub fn pass<F>(_here: F, step: &'static str) {
    let Some(orders) = orders() else { return };
    let name = format!("{} {step}", place(std::any::type_name::<F>()));
    if orders.trace {
        eprintln!("passed {name}");
    }
    if let Some((point, times, end)) = &orders.point
        && (point.is_empty() || *point == name)
        && times.fetch_sub(1, Ordering::SeqCst) == 1
    {
        end();
    }
}

/// Was this fault asked for?
pub fn planted(plant: Plant) -> bool {
    orders().is_some_and(|orders| orders.plants.contains(&plant))
}

/// Is something else signed than what is sent?
pub fn is_forged() -> bool {
    orders().is_some_and(|orders| orders.forge)
}

/// What the clock shows when it is really `now` (milliseconds since the epoch).
pub fn hastened(now: i64) -> i64 {
    match orders().and_then(|orders| orders.haste) {
        Some((factor, epoch)) => epoch + (now - epoch) * factor,
        None => now,
    }
}

/// How many rows a transaction has that is one of many.
pub fn batch(rows: i64) -> i64 {
    orders().and_then(|orders| orders.batch).unwrap_or(rows)
}

/// How long `time` of the clock really takes.
pub fn really(time: Duration) -> Duration {
    match orders().and_then(|orders| orders.haste) {
        Some((factor, _)) => time / u32::try_from(factor).unwrap_or(1),
        None => time,
    }
}

/// `postrider::store::claims::<impl postrider::store::Store>::claim::{{closure}}::here` → `store::claims::claim`
fn place(function: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    for c in function.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    let noise = |part: &&str| !matches!(*part, "" | "{{closure}}" | "here" | "postrider");
    out.split("::").filter(noise).collect::<Vec<_>>().join("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_called_after_its_function() {
        let long = "postrider::store::claims::<impl postrider::store::Store>::claim::{{closure}}::{{closure}}::here";
        assert_eq!(place(long), "store::claims::claim");
        assert_eq!(place("postrider::mail::wire::write::here"), "mail::wire::write");
    }

    #[test]
    fn orders_that_nobody_understands_are_refused() {
        for orders in ["dye=x@1", "die=x", "die=x@y", "stop=x", "plant=Tree", "haste=@1", "haste=2", "batch=x"] {
            assert!(arm(orders, || panic!("nobody dies here"), || panic!("nobody stops here")).is_err(), "{orders}");
        }
    }
}
