//! `subscribers` and `deliveries` by the real program.

use std::process::{Command, Stdio};

use super::*;

conform!(
    lives_by_its_commands,
    imports_what_is_good,
    exports_what_it_imports,
    shows_and_retries_deliveries,
    lifts_a_suppression_by_command,
    watches_until_the_end,
);

pub(super) struct Said {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Bench {
    /// Runs the program on this bench's database.
    pub(super) fn run(&self, arguments: &[&str], input: &str) -> Said {
        use std::io::Write as _;
        let config = self.folder.path().join("postrider.yaml");
        let text = format!(
            "site: {{ url: https://example.org/ }}\nstore: {{ url: '{}' }}\ndigests:\n  weekly: {{ schedule: '@weekly', timezone: UTC, from: w@example.org, \
             time_to_live: 5h }}\n  daily: {{ schedule: '@daily', timezone: UTC, from: w@example.org }}\n",
            self.settings.url
        );
        fs_err::write(&config, text).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_postrider"))
            .arg("--config")
            .arg(&config)
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Who ends before it reads is no fault of the test.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let ended = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code: ended.status.code().unwrap(), out: text(ended.stdout), err: text(ended.stderr) }
    }

    pub(super) fn ok(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments, "");
        assert_eq!(said.code, 0, "{arguments:?}: {}{}", said.out, said.err);
        said.out
    }
}

async fn lives_by_its_commands(bench: Bench) {
    bench.ok(&[
        "subscribers",
        "add",
        "Anna@Example.org",
        "--digest",
        "weekly",
        "--confirmed",
        "--name",
        "Anna",
        "--language",
        "zh_CN",
    ]);
    let again = bench.ok(&["subscribers", "add", "anna@example.org", "--digest", "weekly", "--confirmed"]);
    assert!(again.contains("already"), "{again}");
    bench.ok(&["subscribers", "add", "anna@example.org", "--digest", "daily", "--confirmed"]);
    bench.ok(&["subscribers", "add", "bert@example.org", "--digest", "weekly", "--confirmed"]);

    let line: serde_json::Value =
        serde_json::from_str(&bench.ok(&["subscribers", "show", "ANNA@example.org", "--json"])).unwrap();
    assert_eq!(
        (&line["address"], &line["name"], &line["language"]),
        (&"Anna@example.org".into(), &"Anna".into(), &"zh-CN".into())
    );
    assert_eq!(line["deliveries"], serde_json::json!([]));
    assert!(bench.ok(&["subscribers", "show", "anna@example.org"]).contains("weekly: confirmed since 2"));
    let list = |arguments: &[&str]| bench.ok(&[&["subscribers", "list", "--json"], arguments].concat()).lines().count();
    assert_eq!(list(&[]), 2);
    assert_eq!(list(&["--digest", "daily"]), 1);
    assert_eq!(list(&["--state", "unsubscribed"]), 0);

    bench.ok(&["subscribers", "remove", "anna@example.org", "--digest", "weekly"]);
    assert_eq!(list(&["--state", "unsubscribed"]), 1);
    let revive = bench.run(&["subscribers", "add", "anna@example.org", "--digest", "weekly", "--confirmed"], "");
    assert_eq!(revive.code, 1);
    assert!(revive.err.contains("unsubscribed"), "{}", revive.err);
    assert!(bench.ok(&["subscribers", "list"]).contains("weekly: unsubscribed"));
    bench.ok(&["subscribers", "erase", "anna@example.org"]);
    assert_eq!(list(&[]), 1);
    let revive = bench.run(&["subscribers", "add", "anna@example.org", "--digest", "weekly", "--confirmed"], "");
    assert_eq!(revive.code, 1);
    assert!(revive.err.contains("suppressed"), "{}", revive.err);

    for (code, arguments) in [
        (1, vec!["subscribers", "show", "nobody@example.org"]),
        (1, vec!["subscribers", "remove", "nobody@example.org"]),
        (1, vec!["subscribers", "erase", "anna@example.org"]),
        (2, vec!["subscribers", "show", "nobody"]),
        (2, vec!["subscribers", "list", "--state", "gone"]),
        (2, vec!["subscribers", "add", "c@example.org", "--digest", "weekyl", "--confirmed"]),
        (2, vec!["subscribers", "import", "-", "--digest", "monthly"]),
        (2, vec!["deliveries", "list", "--issue", "none"]),
        (2, vec!["deliveries", "retry", "--issue", "none"]),
        (3, vec!["subscribers", "import", "missing.csv", "--digest", "weekly"]),
    ] {
        let said = bench.run(&arguments, "");
        assert_eq!(said.code, code, "{arguments:?}: {}{}", said.out, said.err);
        assert!(!said.err.is_empty() && said.out.is_empty(), "{arguments:?}");
    }
    let typed = bench.run(&["subscribers", "add", "c@example.org", "--digest", "weekyl", "--confirmed"], "");
    assert!(typed.err.contains("did you mean `weekly`?"), "{}", typed.err);
}

async fn imports_what_is_good(bench: Bench) {
    let file = bench.folder.path().join("people.csv");
    fs_err::write(
        &file,
        "\u{feff}Name;Email;Language\r\nÄnna;a@example.org;zh-CN\r\n;nobody;\r\n;b@example.org;\r\n;A@example.org;\r\n",
    )
    .unwrap();
    let said = bench.run(&["subscribers", "import", file.to_str().unwrap(), "--digest", "weekly"], "");
    assert_eq!(said.code, 1, "{}", said.err);
    assert_eq!(said.out, "2 added, 1 confirmed already, 1 with faults\n");
    assert_eq!(
        said.err.lines().next().unwrap(),
        format!(
            "{}:3: the address has no `@` (mend the row and import the file again: who is in stays in)",
            file.display()
        )
    );
    let reader = bench.store.subscriber_by_address("a@example.org").await.unwrap().unwrap();
    assert_eq!(
        (reader.name.as_str(), reader.language.as_deref(), reader.source.as_str()),
        ("Änna", Some("zh-CN"), "import")
    );

    // From standard input, more than one transaction; who left is left.
    bench.store.unsubscribe(&bench.subscription("b@example.org").await, at(0)).await.unwrap();
    bench.store.suppress(&address("r7@example.org"), "complaint", at(0)).await.unwrap();
    let list: Vec<String> = (0..2100).map(|n| format!("r{n}@example.org")).collect();
    let said = bench
        .run(&["subscribers", "import", "-", "--digest", "weekly"], &format!("{}\nb@example.org\n", list.join("\n")));
    assert_eq!(
        (said.code, said.out.as_str()),
        (0, "2099 added, 1 unsubscribed before, left so, 1 suppressed, left so\n"),
        "{}",
        said.err
    );
    assert_eq!(bench.store.audience("weekly").await.unwrap().1, 2100);
    let said = bench.run(&["subscribers", "import", "-", "--digest", "weekly"], "first,last\nx,y\n");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("standard input") && said.err.contains("`email`"), "{}", said.err);
}

async fn exports_what_it_imports(bench: Bench) {
    let rows = [
        ("=cmd@example.org", "=HYPERLINK(\"http://evil\")", Some("en")),
        ("a@example.org", "Comma, \"quoted\"", Some("zh-CN")),
        ("b@example.org", "", None),
        ("gone@example.org", "'=x", None),
        ("suppressed@example.org", "", None),
    ]
    .map(|(who, name, language)| Import {
        address: address(who),
        name: name.to_owned(),
        language: language.map(str::to_owned),
    });
    bench.store.import(&rows, "weekly", "import", at(0)).await.unwrap();
    bench.store.import(&rows[1..2], "daily", "import", at(0)).await.unwrap();
    bench.store.remove("gone@example.org", None, at(1)).await.unwrap();
    bench.store.suppress(&address("suppressed@example.org"), "complaint", at(1)).await.unwrap();
    let file = bench.folder.path().join("out.csv");
    bench.ok(&["subscribers", "export", file.to_str().unwrap()]);
    let text = fs_err::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 7);
    assert_eq!(text.lines().next().unwrap(), "address,name,language,digest,state,since,source,created");
    for line in text.lines() {
        assert!(!line.split(',').any(|cell| cell.trim_matches('"').starts_with(['=', '+', '-', '@'])), "{line}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs_err::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(bench.ok(&["subscribers", "export", "--digest", "daily"]).lines().count(), 2);

    // Into an empty store: the same readers, with the same names; nobody who left.
    let other = if bench.is_sqlite() { Bench::sqlite().await } else { Bench::postgres().await };
    let said = other.run(&["subscribers", "import", file.to_str().unwrap(), "--digest", "weekly"], "");
    assert_eq!(
        (said.code, said.out.as_str()),
        (0, "3 added, 3 left out by their `state` or `digest`\n"),
        "{}",
        said.err
    );
    for row in &rows[..3] {
        let kept = other.store.subscriber_by_address(row.address.as_str()).await.unwrap().unwrap();
        assert_eq!((kept.name, kept.language), (row.name.clone(), row.language.clone()));
    }
    assert_eq!(other.store.subscriber_by_address("gone@example.org").await.unwrap(), None);
}

async fn shows_and_retries_deliveries(bench: Bench) {
    let store = &bench.store;
    bench.readers(&["a@example.org", "b@example.org", "c@example.org"]).await;
    let new = issue(0, &["p"]);
    store.create_issue(&new, at(0)).await.unwrap();
    let claims = bench.claim(0).await;
    store.report(&[said(&claims[0], State::Sent), said(&claims[1], State::Failed)], at(1)).await.unwrap();
    let sum = "3 planned = 1 sent + 1 failed + 0 suppressed + 0 expired + 0 uncertain + 1 sending + 0 queued";
    let list = bench.ok(&["deliveries", "list"]);
    assert_eq!(list.lines().count(), 4);
    assert_eq!(list.lines().last().unwrap(), sum);
    let failed = bench.ok(&["deliveries", "list", "--issue", &new.id, "--state", "failed"]);
    assert!(
        failed.contains(&format!("{}  weekly  failed, 1 attempt 550 5.1.1 no such user", claims[1].address)),
        "{failed}"
    );
    assert_eq!(failed.lines().last().unwrap(), sum);
    let json = bench.run(&["deliveries", "list", "--json", "--address", &claims[1].address.to_uppercase()], "");
    let row: serde_json::Value = serde_json::from_str(json.out.trim()).unwrap();
    assert_eq!(
        (&row["state"], &row["code"], &row["issue"], &row["kind"]),
        (&"failed".into(), &550.into(), &new.id.clone().into(), &"issue".into())
    );
    assert!(json.err.contains(sum));
    let limited = bench.run(&["deliveries", "list", "--json", "--limit", "2"], "");
    assert_eq!(limited.out.lines().count(), 2);
    assert!(limited.err.contains("--limit"));

    assert_eq!(
        bench.ok(&["deliveries", "retry", "--issue", &new.id, "--address", &claims[2].address]),
        "0 deliveries queued again\n"
    );
    assert_eq!(bench.ok(&["deliveries", "retry", "--issue", &new.id]), "1 delivery queued again\n");
    let row = &store.deliveries(None, Some(&claims[1].address), None, 1).await.unwrap()[0];
    assert_eq!(row.state, State::Queued);
    // Its new life is the digest's.
    let again = store.claim("w", 9, LEASE, row.due_at).await.unwrap();
    let again = again.iter().find(|claim| claim.id == claims[1].id).unwrap();
    assert_eq!(again.expires_at, row.due_at + chrono::Duration::hours(5));
}

async fn lifts_a_suppression_by_command(bench: Bench) {
    bench.readers(&["anna@example.org"]).await;
    bench.store.suppress(&address("anna@example.org"), "bounced: user-unknown", at(1)).await.unwrap();
    bench.store.suppress(&address("gone@example.org"), "complaint", at(1)).await.unwrap();
    let shown = bench.ok(&["subscribers", "show", "anna@example.org"]);
    assert!(shown.contains("suppressed   bounced: user-unknown, since 2026-03-06T01:01:00Z"), "{shown}");
    assert!(bench.ok(&["subscribers", "show", "gone@example.org"]).contains("suppressed   complaint"));
    // Nobody lifts it without saying why, and what it was is told first.
    let silent = bench.run(&["subscribers", "lift", "anna@example.org"], "");
    assert_eq!(silent.code, 2);
    assert!(silent.err.contains("bounced: user-unknown") && silent.err.contains("--because"), "{}", silent.err);
    let lift = ["subscribers", "lift", "anna@example.org", "--because", "she wrote from it"];
    let lifted = bench.run(&lift, "");
    assert_eq!(lifted.code, 0);
    assert!(lifted.err.contains("bounced: user-unknown") && lifted.out.contains("may be mailed again"));
    assert_eq!(bench.run(&lift, "").code, 1, "it is not suppressed any more");
    let shown = bench.ok(&["subscribers", "show", "anna@example.org"]);
    assert!(
        shown.contains("suppressed   no") && shown.contains("she wrote from it (was: bounced: user-unknown"),
        "{shown}"
    );
    let shown: serde_json::Value =
        serde_json::from_str(&bench.ok(&["subscribers", "show", "anna@example.org", "--json"])).unwrap();
    assert_eq!((&shown["suppressed"], &shown["liftings"][0]["because"]), (&().into(), &"she wrote from it".into()));
}

async fn watches_until_the_end(bench: Bench) {
    assert!(bench.ok(&["deliveries", "watch"]).contains("nothing is being sent"));
    bench.readers(&["a@example.org", "b@example.org"]).await;
    let new = issue(0, &["p1"]);
    bench.store.create_issue(&new, at(0)).await.unwrap();
    let watched = std::thread::scope(|scope| {
        let watching = scope.spawn(|| bench.ok(&["deliveries", "watch"]));
        let sending = async {
            let claims = bench.claim(1).await;
            let reports: Vec<Report> = claims.iter().map(|claim| said(claim, State::Sent)).collect();
            bench.store.report(&reports, at(1)).await.unwrap();
        };
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(sending));
        watching.join().unwrap()
    });
    // Whether it saw the beginning or not, it ends with the sum.
    assert!(
        watched.contains("2 eligible = 2 sent + 0 failed") || watched.contains("nothing is being sent"),
        "{watched}"
    );
    let watched = bench.ok(&["deliveries", "watch", "--issue", &new.id]);
    assert!(watched.contains("2 of 2 mails") && watched.contains("done: 2 eligible = 2 sent"), "{watched}");
    assert_eq!(bench.run(&["deliveries", "watch", "--issue", "none"], "").code, 2);
}
