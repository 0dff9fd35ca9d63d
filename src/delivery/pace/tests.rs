//! The rules together, on a simulated clock.

use chrono::Duration;

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

fn way(name: &str, lines: usize, limits: Limits) -> Way {
    Way { name: name.to_owned(), lines, limits }
}

fn one(limits: Limits) -> Pace {
    Pace::new(vec![way("mail", 4, limits)], None, at(0))
}

fn weighing(weight: u32) -> Limits {
    Limits { weight, ..Limits::default() }
}

const NONE: [usize; Group::COUNT] = [0; Group::COUNT];

/// Somebody there.
fn to(group: Group) -> Receiver<'static> {
    Receiver { group, domain: "example.net" }
}

/// Sends one over `relay`, which says this; `None`: it may not begin.
fn send(pace: &mut Pace, relay: usize, group: Group, word: Word, now: DateTime<Utc>) -> Option<Heard> {
    send_to(pace, relay, to(group), word, now).map(|hearing| hearing.news)
}

fn send_to(pace: &mut Pace, relay: usize, to: Receiver<'_>, word: Word, now: DateTime<Utc>) -> Option<Hearing> {
    (pace.turn(relay, now) == Turn::Now && pace.takes(to, Kind::Issue, now)).then(|| {
        pace.begins(relay, to, now);
        pace.heard(relay, to, word, now, 0.5)
    })
}

#[test]
fn without_limits_everything_goes() {
    let mut pace = one(Limits::default());
    for _ in 0..10_000 {
        assert_eq!(send(&mut pace, 0, Group::Gmail, Word::Taken, at(0)), Some(Heard::Nothing));
    }
    assert_eq!(pace.ask(100, &NONE, at(0)), Ask::from(100));
    assert_eq!(pace.opens(at(0)), at(0));
    assert!(pace.is_open(at(0)) && !pace.is_doubtful(at(0)) && pace.wants(at(0)).is_empty());
}

#[test]
fn an_hour_of_421_makes_few_attempts_whoever_says_it() {
    for (groups, word) in [
        (&[Group::Other][..], Word::Blocked),
        (&[Group::Other], Word::Slower),
        (&Group::ALL, Word::Slower),
        (&[Group::Gmail, Group::Tencent], Word::Slower),
    ] {
        let mut pace = one(Limits::default());
        let mut attempts = 0;
        for second in 0..3600 {
            for group in groups {
                // As many at once as there are connections.
                let mut begun = 0;
                while begun < 4
                    && pace.turn(0, at(second)) == Turn::Now
                    && pace.takes(to(*group), Kind::Issue, at(second))
                {
                    pace.begins(0, to(*group), at(second));
                    begun += 1;
                }
                (0..begun).for_each(|_| _ = pace.heard(0, to(*group), word, at(second), 0.5));
                attempts += begun;
            }
        }
        assert!((8..=60).contains(&attempts), "{groups:?} {word:?}: {attempts}");
    }
}

#[test]
fn a_group_that_wants_less_holds_up_nobody_else() {
    let mut pace = one(Limits::default());
    (0..40).for_each(|_| _ = send(&mut pace, 0, Group::Gmail, Word::Taken, at(0)));
    assert_eq!(send(&mut pace, 0, Group::Gmail, Word::Slower, at(1)), Some(Heard::Slowed(20.0)));
    assert_eq!(send(&mut pace, 0, Group::Gmail, Word::Taken, at(1)), None);
    assert_eq!(send(&mut pace, 0, Group::Yahoo, Word::Taken, at(1)), Some(Heard::Nothing));
    assert_eq!(pace.ask(100, &NONE, at(1)).issues[Group::Gmail.number()], 0, "not in this second");
    let ask = pace.ask(100, &[0, 5, 0, 0, 0, 0], at(2));
    assert_eq!((ask.most, ask.issues, ask.transactional), (100, [100, 15, 100, 100, 100, 100], ask.issues));
    for second in 2..12 {
        while send(&mut pace, 0, Group::Gmail, Word::Slower, at(second)).is_some() {}
        assert!(send(&mut pace, 0, Group::Other, Word::Taken, at(second)).is_some());
    }
    assert_eq!(pace.ask(100, &NONE, at(12)).issues[Group::Gmail.number()], 0, "held after five in a row");
    assert!(pace.opens(at(12)) > at(12) && pace.opens(at(12)) < at(60));
    assert!(pace.is_open(at(12)));
}

#[test]
fn when_one_group_after_the_other_wants_less_it_is_the_relay() {
    let mut pace = one(Limits::default());
    assert!(matches!(send(&mut pace, 0, Group::Gmail, Word::Slower, at(0)), Some(Heard::Slowed(_))));
    assert_eq!(send(&mut pace, 0, Group::Yahoo, Word::Slower, at(0)), Some(Heard::Blocked));
    assert!(!pace.is_open(at(1)) && pace.turn(0, at(1)) == Turn::No);
    // With a mail taken in between they are two.
    let mut pace = one(Limits::default());
    send(&mut pace, 0, Group::Gmail, Word::Slower, at(0));
    send(&mut pace, 0, Group::Other, Word::Taken, at(0));
    assert!(matches!(send(&mut pace, 0, Group::Yahoo, Word::Slower, at(0)), Some(Heard::Slowed(_))));
    assert!(pace.is_open(at(1)));
}

#[test]
fn a_blocked_relay_is_tried_with_one_mail() {
    let mut pace = one(Limits::default());
    assert_eq!(send(&mut pace, 0, Group::Other, Word::Blocked, at(0)), Some(Heard::Blocked));
    assert_eq!(send(&mut pace, 0, Group::Other, Word::Taken, at(29)), None);
    assert!(!pace.is_open(at(29)) && pace.opens(at(0)) == at(30));
    assert!(pace.is_open(at(30)) && pace.is_doubtful(at(30)));
    assert_eq!(pace.turn(0, at(30)), Turn::Now);
    pace.begins(0, to(Group::Other), at(30));
    assert_eq!(pace.turn(0, at(30)), Turn::No, "the others wait for what becomes of it");
    pace.heard(0, to(Group::Other), Word::Taken, at(31), 0.5);
    assert!(pace.turn(0, at(31)) == Turn::Now && !pace.is_doubtful(at(31)));
}

#[test]
fn ten_refusals_in_a_row_are_enough_whatever_for() {
    for words in [&[Word::Policy][..], &[Word::Refused], &[Word::Policy, Word::Refused, Word::Answered]] {
        let mut pace = one(Limits::default());
        let mut refused = 0;
        for word in words.iter().copied().cycle() {
            let hearing = send_to(&mut pace, 0, to(Group::Other), word, at(0)).unwrap();
            refused += u32::from(word != Word::Answered);
            let news = if refused < 10 { Heard::Nothing } else { Heard::Refused };
            assert_eq!(hearing, Hearing { news, untouched: false });
            if refused == 10 {
                break;
            }
        }
        assert!(!pace.is_open(at(0)) && pace.refuses_everybody(0));
        // Whoever is refused from now on is given back, and the pauses grow.
        let mut tried = 0;
        for second in 0..3600 {
            let hearing = send_to(&mut pace, 0, to(Group::Other), words[0], at(second));
            assert!(hearing.is_none_or(|hearing| hearing.untouched));
            tried += u32::from(hearing.is_some());
        }
        assert!((5..=8).contains(&tried), "{tried}");
        assert!(send(&mut pace, 0, Group::Other, Word::Taken, at(7200)).is_some());
        assert!(pace.is_open(at(7200)) && !pace.refuses_everybody(0));
    }
}

#[test]
fn what_began_before_a_pause_does_not_end_it() {
    for word in [Word::Taken, Word::Answered, Word::Blocked, Word::Refused] {
        let mut pace = one(Limits::default());
        (0..3).for_each(|_| pace.begins(0, to(Group::Other), at(0)));
        assert_eq!(pace.heard(0, to(Group::Other), Word::Blocked, at(0), 0.5).news, Heard::Blocked);
        assert_eq!(pace.heard(0, to(Group::Other), word, at(1), 0.5).news, Heard::Nothing);
        assert!(!pace.is_open(at(29)) && pace.is_open(at(30)));
        // Nor does it make it longer.
        assert_eq!(pace.heard(0, to(Group::Other), word, at(31), 0.5).news, Heard::Nothing);
        assert!(pace.is_open(at(31)) && pace.is_doubtful(at(31)), "{word:?}");
    }
}

#[test]
fn a_relay_that_takes_fewer_lines_gets_fewer_and_now_and_then_one_more() {
    let mut pace = one(Limits::default());
    let connect = |pace: &mut Pace, now| {
        assert!(pace.may_connect(0, now));
        pace.connects(0, true);
        pace.begins(0, to(Group::Other), now);
    };
    let none_left = |pace: &mut Pace, now| {
        pace.connects(0, false);
        pace.heard(0, to(Group::Other), Word::NoLine, now, 0.5)
    };
    (0..4).for_each(|_| connect(&mut pace, at(0)));
    // Nobody knows yet whether it takes anything.
    assert_eq!(none_left(&mut pace, at(0)), Hearing { news: Heard::Blocked, untouched: true });
    assert_eq!(none_left(&mut pace, at(0)), Hearing { news: Heard::Nothing, untouched: true });
    assert_eq!(pace.heard(0, to(Group::Other), Word::Taken, at(1), 0.5).news, Heard::Narrowed(2));
    assert!(pace.is_open(at(1)) && !pace.may_connect(0, at(1)) && pace.turn(0, at(1)) == Turn::Now);
    pace.heard(0, to(Group::Other), Word::Taken, at(1), 0.5);
    // Five minutes later, one more; it is still too many, which is no news.
    assert!(!pace.may_connect(0, at(299)));
    connect(&mut pace, at(301));
    assert!(!pace.may_connect(0, at(301)));
    assert_eq!(none_left(&mut pace, at(301)), Hearing { news: Heard::Nothing, untouched: true });
    assert!(pace.is_open(at(301)) && !pace.may_connect(0, at(302)));
    // One goes: its place is free.
    pace.connects(0, false);
    assert!(pace.may_connect(0, at(302)));
    pace.connects(0, true);
    // In the end it has all.
    for minutes in [5, 10] {
        let now = at(301 + minutes * 60);
        assert!(pace.may_connect(0, now));
        pace.connects(0, true);
        assert!(!pace.may_connect(0, now));
    }
    assert!(!pace.may_connect(0, at(99_999)), "as many as there are");
}

#[test]
fn a_relay_that_goes_away_is_left_alone_with_its_last_line() {
    let mut pace = one(Limits::default());
    (0..4).for_each(|_| pace.connects(0, true));
    assert!(send(&mut pace, 0, Group::Other, Word::Taken, at(0)).is_some());
    for news in [Heard::Narrowed(3), Heard::Narrowed(2), Heard::Narrowed(1), Heard::Blocked] {
        assert!(pace.is_open(at(1)));
        pace.begins(0, to(Group::Other), at(1));
        pace.connects(0, false);
        let untouched = news != Heard::Blocked;
        assert_eq!(pace.heard(0, to(Group::Other), Word::NoLine, at(1), 0.5), Hearing { news, untouched });
    }
    assert!(!pace.is_open(at(1)));
}

#[test]
fn small_domains_want_less_each_for_itself() {
    fn domain(domain: &str) -> Receiver<'_> {
        Receiver { group: Group::Other, domain }
    }
    let mut pace = one(Limits::default());
    let mut says = |name: &str, word, now| send_to(&mut pace, 0, domain(name), word, now).map(|hearing| hearing.news);
    for n in 0..100 {
        let name = format!("d{n}.example");
        assert_eq!(says(&name, Word::Slower, at(0)), Some(Heard::Nothing));
        assert_eq!(says(&name, Word::Slower, at(0)), None, "it is not asked again at once");
        assert_eq!(says("quick.example", Word::Taken, at(0)), Some(Heard::Nothing));
    }
    assert_eq!(pace.ask(100, &NONE, at(0)), Ask::from(100));
    assert_eq!((pace.room("quick.example", at(0)), pace.room("d7.example", at(0))), (None, Some(0)));
    assert_eq!(pace.room("d7.example", at(10)), Some(1));
    let turns = [0, 1, 2, 99].map(|nth| (pace.turn_at("d7.example", nth, at(0)) - at(0)).num_seconds());
    assert_eq!(turns, [10, 20, 30, 310]);
    // Several in a row are no accident.
    let mut says = |name: &str, word, now| send_to(&mut pace, 0, domain(name), word, now).map(|hearing| hearing.news);
    assert_eq!(says("a.example", Word::Slower, at(1)), Some(Heard::Nothing));
    assert_eq!(says("b.example", Word::Slower, at(1)), Some(Heard::Nothing));
    assert!(matches!(says("c.example", Word::Slower, at(1)), Some(Heard::Slowed(_))));
    assert_eq!(says("quick.example", Word::Taken, at(1)), None);
}

#[test]
fn so_many_a_second_over_a_relay() {
    let mut pace = one(Limits { per_second: Some(3.0), ..Limits::default() });
    let sent: usize = (0..60)
        .map(|second| std::iter::from_fn(|| send(&mut pace, 0, Group::Other, Word::Taken, at(second))).count())
        .sum();
    assert_eq!(sent, 180);
    assert_eq!(pace.ask(100, &NONE, at(59)).most, 0);
    assert!(pace.opens(at(59)) > at(59) && pace.opens(at(59)) <= at(60));
    assert_eq!(pace.ask(100, &[2, 0, 0, 0, 0, 0], at(60)).most, 1);
}

#[test]
fn so_many_a_day_over_a_relay() {
    let mut pace = one(Limits { daily: Daily { most: Some(5), warm_up: None }, ..Limits::default() });
    let day = |pace: &mut Pace, now| {
        let (mut sent, mut left) = (0, 5_u64);
        for _ in 0..20 {
            for wanted in pace.wants(now) {
                let more = Daily::portion(5, 5 - left);
                left -= more;
                pace.granted(&wanted, more);
            }
            sent += usize::from(send(pace, 0, Group::Other, Word::Taken, now).is_some());
        }
        sent
    };
    assert_eq!(pace.ask(100, &NONE, at(0)).most, 0, "before the store was asked");
    assert_eq!(day(&mut pace, at(0)), 5);
    assert!(!pace.is_open(at(0)));
    let tomorrow = pace.opens(at(0));
    assert!(tomorrow > at(0) && tomorrow <= at(86_400));
    assert_eq!(day(&mut pace, tomorrow), 5);
    // A mail that nobody took does not count.
    let mut pace = one(Limits { daily: Daily { most: Some(5), warm_up: None }, ..Limits::default() });
    let wanted = pace.wants(at(0)).remove(0);
    pace.granted(&wanted, 1);
    assert!(send(&mut pace, 0, Group::Other, Word::Answered, at(0)).is_some());
    assert_eq!(pace.unused(), [("mail".to_owned(), day_of(at(0)), 1)]);
    assert_eq!(pace.unused(), []);
}

#[test]
fn relays_share_by_weight_and_stand_in_for_each_other() {
    let two = |a: u32, b: u32| {
        let mut pace = Pace::new(vec![way("a", 2, weighing(a)), way("b", 2, weighing(b))], None, at(0));
        for relay in [0, 1] {
            pace.waits(relay, true);
        }
        pace
    };
    let share = |pace: &mut Pace, mails: usize| {
        let mut sent = [0; 2];
        while sent.iter().sum::<usize>() < mails {
            // Whoever is free and may takes the next.
            let before = sent;
            for relay in [0, 1] {
                sent[relay] += usize::from(send(pace, relay, Group::Other, Word::Taken, at(0)).is_some());
            }
            assert_ne!(before, sent, "somebody may always");
        }
        sent
    };
    let mut pace = two(3, 1);
    let [a, b] = share(&mut pace, 400);
    assert!((295..=310).contains(&a), "{a} and {b}");
    // One is away: the other takes everything; and nothing is made up for afterwards.
    assert_eq!(send(&mut pace, 0, Group::Other, Word::Blocked, at(0)), Some(Heard::Blocked));
    assert!(pace.has_another(0, at(0)) && !pace.has_another(1, at(0)) && pace.is_open(at(0)));
    assert_eq!(share(&mut pace, 400), [0, 400]);
    assert!(send(&mut pace, 0, Group::Other, Word::Taken, at(30)).is_some());
    let [a, b] = share(&mut pace, 400);
    assert!((290..=315).contains(&a), "{a} and {b}");
    // A relay that stands by.
    let mut pace = two(1, 0);
    assert_eq!(share(&mut pace, 40), [40, 0]);
    send(&mut pace, 0, Group::Other, Word::Blocked, at(0));
    assert_eq!(share(&mut pace, 40), [0, 40]);
}

#[test]
fn a_relay_that_hangs_is_waited_for_by_nobody() {
    let mut pace = Pace::new(vec![way("slow", 2, weighing(3)), way("quick", 2, weighing(1))], None, at(0));
    for _ in 0..2 {
        assert_eq!(pace.turn(0, at(0)), Turn::Now);
        pace.begins(0, to(Group::Other), at(0));
    }
    let quick =
        |pace: &mut Pace, now| (0..50).filter(|_| send(pace, 1, Group::Other, Word::Taken, now).is_some()).count();
    assert_eq!(quick(&mut pace, at(1)), 5, "its share, and a few before it");
    assert_eq!(pace.turn(1, at(1)), Turn::Of(0));
    assert_eq!(quick(&mut pace, at(6)), 50);
    // When it goes on, both have their share again, and nothing is made up for.
    pace.heard(0, to(Group::Other), Word::Taken, at(9), 0.5);
    let mut sent = [0; 2];
    for _ in 0..100 {
        for relay in [0, 1] {
            sent[relay] += usize::from(send(&mut pace, relay, Group::Other, Word::Taken, at(9)).is_some());
        }
    }
    assert!((30..=45).contains(&sent[1]) && sent[0] == 100, "{sent:?}");
}

#[test]
fn in_quiet_hours_only_transactional_mail_goes() {
    let night = Quiet::parse("22:00-07:00", chrono_tz::UTC).unwrap();
    let mut pace = Pace::new(vec![way("mail", 4, Limits::default())], Some(night), at(0));
    let (night, day) = (at(0), at(0) + Duration::hours(12));
    assert!(night.to_rfc3339().contains("T22:13"), "{night}");
    assert!(
        !pace.takes(to(Group::Other), Kind::Issue, night) && pace.takes(to(Group::Other), Kind::Confirmation, night)
    );
    let ask = pace.ask(10, &NONE, night);
    assert_eq!((ask.issues, ask.transactional), ([0; Group::COUNT], [10; Group::COUNT]));
    assert!(pace.takes(to(Group::Other), Kind::Issue, day));
    assert_eq!(pace.ask(10, &NONE, day), Ask::from(10));
}
