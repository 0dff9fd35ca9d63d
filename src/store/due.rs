//! What is due: the rows that a claim looks at, of each group of receivers as many as may go there.

use std::sync::{Mutex, PoisonError};

use crate::delivery::group::Group;

/// What is due of one lane, oldest first: a walk along one index, whatever else waits. The columns come from here and not from a second
/// look at the table, which on PostgreSQL would be at an older state of the row than the one that is locked.
macro_rules! lane {
    ($lane:literal, $limit:literal) => {
        concat!(
            "select * from (select id, lane, kind, rendition, subscriber, subscription, confirmation, address, address_hash, fence,
                attempts, uncertain, expires_at, wake_at
            from deliveries where rank = $1 and lane = ",
            $lane,
            " and wake_at <= $2 and (state = 'queued' or lease_at <= $2) order by wake_at, id limit ",
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

/// What is due: of each [`Group`] at most its own limit (`$4` on), `$3` in all, the oldest: one JSON text, null where there is none.
pub(super) const DUE: &str = concat!(
    "select cast({list}({of}(d.id, d.lane, d.kind, d.rendition, d.subscriber, d.subscription, d.confirmation,
        coalesce(s.address, d.address), r.from_address, n.state, x.hash, d.fence, d.attempts, d.uncertain, d.expires_at)
        order by d.wake_at, d.id) as text)
    from (select * from (",
    lane!("0", "$4"),
    " union all ",
    lane!("1", "$5"),
    " union all ",
    lane!("2", "$6"),
    " union all ",
    lane!("3", "$7"),
    " union all ",
    lane!("4", "$8"),
    " union all ",
    lane!("5", "$9"),
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

/// How many of a hundred claimed mails were of each lane lately: of each lane a little more than that is looked at (and locked, on
/// PostgreSQL), not as many as are wanted in all.
pub(super) struct Shares(Mutex<[[usize; Group::COUNT]; RANKS.len()]>);

impl Default for Shares {
    fn default() -> Self {
        Self(Mutex::new([[100; Group::COUNT]; RANKS.len()]))
    }
}

impl Shares {
    pub(super) fn guess(&self, rank: i64, missing: usize, caps: &[usize; Group::COUNT]) -> [usize; Group::COUNT] {
        let lately = self.of(rank);
        std::array::from_fn(|lane| caps[lane].min(lately[lane].saturating_mul(missing).saturating_mul(3) / 200 + 4))
    }

    pub(super) fn saw(&self, rank: i64, missing: usize, found: &[usize; Group::COUNT]) {
        let lately = found.map(|rows| rows.saturating_mul(100) / missing.max(1));
        let place = usize::try_from(rank).unwrap_or(0);
        if let Some(of_rank) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place) {
            *of_rank = lately;
        }
    }

    fn of(&self, rank: i64) -> [usize; Group::COUNT] {
        let place = usize::try_from(rank).unwrap_or(0);
        let shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shares.get(place).copied().unwrap_or([100; Group::COUNT])
    }
}

pub(super) fn of_each_lane(rows: &[Candidate]) -> [usize; Group::COUNT] {
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
}
