//! `doctor`: the real program before a DNS server, a mail server and a daemon of its own.

use serde_json::Value;

use crate::support::dns::Dns;
use crate::support::house::House;
use crate::support::smtp::{Act, Point, Server, say};

const CONFIGURATION: &str = "
site: { url: https://harbour.example.org/ }
content: { sections: [news] }
digests:
  weekly:
    schedule: \"0 9 * * 5\"
    from: \"Harbour <weekly@harbour.example.org>\"
";

/// (check, state, what) of each line, and the exit code.
fn doctor(house: &House) -> (Option<i32>, Vec<(String, String, String)>) {
    let output = house.command(&["doctor", "--json"]).output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr).into_owned());
    let rows = out.lines().map(|line| {
        let row: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{out}{err}"));
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        assert!(text("state") == "good" || text("hint").is_empty() || text("hint").len() > 10);
        (text("check"), text("state"), text("what"))
    });
    (output.status.code(), rows.collect())
}

/// What is not good.
fn faults(house: &House) -> (Option<i32>, Vec<String>) {
    let (code, rows) = doctor(house);
    let bad =
        rows.into_iter().filter(|row| row.1 != "good").map(|(check, state, what)| format!("{check} {state}: {what}"));
    (code, bad.collect())
}

fn configure(house: &House, more: &str) {
    fs_err::write(house.site().join("postrider.yaml"), format!("{CONFIGURATION}{more}")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_outside_is_looked_at() {
    let smtp = Server::start(|_, _, _| Act::Well).await;
    let mut house = House::new(CONFIGURATION, "2026-03-04 12:00:00");
    house.publish("one", "One", "2026-03-02T10:00:00Z", "One.");
    house.run(&["dkim", "keygen", "s", "--out", "keys", "--domain", "harbour.example.org"]);
    let keys = "dkim: { keys: { s-rsa: keys/s-rsa.pem, s-ed: keys/s-ed.pem } }";
    let url = format!("smtp://postrider@{}", smtp.address);
    let mail = format!(
        "mail: {{ url: \"{url}\", password_file: secret, bounce_address: \"@bounce.harbour.example.org\", {keys} }}\n"
    );
    let secret = house.site().join("secret");
    fs_err::write(&secret, "harbour").unwrap();
    let mode = |mode| std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    mode(0o600);
    configure(&house, &mail);
    let records = house.run(&["dkim", "records"]);
    let dns = Dns::start(&[
        ("bounce.harbour.example.org", "MX 10 mx.harbour.example.org"),
        ("bounce.harbour.example.org", "TXT v=spf1 include:relay.example.net -all"),
        ("relay.example.net", "TXT v=spf1 ip4:192.0.2.0/24 -all"),
        ("_dmarc.harbour.example.org", "TXT v=DMARC1; p=quarantine; rua=mailto:d@harbour.example.org"),
    ]);
    for line in records.lines() {
        let (name, value) = line.split_once(". IN TXT ( ").expect("a record");
        let text: String = value.split('"').skip(1).step_by(2).collect();
        dns.add(name, &format!("TXT {text}"));
    }
    let dns_server = format!("dns: {{ server: {} }}\n", dns.address);
    configure(&house, &format!("{mail}{dns_server}http: {{ listen: \"127.0.0.1:0\" }}\n"));
    let daemon = house.serve();
    let whole = format!("{mail}{dns_server}http: {{ public_url: \"{}\" }}\n", daemon.address);
    configure(&house, &whole);

    let (code, rows) = doctor(&house);
    assert!(code == Some(0) && rows.iter().all(|row| row.1 == "good"), "{rows:#?}");
    for (check, what) in [
        ("mail", "takes our login"),
        ("dns", "SPF: v=spf1 include:relay.example.net -all"),
        ("dns", "s-rsa._domainkey.harbour.example.org DKIM: the record of our key"),
        ("dns", "s-ed._domainkey.harbour.example.org DKIM: the record of our key"),
        ("dns", "DMARC: v=DMARC1; p=quarantine"),
        ("dns", "MX: mx.harbour.example.org"),
        ("public url", "answers"),
        ("store", "it answers"),
    ] {
        assert!(rows.iter().any(|row| row.0 == check && row.2.contains(what)), "{what}: {rows:#?}");
    }
    assert_eq!(smtp.kept().len(), 0, "no mail was sent");
    let shown = house.run(&["doctor"]);
    assert!(shown.contains("good     mail           127.0.0.1:"), "{shown}");

    // Each fault is told as what it is.
    mode(0o644);
    let (code, bad) = faults(&house);
    assert!(
        code == Some(1) && bad.len() == 1 && bad[0].contains("others may read") && bad[0].contains("mode 644"),
        "{bad:?}"
    );
    mode(0o600);
    let rsa = "s-rsa._domainkey.harbour.example.org";
    for (name, record, state, what) in [
        (rsa, None, "failed", "has no DKIM record"),
        (rsa, Some("v=DKIM1; k=rsa; p=AAAA"), "failed", "has the record of another key"),
        (rsa, Some("v=DKIM1; k=rsa; p="), "failed", "says that this key was given up"),
        ("_dmarc.harbour.example.org", None, "warning", "has no DMARC record"),
        ("_dmarc.harbour.example.org", Some("v=DMARC1"), "warning", "without a policy"),
        ("bounce.harbour.example.org", Some("MX 0 ."), "warning", "a null MX"),
        ("bounce.harbour.example.org", Some("FAIL"), "failed", "could not be looked up"),
        ("relay.example.net", Some("FAIL"), "failed", "relay.example.net could not be looked up"),
        ("relay.example.net", Some("v=spf1 include:relay.example.net -all"), "warning", "takes 11 look-ups"),
    ] {
        let before = dns.records(name);
        dns.remove(name);
        if let Some(record) = record {
            let plain =
                if record.starts_with("MX") || record == "FAIL" { record.to_owned() } else { format!("TXT {record}") };
            dns.add(name, &plain);
        }
        let (code, bad) = faults(&house);
        let expected = if state == "failed" { Some(3) } else { Some(0) };
        let told = bad.iter().any(|bad| bad.starts_with(&format!("dns {state}: ")) && bad.contains(what));
        assert!(told && code == expected, "{name} {record:?}, {code:?}: {bad:#?}");
        dns.remove(name);
        for record in before {
            dns.add(name, &record);
        }
    }
    assert_eq!(faults(&house), (Some(0), Vec::new()), "as it was");
    for (record, what) in [("TXT v=spf1 -all", "has 2 SPF records"), ("TXT something else", "")] {
        dns.add("bounce.harbour.example.org", record);
        let (code, bad) = faults(&house);
        assert!(
            code == Some(0)
                && (bad.iter().any(|bad| bad.contains(what)) && !what.is_empty() || bad.is_empty() && what.is_empty()),
            "{bad:?}"
        );
        dns.take("bounce.harbour.example.org", record);
    }

    // Nobody at home, and a mail server that knows another password.
    assert!(daemon.stop().0.success());
    let (code, bad) = faults(&house);
    assert!(
        code == Some(3)
            && bad.len() == 1
            && bad[0].starts_with("public url failed: ")
            && bad[0].contains("does not answer"),
        "{bad:?}"
    );
    let other =
        Server::start(|point, _, _| if point == Point::Auth { say("535 5.7.8 not you") } else { Act::Well }).await;
    house.environment.push(("POSTRIDER_MAIL_URL".into(), format!("smtp://postrider@{}", other.address)));
    let (code, bad) = faults(&house);
    assert!(
        code == Some(3) && bad.iter().any(|bad| bad.starts_with("mail failed: ") && bad.contains("logging in: 535")),
        "{bad:?}"
    );

    // Of several relays the one at fault is named as the configuration names it.
    house.environment.clear();
    let relays =
        format!("relays: {{ second: {{ url: \"smtp://postrider@{}\", password_file: secret }} }}", other.address);
    configure(&house, &whole.replacen("mail: { ", &format!("mail: {{ {relays}, "), 1));
    let said = house.command(&["doctor"]).output().unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("hint: look at the user in `mail.relays.second.url` and at `mail.relays.second.password_file`")
    );
    assert!(said.contains(&format!("good     mail           {} takes our login", smtp.address)), "{said}");
}

#[test]
fn faults_of_our_own_come_first() {
    let house = House::new("digests:\n  weekly:\n    schedule: never\n    from: x\n", "2026-03-04 12:00:00");
    let (code, bad) = faults(&house);
    assert!(
        code == Some(1)
            && bad.len() >= 2
            && bad.iter().all(|bad| bad.starts_with("configuration wrong: postrider.yaml:")),
        "{bad:?}"
    );
    configure(&house, "mail: { url: \"folder:mails\" }\n");
    let (code, bad) = faults(&house);
    assert_eq!(code, Some(0), "{bad:?}");
    assert!(bad.iter().any(|bad| bad.contains("every mail becomes a file")), "{bad:?}");
    assert!(!house.site().join("mails").exists() && !house.site().join("postrider.db").exists(), "nothing was made");
}
