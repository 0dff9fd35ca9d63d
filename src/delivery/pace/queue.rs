//! What waits in memory, domain by domain in turn, so that one slow domain keeps neither the turns nor all the connections
//! from the others.

use std::collections::{HashMap, VecDeque};

/// Jobs in the order in which their domains have their turns. Holds what is claimed, never the backlog.
#[derive(Debug)]
pub struct Queue<T> {
    domains: HashMap<String, Domain<T>>,
    /// Those that have a job, the next one first.
    turns: VecDeque<String>,
    waiting: usize,
    /// Where there are others, no domain that may be slow has more connections than this.
    most: usize,
    first: Option<String>,
    /// More domains than one were seen.
    is_mixed: bool,
    /// Nothing will come soon but what is here.
    is_all: bool,
}

#[derive(Debug)]
struct Domain<T> {
    jobs: VecDeque<T>,
    /// Connections that have a mail to it.
    lines: usize,
    /// The last mail to it was soon at its end.
    is_quick: bool,
}

impl<T> Queue<T> {
    /// An empty one, for so many connections.
    pub fn new(lines: usize) -> Self {
        // An eighth of them stays with the others, whoever is slow.
        let most = lines.saturating_sub((lines / 8).max(1)).max(1);
        let (domains, turns) = (HashMap::new(), VecDeque::new());
        Self { domains, turns, waiting: 0, most, first: None, is_mixed: false, is_all: false }
    }

    /// Is what is here all that there is for now? Then nothing has to be kept for other domains.
    pub fn is_all(&mut self, is_all: bool) {
        self.is_all = is_all;
    }

    /// May one domain have every connection?
    fn is_alone(&self) -> bool {
        self.turns.len() == 1 && (self.is_all || !self.is_mixed)
    }

    /// Adds a job behind those of its domain.
    pub fn push(&mut self, domain: &str, job: T) {
        self.waiting += 1;
        self.is_mixed |= self.first.get_or_insert_with(|| domain.to_owned()) != domain;
        if let Some(there) = self.domains.get_mut(domain) {
            if there.jobs.is_empty() {
                self.turns.push_back(domain.to_owned());
            }
            there.jobs.push_back(job);
            return;
        }
        self.turns.push_back(domain.to_owned());
        self.domains.insert(domain.to_owned(), Domain { jobs: VecDeque::from([job]), lines: 0, is_quick: false });
    }

    /// The next job that `may` go, of the domain whose turn it is. Its connection counts as that domain's until [`Self::ended`].
    /// `current`: the domain of the mail that is on its way over the same connection; a job to the same one counts no second time.
    pub fn take(&mut self, current: Option<&str>, mut may: impl FnMut(&T) -> bool) -> Option<T> {
        let alone = self.is_alone();
        for _ in 0..self.turns.len() {
            let name = self.turns.pop_front()?;
            let Some(domain) = self.domains.get_mut(&name) else { continue };
            let has_it = current == Some(name.as_str());
            let goes = alone || has_it || domain.is_quick || domain.lines < self.most;
            let job = domain.jobs.pop_front_if(|job| goes && may(job));
            domain.lines += usize::from(job.is_some() && !has_it);
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

    /// A mail to this domain was soon at its end, or was not. One that nothing is known of may be slow.
    pub fn learned(&mut self, name: &str, is_quick: bool) {
        if let Some(domain) = self.domains.get_mut(name) {
            domain.is_quick = is_quick;
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
    pub fn ready(&self, enough: usize, mut may: impl FnMut(&T) -> bool) -> usize {
        let alone = self.is_alone();
        let mut ready = 0;
        for domain in self.turns.iter().filter_map(|name| self.domains.get(name)) {
            let goes = alone || domain.is_quick || domain.lines < self.most;
            if goes && domain.jobs.front().is_some_and(&mut may) {
                ready += domain.jobs.len();
            }
            if ready >= enough {
                break;
            }
        }
        ready
    }

    /// All that wait.
    pub fn those_waiting(&self) -> impl Iterator<Item = &T> {
        self.domains.values().flat_map(|domain| &domain.jobs)
    }

    /// Takes out, from the domain that has the most waiting, all but as many as `most` connections need.
    pub fn surplus(&mut self) -> Vec<T> {
        let Some(longest) = self.domains.values_mut().max_by_key(|domain| domain.jobs.len()) else { return Vec::new() };
        let surplus: Vec<T> = longest.jobs.drain(self.most.min(longest.jobs.len())..).collect();
        self.waiting -= surplus.len();
        surplus
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

    #[test]
    fn domains_have_their_turns() {
        let mut queue = Queue::new(100);
        (0..4).for_each(|n| queue.push("a", n));
        (10..12).for_each(|n| queue.push("b", n));
        queue.push("c", 20);
        let order: Vec<u32> = std::iter::from_fn(|| queue.take(None, any)).collect();
        assert_eq!(order, [0, 10, 20, 1, 11, 2, 3]);
        assert!(queue.is_empty());
        queue.push("a", 4);
        assert_eq!((queue.len(), queue.take(None, any)), (1, Some(4)));
    }

    #[test]
    fn a_slow_domain_leaves_connections_to_the_others() {
        let mut queue = Queue::new(4);
        (0..50).for_each(|n| queue.push("slow", n));
        (100..150).for_each(|n| queue.push("quick", n));
        // Nothing of the slow one ends; the quick one's ends at once.
        let taken = |queue: &mut Queue<u32>| {
            let (mut slow, mut quick) = (0, 0);
            while let Some(n) = queue.take(None, any) {
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
        // A domain that is the only one has all of them.
        let mut queue = Queue::new(4);
        (0..50).for_each(|n| queue.push("only", n));
        assert_eq!(taken(&mut queue), (50, 0));
        // As has one that was quick the last time; until it is not.
        let mut queue = Queue::new(4);
        (0..9).for_each(|n| queue.push("big", n));
        queue.push("quick", 100);
        assert_eq!(taken(&mut queue), (3, 1));
        queue.learned("big", true);
        assert_eq!(taken(&mut queue), (6, 0));
        (0..9).for_each(|n| queue.push("big", n));
        queue.learned("big", false);
        assert_eq!((taken(&mut queue), queue.ready(1, any)), ((0, 0), 0));
    }

    #[test]
    fn the_next_mail_of_a_connection_counts_once() {
        let mut queue = Queue::new(2);
        (0..4).for_each(|n| queue.push("a", n));
        queue.push("b", 10);
        assert_eq!(queue.take(None, any), Some(0));
        // Its own next one may be to the same domain; another connection's may not.
        assert_eq!(queue.take(Some("a"), |n| *n < 10), Some(1));
        assert_eq!(queue.take(None, |n| *n < 10), None);
        assert_eq!(queue.take(Some("b"), |n| *n < 10), None);
        queue.ended("a");
        assert_eq!(queue.take(None, |n| *n < 10), Some(2));
    }

    #[test]
    fn what_may_not_go_waits() {
        let mut queue = Queue::new(8);
        (0..3).for_each(|n| queue.push("a", n));
        queue.push("b", 10);
        assert_eq!(queue.ready(99, |n| *n >= 10), 1);
        assert_eq!((queue.take(None, |n| *n >= 10), queue.take(None, |n| *n >= 10)), (Some(10), None));
        assert_eq!((queue.ready(99, any), queue.ready(2, any), queue.len()), (3, 3, 3));
        assert_eq!(queue.take(None, any), Some(0));
        assert_eq!(queue.drain(), [1, 2]);
        assert_eq!((queue.len(), queue.take(None, any)), (0, None));
        queue.ended("a");
        queue.ended("b");
        assert!(queue.domains.is_empty());
    }

    #[test]
    fn the_longest_gives_back_what_it_cannot_use() {
        let mut queue = Queue::new(4);
        (0..10).for_each(|n| queue.push("long", n));
        (10..13).for_each(|n| queue.push("short", n));
        assert_eq!(queue.surplus(), [3, 4, 5, 6, 7, 8, 9]);
        assert_eq!((queue.len(), queue.those_waiting().count()), (6, 6));
    }
}
