//! A mail that is too long, made shorter: from its last post up, each as little as will do.

use super::{Content, Issue, Mail, Shape, Shown, budget, setting};

/// A shorter beginning of a post is not worth its ending in the middle.
const SHORTEST: usize = 6_000;
/// Beginnings of a post that are tried.
const TRIES: usize = 8;
/// Octets that a mail may be shorter than it could be.
const GOOD_ENOUGH: usize = 4_000;

impl Mail {
    /// Shows less of the last post that can be shortened, as `made` of this mail is too long: as much of it as fits, or its summary;
    /// of summaries, as many as have to go. `make` gives the HTML of the mail as it is then. False where nothing is left to shorten.
    pub fn shorten(
        &mut self,
        issue: &Issue<'_>,
        made: &str,
        make: impl Fn(&Self) -> Result<String, String>,
    ) -> Result<bool, String> {
        let is_long = |post: &Shown| matches!(post.shape, Shape::Full | Shape::Beginning);
        if let Some(at) = self.posts.iter().rposition(is_long) {
            self.fit(at, issue, made, make)?;
            return Ok(true);
        }
        let (mut left, excess) = (budget::excess(made), budget::excess(made));
        for post in self.posts.iter_mut().rev().filter(|post| post.shape == Shape::Excerpt && !post.dek.is_empty()) {
            post.shape = Shape::Title;
            left = left.saturating_sub(std::mem::take(&mut post.dek).len());
            if left == 0 {
                break;
            }
        }
        Ok(left < excess)
    }

    /// Looks for the longest beginning of post `at` with which the mail fits. How much a template writes of a post nobody knows
    /// but the template: it is asked.
    fn fit(
        &mut self,
        at: usize,
        issue: &Issue<'_>,
        made: &str,
        make: impl Fn(&Self) -> Result<String, String>,
    ) -> Result<(), String> {
        let post = &issue.posts[at];
        let first_link = self.posts[at].links.first().map_or(1, |link| link.number);
        let mut high = self.posts[at].of;
        self.posts[at].show(Content::default(), post, first_link);
        let without = make(self)?;
        let weight = made.len().saturating_sub(without.len()).max(1);
        let room = budget::room(&without);
        if room < SHORTEST {
            return Ok(());
        }
        let (words, dir) = (self.posts[at].words.clone(), self.posts[at].dir);
        let beginning = |limit: usize| Content::of(post, setting(issue, post, dir), &words, first_link, limit);
        // The longest that fits: what it was asked for, and how much it shows.
        let mut best = (0, 0);
        let mut low = 0;
        let mut limit = high * room.min(weight) / weight;
        for _ in 0..TRIES {
            let content = beginning(limit)?;
            let of = content.of;
            if of > best.1 {
                self.posts[at].show(content, post, first_link);
                let made = make(self)?;
                if budget::excess(&made) > 0 {
                    high = limit;
                } else {
                    (best, low) = ((limit, of), limit);
                    if budget::room(&made) < GOOD_ENOUGH {
                        return Ok(());
                    }
                }
            } else {
                // There is no place to cut it between the two.
                low = limit;
            }
            limit = usize::midpoint(low, high);
        }
        self.posts[at].show(beginning(best.0)?, post, first_link);
        Ok(())
    }
}
