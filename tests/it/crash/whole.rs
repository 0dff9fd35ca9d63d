//! The whole daemon, killed while it reads the site, plans Issues and sends them: each post is announced once, and each Issue's
//! mail goes to everybody.

use std::collections::{BTreeMap, HashMap, HashSet};

use postrider::delivery::State;
use postrider::sabotage::Plant;
use postrider::store::{IssueState, Settings, Store};

use super::kills::{self, Tally, live_and_die};
use super::round::{Broken, GONE, Plan, Round};
use super::{databases, long};
use crate::support::random::Random;

const POSTS: usize = 3;
const CONFIGURATION: &str = "digests:\n  weekly:\n    schedule: \"* * * * *\"\n    from: weekly@example.org\n    hold_above: 1000\n    \
                             time_to_live: 3650d\n    catch_up: 3650d\n";

fn plan(seed: u64) -> Plan {
    Plan { readers: 12, leaving: 0, restless: 0, idle_ms: 1500, ..kills::plan(seed) }
}

impl Round {
    /// A site whose digest has its baseline, and readers; nothing is planned yet.
    async fn of_the_whole(url: String, folder: tempfile::TempDir, plan: Plan) -> Self {
        let mut round = Self::bare(url, folder, plan).await;
        round.roles = "web,publish,schedule,deliver";
        fs_err::write(round.path("postrider.yaml"), CONFIGURATION).unwrap();
        round.publish("old");
        let mut machine = round.spawn("");
        while round.store.digest_begun("weekly").await.unwrap().is_none() {
            round.until(1, &mut machine).await;
        }
        round.bury(machine).await;
        round.import().await;
        round
    }

    fn publish(&self, name: &str) {
        let text = format!("---\ntitle: {name}\ndate: 2020-01-01\n---\nWhat {name} is about.\n");
        fs_err::create_dir_all(self.path("content/news")).unwrap();
        fs_err::write(self.path("post.new"), text).unwrap();
        fs_err::rename(self.path("post.new"), self.path("content/news").join(format!("{name}.md"))).unwrap();
    }

    /// What must hold at any time. Gives how many posts were announced by Issues, and whether all of those are done.
    async fn check_whole(&self) -> Result<(usize, bool), Broken> {
        let sums = self.store.issue_sums(1000).await.unwrap();
        let issues = self.store.issues(None, 1000).await.unwrap();
        let mut announced = HashSet::new();
        for post in issues.iter().flat_map(|issue| &issue.posts) {
            if !announced.insert(post) {
                return Err(format!("{post} is announced twice"));
            }
        }
        let mut rows = HashMap::new();
        for sum in &sums {
            let total: u64 = sum.counts.iter().map(|row| row.1).sum();
            let open: u64 =
                sum.counts.iter().filter(|row| matches!(row.0, State::Queued | State::Sending)).map(|row| row.1).sum();
            let readers = if sum.state == IssueState::Skipped { 0 } else { self.plan.readers as u64 };
            // Whose mailbox is gone is planned for until the server has said so.
            let stay = readers - readers.div_ceil(GONE as u64);
            let least = if sum.planning { 0 } else { stay };
            if sum.eligible != total
                || !(least..=readers).contains(&total)
                || (sum.state == IssueState::Done && (open > 0 || sum.planning))
            {
                return Err(format!("{readers} eligible, and the sum is {sum:?}"));
            }
            for row in self.store.deliveries(Some(&sum.id), None, None, 1000).await.unwrap() {
                rows.insert(row.id.clone(), row);
            }
        }
        let log = self.sink.log();
        let excused = log.excused(&self.cut);
        let mut of: HashMap<String, (bool, usize)> = HashMap::new();
        for (at, arrival) in log.arrivals.iter().enumerate() {
            let id = arrival.delivery().to_owned();
            let Some(row) = rows.get(&id) else { return Err(format!("{id} is no Delivery")) };
            if row.address != arrival.to && !row.address.is_empty() {
                return Err(format!("{id} went to {}", arrival.to));
            }
            let (answered, mails) = of.entry(id).or_default();
            *answered |= arrival.answered;
            *mails += usize::from(!excused.contains(&at));
        }
        if let Some((id, _)) = of.iter().find(|(_, (_, mails))| *mails > 1) {
            return Err(format!("{id} has mails for no reason"));
        }
        for (id, row) in &rows {
            let answered = of.get(id).is_some_and(|(answered, _)| *answered);
            let gone = row.address.starts_with("gone");
            if (row.state == State::Sent && !answered) || (row.state == State::Failed && !gone) {
                return Err(format!("{} is {:?}", row.address, row.state));
            }
        }
        let done = issues.iter().all(|issue| matches!(issue.state, IssueState::Done | IssueState::Skipped));
        Ok((announced.len(), done))
    }

    async fn lives(&mut self, points: &BTreeMap<String, u64>, tally: &mut Tally) -> Result<(), Broken> {
        let mut published = 0;
        loop {
            let (announced, done) = self.check_whole().await?;
            if announced == POSTS && done {
                break;
            }
            if announced >= published && published < POSTS {
                published += 1;
                self.publish(&format!("post{published}"));
            }
            live_and_die(self, points, tally).await?;
        }
        self.sum_up(tally);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_post_is_announced_once_to_everybody() {
    let wanted = if long() { 1000 } else { 50 };
    let mut tally = Tally::default();
    let mut points = BTreeMap::new();
    let mut seeds = Random::new(if long() { u64::from(std::process::id()) } else { 6 });
    while tally.kills < wanted {
        let (seed, folder) = (seeds.next(), tempfile::tempdir().unwrap());
        let mut round = Round::of_the_whole(databases::sqlite(folder.path()), folder, plan(seed)).await;
        if points.is_empty() {
            round.publish("post1");
            points = round.trace(40).await;
            assert!(points.keys().any(|point| point.contains("begin_issue")), "{points:?}");
            assert!(points.keys().any(|point| point.contains("work_off")), "{points:?}");
        }
        if let Err(broken) = round.lives(&points, &mut tally).await {
            panic!("seed {seed}, after {tally:?}: {broken}");
        }
    }
    eprintln!("{tally:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_mails_planned_for_one_reader_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan { plant: Some(Plant::DoublePlan), ..plan(7) };
    let mut round = Round::of_the_whole(databases::sqlite(folder.path()), folder, plan).await;
    let broken = round.lives(&BTreeMap::new(), &mut Tally::default()).await.expect_err("a finding");
    assert!(broken.contains("eligible"), "{broken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_store_that_dies_on_the_way_is_the_old_one_or_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut round = Round::bare(databases::sqlite(folder.path()), folder, plan(8)).await;
    for step in ["store::schema::upgrade before commit", "store::schema::upgrade after commit"] {
        for nth in 1.. {
            let url = format!("sqlite:{}", round.path(&format!("{}{nth}.db", step.len())).display());
            let mut machine = round.spawn_on(&url, &format!("die={step}@{nth}"));
            round.until(1, &mut machine).await;
            let died = machine.ended().is_some();
            round.bury(machine).await;
            let store = Store::open(&Settings { url, secret: None }).await.unwrap();
            assert_eq!(store.issues(None, 1).await.unwrap(), []);
            if !died {
                assert!(nth > 2, "there are steps to die at");
                break;
            }
        }
    }
}
