//! What became of each attempt, and claims that are given back.
//!
//! An outcome is kept whatever becomes of this process when [`Store::record`] returns, and on the disk with the next claim, or
//! [`Store::settle`]: until then a power cut lets a mail be sent again, with the same Message-ID. So mails need not
//! wait for the disk one after the other.

use chrono::{DateTime, Utc};

use super::rows::{Holds, Rows, Value};
use super::{Db, Error, Result, Store, ms};
use crate::crypto;
use crate::delivery::{Outcome, State, Verdict};
use crate::sabotage::{Plant, planted, point};

/// The end of one attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// [`super::Claim::id`]
    pub delivery: String,
    /// [`super::Claim::fence`]
    pub fence: i64,
    /// What the server said.
    pub outcome: Outcome,
    /// What the Delivery becomes.
    pub state: State,
    /// With [`State::Queued`]: not before.
    pub due_at: Option<DateTime<Utc>>,
}

/// A claim that is given back untouched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Back {
    /// [`super::Claim::id`]
    pub delivery: String,
    /// [`super::Claim::fence`]
    pub fence: i64,
    /// Not before.
    pub due_at: DateTime<Utc>,
}

/// When a commit returns on SQLite. On PostgreSQL it is on the disk then.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Synced {
    /// When it is on the disk.
    Fully,
    /// When it is in the log: it outlives this process.
    Lazily,
}

impl Synced {
    pub(super) fn begin(self) -> &'static str {
        match self {
            Self::Fully => "pragma synchronous = full; begin immediate",
            Self::Lazily => "pragma synchronous = normal; begin immediate",
        }
    }
}

struct Ended<'a> {
    id: &'a str,
    fence: i64,
    state: &'a str,
    code: u16,
    reply: &'a str,
    is_uncertain: bool,
    due_at: Option<i64>,
    wake_at: Option<i64>,
}

impl<'a> Ended<'a> {
    const COLUMNS: [(&'static str, Holds); 8] = [
        ("id", Holds::Text),
        ("fence", Holds::Number),
        ("state", Holds::Text),
        ("code", Holds::Number),
        ("reply", Holds::Text),
        ("uncertain", Holds::Number),
        ("due_at", Holds::Number),
        ("wake_at", Holds::Number),
    ];

    fn row(&self) -> [Value<'a>; 8] {
        [
            Value::Text(self.id),
            self.fence.into(),
            Value::Text(self.state),
            i64::from(self.code).into(),
            Value::Text(self.reply),
            i64::from(self.is_uncertain).into(),
            Value::Number(self.due_at),
            Value::Number(self.wake_at),
        ]
    }
}

/// Reports as rows, in the order in which every process locks them.
fn ended(reports: &[Report], now: DateTime<Utc>) -> Vec<[Value<'_>; 8]> {
    let mut rows: Vec<Ended<'_>> = reports
        .iter()
        .map(|report| {
            let open = matches!(report.state, State::Queued | State::Sending);
            let due_at = report.due_at.filter(|_| open).map(ms);
            Ended {
                id: &report.delivery,
                fence: report.fence,
                // Nobody but a claim makes a Delivery `sending`.
                state: if open { State::Queued } else { report.state }.as_str(),
                code: report.outcome.code,
                reply: &report.outcome.text,
                is_uncertain: report.outcome.verdict == Verdict::Uncertain,
                due_at,
                wake_at: open.then(|| due_at.unwrap_or(ms(now))),
            }
        })
        .collect();
    rows.sort_by(|a, b| a.id.cmp(b.id));
    sabotage_results(&mut rows, reports);
    rows.iter().map(Ended::row).collect()
}

impl Store {
    /// Takes the results whose fence is the newest; returns how many were. See the module for how well they are kept then.
    pub async fn record(&self, reports: &[Report], now: DateTime<Utc>) -> Result<u64> {
        let ended = ended(reports, now);
        let mut taken = 0;
        for rows in Rows::of(Ended::COLUMNS, &ended) {
            taken += self.end(&rows, now).await?;
        }
        Ok(taken)
    }

    async fn end(&self, rows: &Rows<'_, 8>, now: DateTime<Utc>) -> Result<u64> {
        const END: &str = "
            update deliveries set state = r.state, code = r.code, reply = r.reply, due_at = coalesce(r.due_at, deliveries.due_at),
                wake_at = r.wake_at, changed_at = $1, uncertain = deliveries.uncertain + r.uncertain
            from r where deliveries.id = {one r.id} and deliveries.fence = r.fence and deliveries.state = 'sending'";
        let mut turn = self.shared.turn.lock().await;
        if planted(Plant::NoFence) {
            lazily!(self, turn, writer => rows.query(UNFENCED, &[])?.execute(writer).await?.rows_affected());
        }
        // One statement is one transaction.
        point!("before commit");
        let mut tries = 0;
        let taken = loop {
            let end = async {
                Ok::<_, Error>(lazily!(self, turn, writer => {
                    rows.query(END, &[ms(now).into()])?.execute(writer).await?.rows_affected()
                }))
            };
            tries += 1;
            match end.await {
                Err(error) if tries < 5 && error.lost_a_deadlock() => {}
                end => {
                    if end.is_err() {
                        turn.forget();
                    }
                    break end?;
                }
            }
        };
        point!("after commit");
        Ok(taken)
    }

    /// [`Self::record`], on the disk when this returns. Issues without open Deliveries become done.
    pub async fn report(&self, reports: &[Report], now: DateTime<Utc>) -> Result<u64> {
        let taken = self.record(reports, now).await?;
        if taken > 0 {
            self.settle().await?;
            self.finish_issues(now).await?;
        }
        Ok(taken)
    }

    /// Whatever was recorded before is on the disk when this returns.
    pub async fn settle(&self) -> Result<()> {
        // A commit that changes nothing is not waited for.
        const MARK: &str = "insert into meta (name, value) values ('settled', $1)
            on conflict (name) do update set value = excluded.value";
        if matches!(self.shared.db, Db::Sqlite { .. }) {
            return self.durable().await;
        }
        // One statement is one transaction.
        point!("before commit");
        on!(self, quick, pool => sqlx::query(MARK).bind(crypto::new_id()).execute(pool).await.map(|_| ())?);
        point!("after commit");
        Ok(())
    }

    /// Gives claims back untouched (shutdown, relay down): queued again, the attempt not counted.
    pub async fn release(&self, backs: &[Back], now: DateTime<Utc>) -> Result<()> {
        const BACK: &str = "
            update deliveries set state = 'queued', attempts = attempts - 1, due_at = r.due_at, wake_at = r.due_at, changed_at = $1
            from r where deliveries.id = {one r.id} and deliveries.fence = r.fence and deliveries.state = 'sending'";
        const COLUMNS: [(&str, Holds); 3] = [("id", Holds::Text), ("fence", Holds::Number), ("due_at", Holds::Number)];
        if backs.is_empty() {
            return Ok(());
        }
        let mut backs: Vec<&Back> = backs.iter().collect();
        backs.sort_by(|a, b| a.delivery.cmp(&b.delivery));
        let given_back: Vec<[Value<'_>; 3]> =
            backs.iter().map(|back| [Value::Text(&back.delivery), back.fence.into(), ms(back.due_at).into()]).collect();
        unit!(self, quick, tx => {
            for rows in Rows::of(COLUMNS, &given_back) {
                if planted(Plant::NoFence) {
                    rows.query(UNFENCED, &[])?.execute(&mut *tx).await?;
                }
                rows.query(BACK, &[ms(now).into()])?.execute(&mut *tx).await?;
            }
        })
    }

    /// Gives back every claim of `owner`, untouched: none of them was begun, or what became of it was reported.
    pub async fn release_all(&self, owner: &str, now: DateTime<Utc>) -> Result<u64> {
        const BACK: &str = "
            update deliveries set state = 'queued', attempts = attempts - 1, due_at = $2, wake_at = $2, changed_at = $2
            where state = 'sending' and owner = $1 and wake_at is not null";
        unit!(self, tx => {
            sqlx::query(BACK).bind(owner).bind(ms(now)).execute(&mut *tx).await?.rows_affected()
        })
    }
}

// ---- planted by the crash harness (see `sabotage`) ----

/// Whatever a machine says of a mail is made to be of the newest claim.
const UNFENCED: &str = "
    update deliveries set state = 'sending', fence = r.fence from r where deliveries.id = {one r.id}";

fn sabotage_results(rows: &mut Vec<Ended<'_>>, reports: &[Report]) {
    let verdict = |id: &str| reports.iter().find(|report| report.delivery == id).map(|report| report.outcome.verdict);
    for row in rows.iter_mut() {
        let becomes = match verdict(row.id) {
            Some(Verdict::Temporary) if planted(Plant::ResultBefore250) && row.code == 0 => State::Sent,
            Some(Verdict::Uncertain) if planted(Plant::UncertainFails) => State::Failed,
            _ => continue,
        };
        (row.state, row.wake_at) = (becomes.as_str(), None);
    }
    if planted(Plant::OutcomeLost) {
        rows.retain(|row| !row.id.ends_with(['a', 'c', 'e', 'g']));
    }
}
