//! What is due: the rows that a claim looks at, of each group of receivers as many as may go there.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};

use crate::delivery::group::Group;

/// What is due of one lane behind a [`Mark`], oldest first: a walk along one index, whatever else waits. The columns come from here and
/// not from a second look at the table, which on PostgreSQL would be at an older state of the row than the one that is locked.
macro_rules! lane {
    ($lane:literal, $limit:literal, $wake:literal, $id:literal) => {
        concat!(
            "select * from (select id, lane, kind, rendition, subscriber, subscription, confirmation, address, address_hash, fence,
                attempts, uncertain, expires_at, wake_at
            from deliveries where rank = $1 and lane = ",
            $lane,
            " and wake_at <= $2 and (wake_at, id) > (",
            $wake,
            ", ",
            $id,
            ") and (state = 'queued' or lease_at <= $2) order by wake_at, id limit ",
            $limit,
            " {lock}) as lane_",
            $lane
        )
    };
}
/// When the first queued one of a lane is due.
macro_rules! queued {
    ($lane:literal) => {
        concat!(
            "select min(wake_at) as at from deliveries where rank = $1 and wake_at is not null and state = 'queued' and lane = ",
            $lane
        )
    };
}
/// That, and when the first lease ends of those before it, which are few: what is being sent.
macro_rules! wakes {
    ($lane:literal) => {
        concat!(
            queued!($lane),
            " union all select min(lease_at) from deliveries where rank = $1 and state = 'sending' and lane = ",
            $lane,
            " and wake_at < coalesce((",
            queued!($lane),
            "), 9223372036854775807)"
        )
    };
}

/// What is due: of each [`Group`] at most its own limit (`$4` on) behind its own mark (`$10` on), `$3` in all, the oldest.
pub(super) const DUE: &str = concat!(
    "select {list d.id, d.lane, d.kind, d.rendition, d.subscriber, d.subscription, d.confirmation, coalesce(s.address, d.address),
        r.from_address, n.state, x.hash, d.fence, d.attempts, d.uncertain, d.expires_at, d.wake_at list}
    from (select * from (",
    lane!("0", "$4", "$10", "$11"),
    " union all ",
    lane!("1", "$5", "$12", "$13"),
    " union all ",
    lane!("2", "$6", "$14", "$15"),
    " union all ",
    lane!("3", "$7", "$16", "$17"),
    " union all ",
    lane!("4", "$8", "$18", "$19"),
    " union all ",
    lane!("5", "$9", "$20", "$21"),
    ") as lanes order by wake_at, id limit $3) as d
    left join renditions r on r.id = {one d.rendition}
    left join subscribers s on s.id = {one d.subscriber}
    left join subscriptions n on n.id = {one d.subscription}
    left join suppressions x on x.hash = {one coalesce(s.hash, d.address_hash)}"
);
/// When the first of them wakes.
pub(super) const NEXT: &str = concat!(
    "select min(at) from (",
    wakes!("0"),
    " union all ",
    wakes!("1"),
    " union all ",
    wakes!("2"),
    " union all ",
    wakes!("3"),
    " union all ",
    wakes!("4"),
    " union all ",
    wakes!("5"),
    ") as lanes"
);
const _: () = assert!(Group::COUNT == 6, "DUE and NEXT have a part for each group");

/// Transactional mail before Issues': a Confirmation does not wait for the end of an Issue.
pub(super) const RANKS: [i64; 2] = [0, 1];

/// Where a look at a lane begins: behind this one. PostgreSQL's index holds what is sent until the next vacuum, so that each look from
/// the beginning would walk past all of it.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) wake_at: i64,
    pub(super) id: String,
}

impl Mark {
    /// Before all.
    const START: Self = Self { wake_at: i64::MIN, id: String::new() };

    fn is_start(&self) -> bool {
        self.wake_at == i64::MIN
    }
}

/// How much is looked at of each lane.
pub(super) struct Look {
    pub(super) limits: [usize; Group::COUNT],
    pub(super) after: [Mark; Group::COUNT],
}

impl Look {
    /// At all that there is.
    pub(super) fn whole(caps: [usize; Group::COUNT]) -> Self {
        Self { limits: caps, after: [const { Mark::START }; Group::COUNT] }
    }

    /// Having seen this, may a [`Self::whole`] one see more?
    pub(super) fn may_have_missed(&self, due: &[Candidate], caps: &[usize; Group::COUNT]) -> bool {
        let found = of_each_lane(due);
        let has_more = |lane: usize| found[lane] >= self.limits[lane] && self.limits[lane] < caps[lane];
        self.after.iter().any(|mark| !mark.is_start()) || (0..Group::COUNT).any(has_more)
    }
}

/// What was seen lately, of each rank.
#[derive(Default)]
pub(super) struct Looks(Mutex<[Lately; RANKS.len()]>);

struct Lately {
    /// How many of a hundred claimed mails were of each lane: of each a little more than that is looked at (and locked, on PostgreSQL),
    /// not as many as are wanted in all.
    shares: [usize; Group::COUNT],
    /// Those seen last.
    marks: [Mark; Group::COUNT],
    /// When each lane was looked at from the beginning.
    whole: [Option<Instant>; Group::COUNT],
}

impl Default for Lately {
    fn default() -> Self {
        Self { shares: [100; Group::COUNT], marks: [const { Mark::START }; Group::COUNT], whole: [None; Group::COUNT] }
    }
}

impl Looks {
    /// What is due again before those seen last (it was given back, or its lease ended) waits at most so long, unless nothing else does.
    const WHOLE_EVERY: Duration = Duration::from_secs(5);

    /// The next look at a rank, for so many.
    pub(super) fn next(&self, rank: i64, missing: usize, caps: &[usize; Group::COUNT]) -> Look {
        let mut all = self.all();
        let lately = &mut all[place(rank)];
        let share = |lane: usize| lately.shares[lane].saturating_mul(missing).saturating_mul(3) / 200 + 4;
        let mut look = Look::whole(std::array::from_fn(|lane| caps[lane].min(share(lane))));
        for (lane, most) in caps.iter().enumerate() {
            if lately.whole[lane].is_some_and(|at| at.elapsed() < Self::WHOLE_EVERY) {
                look.after[lane].clone_from(&lately.marks[lane]);
            } else if *most > 0 {
                lately.whole[lane] = Some(Instant::now());
            }
        }
        look
    }

    /// What it saw.
    pub(super) fn saw(&self, rank: i64, missing: usize, due: &[Candidate]) {
        let mut all = self.all();
        let lately = &mut all[place(rank)];
        lately.shares = of_each_lane(due).map(|rows| rows.saturating_mul(100) / missing.max(1));
        for row in due {
            if let Some(mark) = usize::try_from(row.lane).ok().and_then(|lane| lately.marks.get_mut(lane)) {
                *mark = Mark { wake_at: row.wake_at, id: row.id.clone() };
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, [Lately; RANKS.len()]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of a rank among [`RANKS`].
fn place(rank: i64) -> usize {
    RANKS.iter().position(|other| *other == rank).unwrap_or(0)
}

fn of_each_lane(rows: &[Candidate]) -> [usize; Group::COUNT] {
    let mut found = [0; Group::COUNT];
    for lane in rows.iter().filter_map(|row| usize::try_from(row.lane).ok()) {
        if let Some(rows) = found.get_mut(lane) {
            *rows += 1;
        }
    }
    found
}

/// A row of [`DUE`], in the order of its columns.
#[derive(serde::Deserialize)]
pub(super) struct Candidate {
    pub(super) id: String,
    pub(super) lane: i64,
    pub(super) kind: String,
    pub(super) rendition: String,
    pub(super) subscriber: Option<String>,
    pub(super) subscription: Option<String>,
    pub(super) confirmation: Option<String>,
    pub(super) address: Option<String>,
    pub(super) from_address: Option<String>,
    pub(super) subscription_state: Option<String>,
    pub(super) suppressed: Option<String>,
    pub(super) fence: i64,
    pub(super) attempts: i64,
    pub(super) uncertain: i64,
    pub(super) expires_at: i64,
    pub(super) wake_at: i64,
}

impl FromRow<'_, PgRow> for Candidate {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get(0)?,
            lane: row.try_get(1)?,
            kind: row.try_get(2)?,
            rendition: row.try_get(3)?,
            subscriber: row.try_get(4)?,
            subscription: row.try_get(5)?,
            confirmation: row.try_get(6)?,
            address: row.try_get(7)?,
            from_address: row.try_get(8)?,
            subscription_state: row.try_get(9)?,
            suppressed: row.try_get(10)?,
            fence: row.try_get(11)?,
            attempts: row.try_get(12)?,
            uncertain: row.try_get(13)?,
            expires_at: row.try_get(14)?,
            wake_at: row.try_get(15)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_that_has_no_room_is_looked_at_whole_when_it_has() {
        let of = |lane: i64| -> Candidate {
            let row = format!(r#"["a",{lane},"issue","r",null,null,null,null,null,null,null,0,0,0,0,7]"#);
            serde_json::from_str(&row).unwrap()
        };
        let (looks, open) = (Looks::default(), [10; Group::COUNT]);
        let held = std::array::from_fn(|lane| if lane == 0 { 0 } else { 10 });
        let from_the_start = |caps| looks.next(1, 10, caps).after.map(|mark| mark.is_start());
        looks.saw(1, 10, &[of(0), of(1)]);
        assert!(from_the_start(&held)[..2] == [true, true]);
        assert!(from_the_start(&open)[..2] == [true, false]);
        assert!(from_the_start(&open)[..2] == [false, false]);
    }
}
