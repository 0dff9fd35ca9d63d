//! What an operator lives through: a copy of the store that is put back, a full disk, a database that somebody else holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use postrider::store::{IssueState, Settings, Store};
use sqlx::Connection as _;

use crate::support::house::{House, Sink, eventually};

fn configuration(store: &str) -> String {
    format!(
        "digests:\n  daily:\n    schedule: \"0 9 * * *\"\n    template: letter\n    from: \"Harbour <news@example.org>\"\n    catch_up: 6h\n\
         store: {{ url: \"{store}\" }}\nhttp: {{ listen: \"127.0.0.1:0\" }}\n"
    )
}

/// A house with three readers and the baseline taken; mail goes to `port`.
fn house(store: &str, port: u16) -> House {
    let mut house = House::new(&configuration(store), "2026-03-05 08:00:00");
    house.environment.push(("POSTRIDER_MAIL_URL".into(), format!("smtp://127.0.0.1:{port}")));
    let (ended, _) = house.serve().stop();
    assert!(ended.success());
    fs_err::write(house.path("readers.csv"), "address\na@example.com\nb@example.com\nc@example.com\n").unwrap();
    house.run(&["subscribers", "import", &house.path("readers.csv").display().to_string(), "--digest", "daily"]);
    house
}

/// Mails by reader: their Message-IDs.
fn arrived(sink: &Sink) -> BTreeMap<String, Vec<String>> {
    let mut arrived: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in sink.mails() {
        let text = |key: &str| mail[key].as_str().unwrap().to_owned();
        arrived.entry(text("to")).or_default().push(text("id"));
    }
    arrived
}

fn sink(folder: &Path) -> Sink {
    Sink::start("stopping_smtp.py", &folder.join("kept"), &["never", "1"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_put_back_sends_nothing_by_itself() {
    let beside = tempfile::tempdir().unwrap();
    let sink = sink(beside.path());
    let url = format!("sqlite:{}", beside.path().join("store.db").display());
    let mut house = house(&url, sink.port);
    house.publish("boats", "Boats", "2026-03-05T07:00:00Z", "Two of them.");
    // The Issue is made, and the relay is away: that is when the copy is taken.
    house.environment.push(("POSTRIDER_MAIL_URL".into(), "smtp://127.0.0.1:9".into()));
    house.set_time("2026-03-05 09:00:30");
    let daemon = house.serve();
    let store = Store::open(&Settings { url: url.clone(), secret: None }).await.unwrap();
    let issue = async |state: IssueState| {
        let issues = store.issues(None, 9).await.unwrap();
        issues.first().filter(|issue| issue.state == state).map(|_| ())
    };
    eventually("the Issue is made", || issue(IssueState::Sending)).await;
    let copy = beside.path().join("copy.db").display().to_string();
    house.run(&["backup", &copy]);
    daemon.stop();
    house.environment.pop();
    house.set_time("2026-03-05 09:10:00");
    let daemon = house.serve();
    eventually("everybody has their mail", || issue(IssueState::Done)).await;
    daemon.stop();
    store.close().await;
    assert_eq!(arrived(&sink).len(), 3);

    // Minutes later the copy is put back: younger than any `catch_up`.
    for end in ["", "-wal", "-shm"] {
        let _ = fs_err::remove_file(beside.path().join(format!("store.db{end}")));
    }
    fs_err::copy(&copy, beside.path().join("store.db")).unwrap();
    house.set_time("2026-03-05 09:20:00");
    house.publish("ferry", "The ferry", "2026-03-05T09:15:00Z", "It is back.");
    let daemon = house.serve();
    eventually("it says so", || async {
        daemon.log().contains("this store is a copy made at 2026-03-05T09:").then_some(())
    })
    .await;
    // A day on, with a Slot in it: still nothing.
    house.set_time("2026-03-06 09:00:01");
    let store = Store::open(&Settings { url, secret: None }).await.unwrap();
    let (ended, _) = daemon.stop();
    assert!(ended.success());
    assert_eq!(arrived(&sink).values().map(Vec::len).sum::<usize>(), 3, "nothing left by itself");
    assert_eq!(store.issues(None, 9).await.unwrap().len(), 1, "nothing was announced again");

    assert!(house.run(&["resume"]).contains("3 mails wait"));
    let daemon = house.serve();
    eventually("the Issues go on", || async {
        let issues = store.issues(None, 9).await.unwrap();
        (issues.len() == 2 && issues.iter().all(|issue| issue.state == IssueState::Done)).then_some(())
    })
    .await;
    daemon.stop();
    for (reader, ids) in arrived(&sink) {
        // The first Issue's mail twice, as a person let it, under one id; and the second's, whichever of both comes first now.
        let again = ids.iter().filter(|id| **id == ids[0]).count();
        assert_eq!((ids.len(), again), (3, 2), "{reader}: {ids:?}");
    }
}

/// A file system of its own, of a few megabytes; unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Self {
        fs_err::create_dir_all(at).unwrap();
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(at).status().unwrap();
        assert!(done.success(), "a small disk cannot be mounted: this test needs to be root, as in a container");
        Self(at.to_owned())
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        use std::io::Write as _;
        let mut file = fs_err::File::create(self.0.join("filler")).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn free(&self) {
        fs_err::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

async fn feed(address: &str) -> u16 {
    reqwest::get(format!("{address}rss.xml")).await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_puts_no_mail_at_risk_and_keeps_the_feeds_up() {
    let beside = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(&beside.path().join("disk"));
    let sink = sink(beside.path());
    let house = house(&format!("sqlite:{}", disk.0.join("store.db").display()), sink.port);
    house.publish("boats", "Boats", "2026-03-05T07:00:00Z", "Two of them.");
    let daemon = house.serve();
    assert_eq!(feed(&daemon.address).await, 200);
    disk.fill();
    house.set_time("2026-03-05 09:00:01");
    eventually("the full disk is noticed", || async { daemon.log().contains("full").then_some(()) }).await;
    assert_eq!(feed(&daemon.address).await, 200);
    assert_eq!(sink.mails().len(), 0);
    disk.free();
    eventually("it goes on by itself", || async { (sink.mails().len() == 3).then_some(()) }).await;
    let (ended, _) = daemon.stop();
    assert!(ended.success());
    assert!(arrived(&sink).values().all(|ids| ids.len() == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_somebody_holds_puts_no_mail_at_risk_and_keeps_the_feeds_up() {
    let beside = tempfile::tempdir().unwrap();
    let sink = sink(beside.path());
    let url = format!("sqlite:{}", beside.path().join("store.db").display());
    let house = house(&url, sink.port);
    house.publish("boats", "Boats", "2026-03-05T07:00:00Z", "Two of them.");
    let daemon = house.serve();
    let mut holder = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("begin immediate").execute(&mut holder).await.unwrap();
    house.set_time("2026-03-05 09:00:01");
    // The scheduler waits for the lock, gives up after its patience, and says so.
    eventually("it is noticed", || async { daemon.log().contains("locked").then_some(()) }).await;
    assert_eq!(feed(&daemon.address).await, 200);
    assert_eq!(sink.mails().len(), 0);
    sqlx::query("rollback").execute(&mut holder).await.unwrap();
    eventually("it goes on by itself", || async { (sink.mails().len() == 3).then_some(()) }).await;
    let (ended, _) = daemon.stop();
    assert!(ended.success());
    assert!(arrived(&sink).values().all(|ids| ids.len() == 1));
}
