//! What waits in memory, domain by domain in turn, so that one slow domain keeps neither the turns nor all the connections
//! from the others.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// A mail that took no longer says that its domain is not slow.
const QUICK: Duration = Duration::from_secs(1);
/// What a slow domain gives back comes again within this time: it may be quick by then.
const LONGEST: Duration = Duration::from_mins(5);

/// Jobs in the order in which their domains have their turns. Holds what is claimed, never the backlog.
#[derive(Debug)]
pub struct Queue<T> {
    domains: HashMap<String, Domain<T>>,
    /// Those that have a job, the next one first.
    turns: VecDeque<String>,
    waiting: usize,
    /// While there may be others, no domain that may be slow has more connections than this.
    most: usize,
    /// Nothing will come soon but what is here.
    is_all: bool,
}

#[derive(Debug)]
struct Domain<T> {
    jobs: VecDeque<T>,
    /// Connections that have a mail to it.
    lines: usize,
    /// How long the last mail took that ended.
    took: Option<Duration>,
    /// When that was; before the first one, when that began.
    heard: Option<Instant>,
    /// What was given back has its turns until then.
    booked: Option<Instant>,
}

impl<T> Domain<T> {
    /// How long a mail takes, as far as that is known.
    fn pace(&self, now: Instant) -> Option<Duration> {
        let silence = self.heard.filter(|_| self.lines > 0).map(|heard| now.saturating_duration_since(heard));
        silence.filter(|silence| *silence >= QUICK).max(self.took)
    }

    fn is_quick(&self, now: Instant) -> bool {
        self.pace(now).is_some_and(|pace| pace < QUICK)
    }

    fn is_slow(&self, now: Instant) -> bool {
        self.pace(now).is_some_and(|pace| pace >= QUICK)
    }
}

impl<T> Queue<T> {
    /// An empty one, for so many connections.
    pub fn new(lines: usize) -> Self {
        // An eighth of them stays with the others, whoever is slow.
        let most = lines.saturating_sub((lines / 8).max(1)).max(1);
        let (domains, turns) = (HashMap::new(), VecDeque::new());
        Self { domains, turns, waiting: 0, most, is_all: false }
    }

    /// Is what is here all that there is for now? Then nothing has to be kept for other domains.
    pub fn is_all(&mut self, is_all: bool) {
        self.is_all = is_all;
    }

    /// May one domain have every connection?
    fn is_alone(&self) -> bool {
        self.is_all && self.turns.len() == 1
    }

    /// Adds a job behind those of its domain.
    pub fn push(&mut self, domain: &str, job: T) {
        self.waiting += 1;
        if let Some(there) = self.domains.get_mut(domain) {
            if there.jobs.is_empty() {
                self.turns.push_back(domain.to_owned());
            }
            there.jobs.push_back(job);
            return;
        }
        self.turns.push_back(domain.to_owned());
        let jobs = VecDeque::from([job]);
        self.domains.insert(domain.to_owned(), Domain { jobs, lines: 0, took: None, heard: None, booked: None });
    }

    /// The next job that `may` go, of the domain whose turn it is. Its connection counts as that domain's until [`Self::ended`].
    /// `current`: the domain of the mail that is on its way over the same connection; a job to the same one counts no second time.
    pub fn take(&mut self, current: Option<&str>, now: Instant, mut may: impl FnMut(&T) -> bool) -> Option<T> {
        let alone = self.is_alone();
        for _ in 0..self.turns.len() {
            let name = self.turns.pop_front()?;
            let Some(domain) = self.domains.get_mut(&name) else { continue };
            let has_it = current == Some(name.as_str());
            let goes = alone || has_it || domain.lines < self.most || domain.is_quick(now);
            let job = domain.jobs.pop_front_if(|job| goes && may(job));
            if job.is_some() && !has_it {
                if domain.lines == 0 {
                    domain.heard = Some(now);
                }
                domain.lines += 1;
            }
            if !domain.jobs.is_empty() {
                self.turns.push_back(name);
            }
            if job.is_some() {
                self.waiting -= 1;
                return job;
            }
        }
        None
    }

    /// A connection has no mail to this domain any more.
    pub fn ended(&mut self, name: &str) {
        if let Some(domain) = self.domains.get_mut(name) {
            domain.lines = domain.lines.saturating_sub(1);
            if domain.lines == 0 && domain.jobs.is_empty() {
                self.domains.remove(name);
            }
        }
    }

    /// A mail to this domain ended, and took so long. One that nothing is known of may be slow.
    pub fn learned(&mut self, name: &str, took: Duration, now: Instant) {
        if let Some(domain) = self.domains.get_mut(name) {
            (domain.took, domain.heard) = (Some(took), Some(now));
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Does nothing wait?
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// How many of those that wait could be taken at once, as far as domains and `may` go; counting stops at `enough`.
    pub fn ready(&self, enough: usize, now: Instant, mut may: impl FnMut(&T) -> bool) -> usize {
        let alone = self.is_alone();
        let mut ready = 0;
        for domain in self.turns.iter().filter_map(|name| self.domains.get(name)) {
            let goes = alone || domain.lines < self.most || domain.is_quick(now);
            if goes && domain.jobs.front().is_some_and(&mut may) {
                ready += domain.jobs.len();
            }
            if ready >= enough {
                break;
            }
        }
        ready
    }

    /// Does a domain that has all it may have wait to be known? It is, a second after its first mail began.
    pub fn is_undecided(&self, now: Instant) -> bool {
        self.turns
            .iter()
            .filter_map(|name| self.domains.get(name))
            .any(|domain| domain.lines >= self.most && domain.pace(now).is_none())
    }

    /// All that wait.
    pub fn those_waiting(&self) -> impl Iterator<Item = &T> {
        self.domains.values().flat_map(|domain| &domain.jobs)
    }

    /// Takes out, of each slow domain, all but as many as its connections need; and after how long each is about to have its turn.
    pub fn surplus(&mut self, now: Instant) -> Vec<(T, Duration)> {
        let lines = u32::try_from(self.most).unwrap_or(u32::MAX);
        let mut surplus = Vec::new();
        if self.is_alone() {
            return surplus;
        }
        for domain in self.domains.values_mut().filter(|domain| domain.is_slow(now)) {
            let each = domain.pace(now).unwrap_or(QUICK) / lines;
            let mut turn = domain.booked.map_or(now, |booked| booked.max(now));
            for job in domain.jobs.drain(self.most.min(domain.jobs.len())..) {
                turn = (turn + each).min(now + LONGEST);
                surplus.push((job, turn - now));
            }
            domain.booked = Some(turn);
        }
        self.waiting -= surplus.len();
        surplus
    }

    /// Takes out, of each domain that has `room` for so many and no more now, the others; and which of its domain's each is, from 0.
    pub fn beyond(&mut self, mut room: impl FnMut(&str) -> Option<usize>) -> Vec<(T, usize)> {
        let mut beyond = Vec::new();
        for (name, domain) in self.domains.iter_mut().filter(|(_, domain)| !domain.jobs.is_empty()) {
            if let Some(room) = room(name).filter(|room| *room < domain.jobs.len()) {
                beyond.extend(domain.jobs.drain(room..).zip(0..));
            }
        }
        self.waiting -= beyond.len();
        beyond
    }

    /// Takes everything out.
    pub fn drain(&mut self) -> Vec<T> {
        self.waiting = 0;
        self.turns.clear();
        let jobs = self.domains.values_mut().flat_map(|domain| domain.jobs.drain(..)).collect();
        self.domains.retain(|_, domain| domain.lines > 0);
        jobs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "what the queue asks with")]
    fn any(_: &u32) -> bool {
        true
    }

    fn now() -> Instant {
        Instant::now()
    }

    #[test]
    fn domains_have_their_turns() {
        let mut queue = Queue::new(100);
        (0..4).for_each(|n| queue.push("a", n));
        (10..12).for_each(|n| queue.push("b", n));
        queue.push("c", 20);
        let order: Vec<u32> = std::iter::from_fn(|| queue.take(None, now(), any)).collect();
        assert_eq!(order, [0, 10, 20, 1, 11, 2, 3]);
        assert!(queue.is_empty());
        queue.push("a", 4);
        assert_eq!((queue.len(), queue.take(None, now(), any)), (1, Some(4)));
    }

    #[test]
    fn a_slow_domain_leaves_connections_to_the_others() {
        let mut queue = Queue::new(4);
        (0..50).for_each(|n| queue.push("slow", n));
        (100..150).for_each(|n| queue.push("quick", n));
        // Nothing of the slow one ends; the quick one's ends at once.
        let taken = |queue: &mut Queue<u32>| {
            let (mut slow, mut quick) = (0, 0);
            while let Some(n) = queue.take(None, now(), any) {
                if n < 100 {
                    slow += 1;
                } else {
                    queue.ended("quick");
                    quick += 1;
                }
            }
            (slow, quick)
        };
        assert_eq!(taken(&mut queue), (3, 50), "one is kept for others that may come");
        queue.is_all(true);
        assert_eq!(taken(&mut queue), (47, 0), "none will come");
        assert_eq!([1, 4, 8, 16, 32].map(|lines| Queue::<u32>::new(lines).most), [1, 3, 7, 14, 28]);
        // Also if it is the only one that was seen so far.
        let mut queue = Queue::new(4);
        (0..50).for_each(|n| queue.push("only", n));
        assert_eq!(taken(&mut queue), (3, 0));
        // One that was quick the last time has all of them; until it is not.
        let mut queue = Queue::new(4);
        (0..9).for_each(|n| queue.push("big", n));
        queue.push("quick", 100);
        assert_eq!(taken(&mut queue), (3, 1));
        queue.learned("big", QUICK / 2, now());
        assert_eq!(taken(&mut queue), (6, 0));
        (0..9).for_each(|n| queue.push("big", n));
        queue.learned("big", QUICK, now());
        assert_eq!((taken(&mut queue), queue.ready(1, now(), any)), ((0, 0), 0));
    }

    #[test]
    fn the_next_mail_of_a_connection_counts_once() {
        let mut queue = Queue::new(2);
        (0..4).for_each(|n| queue.push("a", n));
        queue.push("b", 10);
        assert_eq!(queue.take(None, now(), any), Some(0));
        // Its own next one may be to the same domain; another connection's may not.
        assert_eq!(queue.take(Some("a"), now(), |n| *n < 10), Some(1));
        assert_eq!(queue.take(None, now(), |n| *n < 10), None);
        assert_eq!(queue.take(Some("b"), now(), |n| *n < 10), None);
        queue.ended("a");
        assert_eq!(queue.take(None, now(), |n| *n < 10), Some(2));
    }

    #[test]
    fn what_may_not_go_waits() {
        let mut queue = Queue::new(8);
        (0..3).for_each(|n| queue.push("a", n));
        queue.push("b", 10);
        assert_eq!(queue.ready(99, now(), |n| *n >= 10), 1);
        assert_eq!((queue.take(None, now(), |n| *n >= 10), queue.take(None, now(), |n| *n >= 10)), (Some(10), None));
        assert_eq!((queue.ready(99, now(), any), queue.ready(2, now(), any), queue.len()), (3, 3, 3));
        assert_eq!(queue.take(None, now(), any), Some(0));
        assert_eq!(queue.drain(), [1, 2]);
        assert_eq!((queue.len(), queue.take(None, now(), any)), (0, None));
        queue.ended("a");
        queue.ended("b");
        assert!(queue.domains.is_empty());
    }

    #[test]
    fn a_slow_domain_gives_back_what_it_cannot_use_until_its_turn() {
        let (now, mut queue) = (now(), Queue::new(4));
        (0..10).for_each(|n| queue.push("slow", n));
        (10..13).for_each(|n| queue.push("short", n));
        while queue.take(None, now, |n| *n < 10).is_some() {}
        // Three are on their way, and nobody knows yet.
        assert!(queue.is_undecided(now) && queue.surplus(now).is_empty());
        let later = now + 3 * QUICK;
        assert!(!queue.is_undecided(later));
        let seconds = |surplus: Vec<(u32, Duration)>| -> Vec<_> {
            surplus.into_iter().map(|(n, turn)| (n, turn.as_secs())).collect()
        };
        assert_eq!(seconds(queue.surplus(later)), [(6, 1), (7, 2), (8, 3), (9, 4)]);
        assert_eq!((queue.len(), queue.those_waiting().count()), (6, 6));
        // What comes after them has its turns after theirs, and soon enough.
        queue.push("slow", 20);
        assert_eq!(seconds(queue.surplus(later)), [(20, 5)]);
        (30..999).for_each(|n| queue.push("slow", n));
        assert!(queue.surplus(later).iter().all(|(_, turn)| *turn <= LONGEST));
        // A mail that was quick makes it quick.
        queue.push("slow", 21);
        queue.learned("slow", QUICK / 2, later);
        assert!(queue.surplus(later).is_empty() && !queue.is_undecided(later));
        assert_eq!(queue.ready(99, later, any), 7);
    }
}
