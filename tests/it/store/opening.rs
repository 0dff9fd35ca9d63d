use postrider::crypto::mac;
use postrider::store::Error;

use super::*;

conform!(
    keeps_its_key,
    opens_at_once_from_many,
    refuses_another_secret,
    shows_no_password,
    closes,
    may_be_dropped_where_no_runtime_is,
);

async fn keeps_its_key(bench: Bench) {
    bench.store.ping().await.unwrap();
    let again = bench.again().await;
    assert_eq!(mac(bench.store.key(), b"x"), mac(again.key(), b"x"));
    let other = Bench::sqlite().await;
    assert_ne!(mac(bench.store.key(), b"x"), mac(other.store.key(), b"x"));
}

async fn opens_at_once_from_many(bench: Bench) {
    // An empty database and eight machines that start at once.
    let settings = if bench.is_sqlite() {
        Settings { url: format!("sqlite:{}", bench.folder.path().join("new.db").display()), secret: None }
    } else {
        Settings { url: crate::support::databases::postgres().await, secret: None }
    };
    let machines: Vec<_> = (0..8)
        .map(|_| {
            let settings = settings.clone();
            tokio::spawn(async move { mac(Store::open(&settings).await.unwrap().key(), b"x") })
        })
        .collect();
    let mut keys = Vec::new();
    for machine in machines {
        keys.push(machine.await.unwrap());
    }
    assert!(keys.iter().all(|key| *key == keys[0]));
}

async fn refuses_another_secret(bench: Bench) {
    let with = |secret: &str| Settings { secret: Some(secret.to_owned()), ..bench.settings.clone() };
    // Nobody has a link yet: the new secret counts.
    let one = Store::open(&with("one")).await.unwrap();
    let two = Store::open(&with("two")).await.unwrap();
    assert_ne!(mac(one.key(), b"x"), mac(two.key(), b"x"));
    two.import(
        &[Import { address: address("a@example.org"), name: String::new(), language: None }],
        "weekly",
        "import",
        at(0),
    )
    .await
    .unwrap();
    Store::open(&with("two")).await.unwrap();
    let Err(Error::Unusable(said)) = Store::open(&with("three")).await else { panic!("it opened") };
    assert!(said.contains("store.secret") && !said.contains("three"), "{said}");
}

async fn shows_no_password(bench: Bench) {
    assert!(!format!("{:?}", bench.store).contains("postgres:"));
    for url in [
        "postgres://rider:hunter2@127.0.0.1:1/none",
        "postgresql://rider:hunter2@[::1:bad/none",
        "mysql://rider:hunter2@localhost/x",
        "hunter2",
        "sqlite:/nonexistent/hunter/x.db",
    ] {
        let error = Store::open(&Settings { url: url.to_owned(), secret: None }).await.expect_err(url);
        let said = format!("{error} {error:?}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    assert!(
        matches!(Store::open(&Settings { url: "mysql://x/y".to_owned(), secret: None }).await, Err(Error::Unusable(said)) if said.contains("sqlite:"))
    );
}

async fn closes(bench: Bench) {
    bench.store.close().await;
    assert!(bench.store.ping().await.is_err());
    bench.again().await.ping().await.unwrap();
}

#[tokio::test]
async fn one_daemon_a_file() {
    let bench = Bench::sqlite().await;
    bench.store.lock_daemon().await.unwrap();
    bench.store.lock_daemon().await.unwrap();
    let second = bench.again().await;
    let Err(Error::Unusable(said)) = second.lock_daemon().await else { panic!("two daemons") };
    assert!(said.contains("postrider.db") && said.contains(&format!("process {}", std::process::id())), "{said}");
    // By another name it is the same file.
    let link = bench.folder.path().join("link.db");
    fs_err::os::unix::fs::symlink(bench.file(), &link).unwrap();
    let linked = Store::open(&Settings { url: format!("sqlite:{}", link.display()), secret: None }).await.unwrap();
    assert!(linked.lock_daemon().await.is_err());
    let Bench { store, folder: _folder, .. } = bench;
    let clone = store.clone();
    drop(store);
    assert!(second.lock_daemon().await.is_err());
    drop(clone);
    second.lock_daemon().await.unwrap();

    let shared = Bench::postgres().await;
    shared.store.lock_daemon().await.unwrap();
    shared.again().await.lock_daemon().await.unwrap();
}

#[tokio::test]
async fn a_new_file_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::sqlite().await;
    bench.store.lock_daemon().await.unwrap();
    bench.readers(&["a@example.org"]).await;
    let mut names = Vec::new();
    for file in fs_err::read_dir(bench.folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.path().display());
        names.push(file.file_name());
    }
    assert!(names.len() >= 3, "{names:?}");
}

#[tokio::test]
async fn what_is_not_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = async |name: &str| {
        let url = format!("sqlite:{}", folder.path().join(name).display());
        match Store::open(&Settings { url, secret: None }).await {
            Err(Error::Unusable(said)) => said,
            other => panic!("{name}: {other:?}"),
        }
    };
    fs_err::write(
        folder.path().join("text.db"),
        "this is a text of mine, and long enough to be looked at as a database header",
    )
    .unwrap();
    assert!(open("text.db").await.contains("not a database"));
    assert!(fs_err::read(folder.path().join("text.db")).unwrap().starts_with(b"this is a text"));
    fs_err::create_dir(folder.path().join("folder.db")).unwrap();
    open("folder.db").await;
    assert!(open("missing/x.db").await.contains("missing"));
}

async fn may_be_dropped_where_no_runtime_is(bench: Bench) {
    let store = bench.again().await;
    // Whoever writes keeps a connection.
    let outcome = Outcome { verdict: Verdict::Accepted, code: 250, text: String::new() };
    let nobodys = Report { delivery: "none".to_owned(), fence: 1, outcome, state: State::Sent, due_at: None };
    assert_eq!(store.record(&[nobodys], at(0)).await.unwrap(), 0);
    std::thread::spawn(move || drop(store)).join().unwrap();
    bench.store.ping().await.unwrap();
}
