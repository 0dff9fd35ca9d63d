//! kill -9 at ten points of the delivery: nobody is lost, only what was in flight is repeated, under the same Message-ID.

use std::collections::{BTreeMap, BTreeSet};

use postrider::delivery::State;
use postrider::store::{Settings, Store};

use crate::support::databases;
use crate::support::house::{House, Sink, eventually};

/// Where the mail server stops, and at which time of reaching it.
const POINTS: [(&str, &str); 10] = [
    ("greeting", "2"),
    ("EHLO", "2"),
    ("MAIL", "5"),
    ("RCPT", "5"),
    ("DATA", "5"),
    ("body", "5"),
    ("dot", "5"),
    ("answered", "5"),
    ("QUIT", "1"),
    ("next", "2"),
];
const READERS: usize = 12;
const CONNECTIONS: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_lost_on_sqlite() {
    for (stage, nth) in POINTS {
        let folder = tempfile::tempdir().expect("a folder");
        crash_at(stage, nth, &databases::sqlite(folder.path())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_lost_on_postgres() {
    for (stage, nth) in POINTS {
        crash_at(stage, nth, &databases::postgres().await).await;
    }
}

async fn crash_at(stage: &str, nth: &str, store_url: &str) {
    let at = format!("{stage} of {}", store_url.split(':').next().unwrap_or_default());
    let configuration = format!(
        "digests:\n  daily:\n    schedule: \"0 9 * * *\"\n    template: letter\n    from: \"Harbour <news@example.org>\"\n\
         mail: {{ connections: {CONNECTIONS}, messages_per_connection: 3 }}\n\
         store: {{ url: \"{store_url}\" }}\nhttp: {{ listen: \"127.0.0.1:0\" }}\n"
    );
    let mut house = House::new(&configuration, "2026-03-05 08:00:00");
    let kept = house.path("kept");
    let sink = Sink::start("stopping_smtp.py", &kept, &[stage, nth]);
    house.environment.push(("POSTRIDER_MAIL_URL".into(), format!("smtp://127.0.0.1:{}", sink.port)));

    // The first start finds nothing; then there is something to tell, and somebody to tell it to.
    let (ended, _) = house.serve().stop();
    assert!(ended.success(), "{at}");
    let readers: BTreeSet<String> = (0..READERS).map(|i| format!("reader{i}@example.com")).collect();
    let lines: Vec<&str> = readers.iter().map(String::as_str).collect();
    fs_err::write(house.path("readers.csv"), format!("address\n{}\n", lines.join("\n"))).expect("the readers");
    let file = house.path("readers.csv").display().to_string();
    house.run(&["subscribers", "import", &file, "--digest", "daily"]);
    // More than fits between the two programs' sockets.
    let paragraph = "The harbour master counts the boats every morning, and every evening the boats count him.\n\n";
    house.publish("boats", "Boats", "2026-03-05T07:00:00Z", &paragraph.repeat(1500));

    // The Slot is over when the daemon comes back: it makes it up, and dies on the way.
    house.set_time("2026-03-05 09:00:30");
    let daemon = house.serve();
    let stopped = eventually(&format!("the server stopped at {at}"), || async { sink.line() }).await;
    daemon.kill();
    let stopped: serde_json::Value = serde_json::from_str(&stopped).expect("how things stood");
    let in_flight: BTreeSet<String> = serde_json::from_value(stopped["in_flight"].clone()).expect("addresses");
    assert!(in_flight.len() <= CONNECTIONS, "{at}: {in_flight:?}");
    let before = sink.mails().len();
    assert!(before < READERS, "{at}: it came after the work was done");

    // Later than any lease.
    house.set_time("2026-03-05 11:30:00");
    let daemon = house.serve();
    let store = Store::open(&Settings { url: store_url.to_owned(), secret: None }).await.expect("the store");
    eventually(&format!("everything is at its end after {at}"), || async {
        let counts = store.delivery_counts(None).await.expect("counts");
        let open = counts.iter().any(|(state, n)| *n > 0 && matches!(state, State::Queued | State::Sending));
        (!open).then_some(())
    })
    .await;
    let (ended, _) = daemon.stop();
    assert!(ended.success(), "{at}");

    let mut arrived: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mail in sink.mails() {
        let text = |key: &str| mail[key].as_str().expect("a text").to_owned();
        arrived.entry(text("to")).or_default().push(text("id"));
    }
    assert_eq!(arrived.keys().cloned().collect::<BTreeSet<_>>(), readers, "{at}: somebody was lost");
    let mut ids = BTreeSet::new();
    for (address, mails) in &arrived {
        assert!(mails.len() == 1 || in_flight.contains(address), "{at}: {address} was not in flight: {mails:?}");
        assert!(mails.len() <= 2, "{at}: {address}: {mails:?}");
        assert!(mails.iter().all(|id| *id == mails[0]), "{at}: {address}: another Message-ID: {mails:?}");
        assert!(ids.insert(&mails[0]), "{at}: {} is two mails' id", mails[0]);
    }
    let counts = store.delivery_counts(None).await.expect("counts");
    assert_eq!(counts, [(State::Sent, READERS as u64)], "{at}");
}
