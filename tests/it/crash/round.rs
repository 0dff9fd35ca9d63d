//! One Issue, sent by processes that are killed again and again, and what must hold whenever one has died.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use postrider::clock::Clock;
use postrider::crypto;
use postrider::delivery::{Kind, State};
use postrider::sabotage::{self, Plant};
use postrider::store::{Import, IssueState, NewIssue, Settings, Store};
use postrider::subscriber::Address;

use super::kills::Tally;
use super::machine::Machine;
use super::sink::{Log, Manners, Sink};
use crate::mail::bench::rendition;
use crate::support::random::Random;

/// Longer than anything here takes on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a round is like.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub readers: usize,
    pub connections: usize,
    /// Readers who leave in the middle, and the chance of one that somebody does now.
    pub leaving: usize,
    pub restless: u64,
    pub manners: Manners,
    /// How much faster the processes' clocks run, so that leases and pauses end.
    pub haste: i64,
    /// A process that has begun and says nothing for so long has nothing to do.
    pub idle_ms: u64,
    pub plant: Option<Plant>,
    pub seed: u64,
}

/// Of so many readers one has a mailbox that is gone.
pub const GONE: usize = 17;

/// A finding: a promise that was broken.
pub type Broken = String;

/// Readers who asked to leave, and from where on nothing may come any more.
#[derive(Debug, Default)]
struct Leaving {
    asked: HashSet<String>,
    answered: Vec<(String, u64)>,
}

pub struct Round {
    pub plan: Plan,
    pub store: Store,
    url: String,
    folder: tempfile::TempDir,
    pub sink: Arc<Sink>,
    issue: String,
    pub roles: &'static str,
    /// Instead of the server: a folder of `.eml` files.
    pub mail_folder: Option<PathBuf>,
    epoch: DateTime<Utc>,
    lives: u64,
    pub random: Random,
    /// Names of processes that were killed.
    pub cut: HashSet<String>,
    /// Mails whose process was stopped until others took them over.
    pub taken_over: HashSet<usize>,
    /// Connections of the process that is stopped, by their numbers.
    stopped_with: Vec<usize>,
    leaving: Arc<Mutex<Leaving>>,
    leavers: Vec<String>,
    go_on: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Round {
    /// An Issue to `plan.readers` readers, planned and due, some of whose mailboxes are gone.
    pub async fn new(url: String, folder: tempfile::TempDir, plan: Plan) -> Self {
        let mut round = Self::bare(url, folder, plan).await;
        let readers = round.import().await;
        let (now, issue) = (round.epoch, crypto::new_id());
        let new = NewIssue {
            id: issue.clone(),
            digest: "weekly".to_owned(),
            slot: now,
            held: false,
            expires_at: now + chrono::Duration::days(3650),
            posts: vec!["p1".to_owned()],
            renditions: vec![rendition(Kind::Issue)],
        };
        assert!(round.store.create_issue(&new, now).await.unwrap());
        round.issue = issue;
        round.leavers = (0..plan.leaving)
            .map(|_| readers[usize::try_from(round.random.below(plan.readers as u64)).unwrap()].clone())
            .collect();
        round
    }

    /// A store and a site with nothing in them, and a server.
    pub async fn bare(url: String, folder: tempfile::TempDir, plan: Plan) -> Self {
        let store = Store::open(&Settings { url: url.clone(), secret: None }).await.unwrap();
        fs_err::create_dir(folder.path().join("content")).unwrap();
        fs_err::write(folder.path().join("hugo.toml"), "baseURL = \"https://harbour.example.org/\"\n").unwrap();
        Self {
            sink: Arc::new(Sink::start(plan.manners, plan.seed)),
            issue: String::new(),
            roles: "deliver",
            mail_folder: None,
            lives: 0,
            random: Random::new(plan.seed),
            cut: HashSet::new(),
            taken_over: HashSet::new(),
            stopped_with: Vec::new(),
            leaving: Arc::default(),
            leavers: Vec::new(),
            go_on: Arc::default(),
            tasks: Vec::new(),
            epoch: Clock::System.now(),
            plan,
            store,
            url,
            folder,
        }
    }

    /// The readers, confirmed.
    pub async fn import(&self) -> Vec<String> {
        let name = |i: usize| format!("{}{i}@example.net", if i.is_multiple_of(GONE) { "gone" } else { "r" });
        let names: Vec<String> = (0..self.plan.readers).map(name).collect();
        let row =
            |name: &String| Import { address: Address::parse(name).unwrap(), name: String::new(), language: None };
        let rows: Vec<Import> = names.iter().map(row).collect();
        self.store.import(&rows, "weekly", "import", self.epoch).await.unwrap();
        names
    }

    /// Of a file of the site.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the processes send to.
    fn mail_url(&self) -> String {
        match &self.mail_folder {
            Some(folder) => format!("folder:{}", folder.display()),
            None => format!("smtp://127.0.0.1:{}", self.sink.port),
        }
    }

    pub fn idle(&self) -> Duration {
        Duration::from_millis(self.plan.idle_ms)
    }

    /// A process in the round's roles, with these orders of `sabotage` besides the round's own.
    pub fn spawn(&mut self, orders: &str) -> Machine {
        self.spawn_on(&self.url.clone(), orders)
    }

    /// The same, on another store.
    pub fn spawn_on(&mut self, url: &str, orders: &str) -> Machine {
        self.lives += 1;
        let name = format!("m{}.example", self.lives);
        let plant = self.plan.plant.map(|plant| format!("plant={plant:?}")).unwrap_or_default();
        // Issues are planned in several steps, though there are few readers.
        let all = format!("haste={}@{};batch=5;{plant};{orders}", self.plan.haste, self.epoch.timestamp_millis());
        let (out, log) =
            (self.folder.path().join(format!("{name}.out")), self.folder.path().join(format!("{name}.log")));
        let file = |path: &PathBuf| Stdio::from(fs_err::File::create(path).unwrap().into_parts().0);
        let child = Command::new(env!("CARGO_BIN_EXE_postrider"))
            .args(["serve", "--roles", self.roles])
            .current_dir(self.folder.path())
            .env(sabotage::VARIABLE, all)
            .env("POSTRIDER_STORE_URL", url)
            .env("POSTRIDER_MAIL_URL", self.mail_url())
            .env("POSTRIDER_MAIL_CONNECTIONS", self.plan.connections.to_string())
            .env("POSTRIDER_MAIL_MESSAGES_PER_CONNECTION", "20")
            .env("POSTRIDER_MAIL_HELLO", &name)
            .env("POSTRIDER_HTTP_LISTEN", "127.0.0.1:0")
            .env("POSTRIDER_HTTP_PUBLIC_URL", "https://feeds.example.org/")
            .stdin(Stdio::null())
            .stdout(file(&out))
            .stderr(file(&log))
            .spawn()
            .unwrap();
        Machine { name, child, out, log, may_die: orders.contains("die=") }
    }

    /// Waits until `moves` more things have happened on the wire, the process has ended, or has nothing to do.
    pub async fn until(&self, moves: u64, machine: &mut Machine) {
        let (begun, first) = (Instant::now(), self.sink.moves());
        let mut last = (first, Instant::now());
        while self.sink.moves() - first < moves && machine.ended().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
            if self.sink.moves() != last.0 || !machine.has_begun() {
                last = (self.sink.moves(), Instant::now());
            }
            if last.1.elapsed() > self.idle() {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "the process neither works nor ends:\n{}", machine.said());
        }
    }

    /// SIGKILL (or it has died by itself); returns when the server has read all that it left behind.
    pub async fn bury(&mut self, mut machine: Machine) {
        if let Some(ended) = machine.ended() {
            assert!(ended.signal().is_some(), "it ended by itself, {ended}:\n{}", machine.said());
        }
        machine.kill();
        self.sink.is_done_with(&machine.name).await;
        self.cut.insert(machine.name.clone());
    }

    /// SIGTERM: it ends by itself, and nothing that it sent is sent again.
    pub async fn end_well(&mut self, mut machine: Machine) -> Result<(), Broken> {
        // Before it has begun nobody listens to the signal.
        let begun = Instant::now();
        while !machine.has_begun() && machine.ended().is_none() && begun.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        machine.signal("-TERM");
        let told = Instant::now();
        let ended = loop {
            if let Some(ended) = machine.ended() {
                break ended;
            }
            if told.elapsed() > Duration::from_secs(30) {
                return Err(format!("30 s after SIGTERM it still runs:\n{}", machine.said()));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        if !ended.success() {
            return Err(format!("SIGTERM ended it with {ended}:\n{}", machine.said()));
        }
        self.sink.is_done_with(&machine.name).await;
        Ok(())
    }

    /// SIGSTOP. What each of its lines had in hand then may come again, see [`Self::in_stopped_hands`].
    pub fn stop(&mut self, machine: &Machine) {
        machine.signal("-STOP");
        let log = self.sink.log();
        let of_it = log.connections.iter().enumerate().filter(|(_, c)| c.name == machine.name);
        let (open, ended): (Vec<_>, Vec<_>) = of_it.partition(|(_, c)| c.open);
        // A line whose connection the server has just ended, with a 421 behind the 250 of its last mail, may not know either of them.
        let without = self.plan.connections.saturating_sub(open.len());
        let numbers = open.iter().chain(ended.iter().rev().take(without)).map(|(number, _)| *number);
        self.stopped_with = numbers.collect();
    }

    /// What the connections of the process that is stopped last had in hand, also where the server has left them meanwhile: may come
    /// again once its lease is over.
    fn in_stopped_hands(&self, log: &Log) -> Vec<usize> {
        self.stopped_with.iter().filter_map(|number| log.connections[*number].last).collect()
    }

    /// The lease of the stopped process is over, and it is about to go on.
    pub fn others_have_what_it_had(&mut self) {
        let in_hand = self.in_stopped_hands(&self.sink.log());
        self.taken_over.extend(in_hand);
        self.stopped_with.clear();
    }

    /// Deliveries of which a process says that it was starved until their lease was over.
    fn late(&self) -> HashSet<String> {
        let mut late = HashSet::new();
        for entry in fs_err::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|kind| kind == "log") {
                let log = fs_err::read_to_string(path).unwrap();
                let told = log.lines().filter(|line| line.contains("known only after the lease"));
                let ids = told.filter_map(|line| line.split_once("deliveries=\"")?.1.split_once('"'));
                late.extend(ids.flat_map(|(ids, _)| ids.split(' ')).map(str::to_owned));
            }
        }
        late
    }

    pub fn sum_up(&self, tally: &mut Tally) {
        let log = self.sink.log();
        tally.mails += log.arrivals.len() as u64;
        tally.unanswered += log.arrivals.iter().filter(|arrival| !arrival.answered).count() as u64;
        let readers: HashSet<&str> = log.arrivals.iter().map(|arrival| arrival.to.as_str()).collect();
        tally.repeats += (log.arrivals.len() - readers.len()) as u64;
    }

    /// Sometimes: one of those who leave asks to, while mails are on their way.
    pub fn somebody_may_leave(&mut self) {
        if self.leavers.is_empty() || !self.random.chance(self.plan.restless) {
            return;
        }
        let address = self.leavers.remove(0);
        self.leaves_after(&address, 0);
    }

    /// The reader leaves, by one of four doors, once so much has happened on the wire.
    pub fn leaves_after(&mut self, address: &str, moves: u64) {
        let door = self.random.below(4);
        let (store, sink, leaving, now) =
            (self.store.clone(), Arc::clone(&self.sink), Arc::clone(&self.leaving), self.epoch);
        let (address, go_on) = (address.to_owned(), Arc::clone(&self.go_on));
        leaving.lock().unwrap().asked.insert(address.clone());
        self.tasks.push(tokio::spawn(async move {
            while sink.moves() < moves && !go_on.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            match door {
                0 => store.suppress(&Address::parse(&address).unwrap(), "complaint", now).await.unwrap(),
                1 => drop(store.remove(&address, None, now).await.unwrap()),
                2 => drop(store.erase(&address, now).await.unwrap()),
                _ => {
                    // Chance lets some leave twice.
                    if let Some(reader) = store.subscriber_by_address(&address).await.unwrap() {
                        store.unsubscribe(&reader.subscriptions[0].id, now).await.unwrap();
                    }
                }
            }
            let mark = sink.mark().await;
            leaving.lock().unwrap().answered.push((address, mark));
        }));
    }

    /// Who waits for something on the wire to leave waits no longer.
    pub fn everybody_goes_on(&self) {
        self.go_on.store(true, Ordering::SeqCst);
    }

    /// The readers in the order in which their mails are handed out.
    pub async fn in_their_order(&self) -> Vec<String> {
        let mut rows = self.store.deliveries(Some(&self.issue), None, None, 1_000_000).await.unwrap();
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        rows.into_iter().map(|row| row.address).collect()
    }

    /// Open Deliveries, and whether the Issue says that it is done.
    pub async fn open(&self) -> (u64, bool) {
        let counts = self.store.delivery_counts(Some(&self.issue)).await.unwrap();
        let open = counts.iter().filter(|(state, _)| matches!(state, State::Queued | State::Sending)).map(|row| row.1);
        let issues = self.store.issues(None, 9).await.unwrap();
        (open.sum(), issues.iter().any(|issue| issue.state == IssueState::Done))
    }

    /// Everything that must hold at any time; with `over`, also that everybody is at their end.
    pub async fn check(&mut self, over: bool) -> Result<(), Broken> {
        if over {
            for task in self.tasks.drain(..) {
                task.await.unwrap();
            }
        }
        // The rows first: what they say was sent, the server must have seen by then.
        let issues = self.store.issues(None, 9).await.unwrap();
        let rows = self.store.deliveries(Some(&self.issue), None, None, 1_000_000).await.unwrap();
        let [issue] = &issues[..] else { return Err(format!("{} Issues of one Slot", issues.len())) };
        let (planned, readers) = (issue.deliveries, self.plan.readers as u64);
        if planned != readers || rows.len() as u64 != planned {
            return Err(format!("eligible {readers}, planned {planned}, rows {}", rows.len()));
        }
        let open = rows.iter().filter(|row| matches!(row.state, State::Queued | State::Sending)).count();
        if open > 0 && (over || issue.state == IssueState::Done) {
            return Err(format!("{open} are open, and the Issue is {:?}", issue.state));
        }
        let asked = self.leaving.lock().unwrap().asked.clone();
        let log = self.sink.log();
        let mut of: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, arrival) in log.arrivals.iter().enumerate() {
            of.entry(&arrival.to).or_default().push(at);
        }
        let quiet = self.plan.manners.unanswered + self.plan.manners.forgotten > 0;
        for row in &rows {
            let theirs = of.get(row.address.as_str()).map_or(&[][..], Vec::as_slice);
            let answered = theirs.iter().any(|at| log.arrivals[*at].answered);
            let right = match row.state {
                State::Queued | State::Sending => true,
                // Erased: nobody knows whose it was.
                _ if row.address.is_empty() => true,
                State::Sent => answered,
                State::Failed => row.address.starts_with("gone"),
                // A mailbox that is gone is not tried again, also where the death came before its outcome was kept.
                State::Suppressed => asked.contains(&row.address) || row.address.starts_with("gone"),
                State::Expired => false,
                State::Uncertain => quiet || !self.cut.is_empty(),
            };
            if !right {
                let (state, code, text) = (row.state, row.code, &row.text);
                return Err(format!("{} is {state:?} ({code} {text}) after {} mails", row.address, theirs.len()));
            }
        }
        let mut excused = log.excused(&self.cut);
        excused.extend(self.in_stopped_hands(&log));
        let late = self.late();
        excused.extend((0..log.arrivals.len()).filter(|at| late.contains(log.arrivals[*at].delivery())));
        let mut ids = HashMap::new();
        for (reader, theirs) in &of {
            let repeats: Vec<_> =
                theirs.iter().filter(|at| !excused.contains(*at) && !self.taken_over.contains(*at)).collect();
            if repeats.len() > 1 {
                let shown: Vec<_> =
                    theirs.iter().map(|at| (at, &log.arrivals[*at].by, log.arrivals[*at].answered)).collect();
                let (mails, taken_over, cut) = (repeats.len(), &self.taken_over, &self.cut);
                return Err(format!(
                    "{reader} has {mails} mails for no reason: {shown:?}; taken over: {taken_over:?}, killed: {cut:?}"
                ));
            }
            for at in theirs {
                let id = &log.arrivals[*at].id;
                if id.is_empty() || ids.insert(id, reader).is_some_and(|other| other != reader) {
                    return Err(format!("{reader}: the Message-ID `{id}` is nothing or somebody else's"));
                }
                if *id != log.arrivals[theirs[0]].id {
                    return Err(format!("{reader}: another Message-ID at another attempt"));
                }
            }
        }
        for (reader, mark) in &self.leaving.lock().unwrap().answered {
            if let Some((at, _)) = log.named.iter().find(|(at, to)| to == reader && at > mark) {
                return Err(format!("{reader} left at {mark}, and MAIL came at {at}"));
            }
        }
        Ok(())
    }

    /// What the processes' clocks show.
    pub fn now(&self) -> DateTime<Utc> {
        self.epoch + (Clock::System.now() - self.epoch) * i32::try_from(self.plan.haste).unwrap()
    }

    /// Every point that a life of `moves` passes, and how many times.
    pub async fn trace(&mut self, moves: u64) -> BTreeMap<String, u64> {
        let mut machine = self.spawn("trace");
        self.until(moves, &mut machine).await;
        let said = machine.said();
        self.bury(machine).await;
        let mut points = BTreeMap::new();
        for point in said.lines().filter_map(|line| line.strip_prefix("passed ")) {
            *points.entry(point.to_owned()).or_default() += 1;
        }
        points
    }
}
