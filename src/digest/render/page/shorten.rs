//! A mail that is too long, made shorter: from its last post up, each as little as will do.

use super::{Content, Issue, Mail, Shape, Shown, budget, setting};

/// A shorter beginning of a post is not worth its ending in the middle.
const SHORTEST: usize = 6_000;
/// Beginnings of a post that are tried.
const TRIES: usize = 8;
/// Octets that a mail may be shorter than it could be.
const GOOD_ENOUGH: usize = 4_000;

impl Mail {
    /// Shows less, as `made` of this mail is too long: of the last post that is shown as it is as much as fits, or its summary;
    /// where there is none, of as many summaries as have to go only the title. `make` gives the HTML of a mail; that of this one as
    /// it is then is given back. `None` where nothing is left to shorten.
    pub fn shorten(
        &mut self,
        issue: &Issue<'_>,
        made: &str,
        make: impl Fn(&Self) -> Result<String, String>,
    ) -> Result<Option<String>, String> {
        let is_long = |post: &Shown| matches!(post.shape, Shape::Full | Shape::Beginning);
        if let Some(at) = self.posts.iter().rposition(is_long) {
            return self.fit(at, issue, made, make).map(Some);
        }
        let excess = budget::excess(made);
        let mut left = excess;
        for post in self.posts.iter_mut().rev().filter(|post| post.shape == Shape::Excerpt && !post.dek.is_empty()) {
            post.shape = Shape::Title;
            left = left.saturating_sub(std::mem::take(&mut post.dek).len());
            if left == 0 {
                break;
            }
        }
        if left < excess { make(self).map(Some) } else { Ok(None) }
    }

    /// Looks for the longest beginning of post `at` with which the mail fits, and gives that mail. How much a template writes of a
    /// post nobody knows but the template: it is asked.
    fn fit(
        &mut self,
        at: usize,
        issue: &Issue<'_>,
        made: &str,
        make: impl Fn(&Self) -> Result<String, String>,
    ) -> Result<String, String> {
        let post = &issue.posts[at];
        let first_link = self.posts[at].links.first().map_or(1, |link| link.number);
        let mut high = self.posts[at].of;
        self.posts[at].show(Content::default(), post, first_link);
        let without = make(self)?;
        let weight = made.len().saturating_sub(without.len()).max(1);
        let room = budget::room(&without);
        if room < SHORTEST {
            return Ok(without);
        }
        let (words, dir) = (self.posts[at].words.clone(), self.posts[at].dir);
        let beginning = |limit: usize| Content::of(post, setting(issue, post, dir), &words, first_link, limit);
        // The longest that fits: what it was asked for, how much it shows, and the mail with it.
        let mut best = (0, 0, without);
        // How much the last one shows that was too long.
        let mut too_long = usize::MAX;
        let mut low = 0;
        let mut limit = high * room.min(weight) / weight;
        for _ in 0..TRIES {
            let of = Content::reach(post, limit);
            if of <= best.1 {
                // There is no place to cut it between the two.
                low = limit;
            } else if of == too_long {
                high = limit;
            } else {
                self.posts[at].show(beginning(limit)?, post, first_link);
                let made = make(self)?;
                if budget::excess(&made) > 0 {
                    (too_long, high) = (of, limit);
                } else if budget::room(&made) < GOOD_ENOUGH {
                    return Ok(made);
                } else {
                    (best, low) = ((limit, of, made), limit);
                }
            }
            limit = usize::midpoint(low, high);
        }
        let content = if best.1 == 0 { Content::default() } else { beginning(best.0)? };
        self.posts[at].show(content, post, first_link);
        Ok(best.2)
    }
}
