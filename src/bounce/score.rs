//! When an address is given up: points for what came back, not a count. A mail that arrived takes all of them back.
//!
//! | what came back | points, of 30 |
//! |---|---|
//! | our own relay said beyond doubt, while it also took mail, that there is nobody (or no mail) of that name | 30: at once |
//! | any other hard bounce | 15 for 30 days: the next mail asks again, the second one in that time decides |
//! | no such domain, no way to it | 10: the third |
//! | mailbox full, expired, a broken system, an older hard bounce | 6, once the first is 30 days old: the fifth |
//! | policy, content, size | none, however often: that is no word about the reader |

use chrono::{DateTime, Duration, Utc};

use super::Reason;

/// What came back of one mail since something last arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    /// When it came back.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: Reason,
    /// Our own relay said it while the mail was handed over, so that no forger and no third party can have; and in words that are
    /// said of nothing else ([`super::classify::is_certain`]).
    pub own: bool,
}

/// How long a hard bounce is fresh, and how long soft ones must go on.
const MONTH: Duration = Duration::days(30);
/// A mail that was taken and has not come back after this long has arrived: mail servers give up after five days.
pub const ARRIVED_AFTER: Duration = Duration::days(5);

/// Is the address given up at `now`? `strikes`: one a mail, in any order.
pub fn gives_up(strikes: &[Strike], now: DateTime<Utc>) -> bool {
    let lasting = strikes.iter().map(|strike| strike.at).min().is_some_and(|first| now - first >= MONTH);
    strikes.iter().map(|strike| points(*strike, lasting, now)).sum::<u32>() >= 30
}

impl Strike {
    /// Of two reports on one mail: does this one say more against the address?
    pub fn weighs_more_than(&self, other: &Self) -> bool {
        points(*self, true, self.at) > points(*other, true, other.at)
    }
}

fn points(strike: Strike, lasting: bool, now: DateTime<Utc>) -> u32 {
    let soft = if lasting { 6 } else { 0 };
    match strike.reason {
        Reason::UserUnknown | Reason::Moved | Reason::NoMail if strike.own => 30,
        reason if reason.is_hard() && now - strike.at < MONTH => 15,
        Reason::NoHost => 10,
        Reason::Policy | Reason::Content | Reason::TooBig => 0,
        _ => soft,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(days: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap() + Duration::days(days)
    }

    /// On which of `days` the address is given up, when each brings `reason`.
    fn given_up(reason: Reason, own: bool, days: &[i64]) -> Option<i64> {
        let mut strikes = Vec::new();
        days.iter().copied().find(|day| {
            strikes.push(Strike { at: at(*day), reason, own });
            gives_up(&strikes, at(*day))
        })
    }

    #[test]
    fn each_reason_has_its_weight() {
        let weekly: Vec<i64> = (0..60).map(|week| week * 7).collect();
        let daily: Vec<i64> = (0..60).collect();
        let monthly: Vec<i64> = (0..12).map(|month| month * 31).collect();
        for (reason, own, by_day, by_week, by_month) in [
            (Reason::UserUnknown, true, Some(0), Some(0), Some(0)),
            (Reason::NoMail, true, Some(0), Some(0), Some(0)),
            (Reason::Disabled, true, Some(1), Some(7), Some(93)),
            (Reason::UserUnknown, false, Some(1), Some(7), Some(93)),
            (Reason::NoHost, false, Some(2), Some(14), Some(62)),
            (Reason::MailboxFull, false, Some(30), Some(35), Some(124)),
            (Reason::Expired, false, Some(30), Some(35), Some(124)),
            (Reason::Unknown, false, Some(30), Some(35), Some(124)),
            (Reason::Policy, false, None, None, None),
            (Reason::Policy, true, None, None, None),
            (Reason::Content, false, None, None, None),
            (Reason::TooBig, false, None, None, None),
        ] {
            assert_eq!(given_up(reason, own, &daily), by_day, "{reason:?} by the day");
            assert_eq!(given_up(reason, own, &weekly), by_week, "{reason:?} by the week");
            assert_eq!(given_up(reason, own, &monthly), by_month, "{reason:?} by the month");
        }
    }

    #[test]
    fn two_hard_ones_count_within_thirty_days() {
        assert_eq!(given_up(Reason::UserUnknown, false, &[0, 29]), Some(29));
        assert_eq!(given_up(Reason::UserUnknown, false, &[0, 30]), None);
        assert!(!gives_up(&[], at(0)));
    }

    proptest! {
        #[test]
        fn order_is_no_matter_and_more_never_helps(raw in prop::collection::vec((0..200_i64, 0..12_usize, any::<bool>()), 0..12)) {
            let mut strikes: Vec<Strike> =
                raw.iter().map(|(day, reason, own)| Strike { at: at(*day), reason: Reason::ALL[*reason], own: *own }).collect();
            let before = gives_up(&strikes, at(200));
            strikes.reverse();
            prop_assert_eq!(gives_up(&strikes, at(200)), before);
            strikes.push(Strike { at: at(200), reason: Reason::UserUnknown, own: false });
            prop_assert!(gives_up(&strikes, at(200)) || !before);
        }
    }
}
