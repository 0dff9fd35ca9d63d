//! `postrider bounce`, as a mail server's alias or pipe runs it.

use std::io::Write as _;
use std::process::{Output, Stdio};

use super::*;
use crate::support::house::House;

fn piped(house: &House, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = house.command(&[&["bounce"][..], arguments].concat());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // A pipe that is closed before all is written makes a mail server send a bounce.
    writer.join().unwrap().unwrap();
    output
}

async fn house(readers: &[&str]) -> (House, Harbour) {
    let house = House::new("", "2026-11-02 10:00:00");
    let url = format!("sqlite:{}", house.site().join("postrider.db").display());
    let harbour = Harbour::at(url, tempfile::tempdir().unwrap(), readers).await;
    (house, harbour)
}

fn said(output: &Output) -> String {
    format!("{:?} {}", output.status.code(), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn takes_bounces_complaints_and_letters() {
    let (house, harbour) = house(&["kim@example.com", "lee@example.com", "mo@example.com"]).await;
    let hard = message("exim-plain-user-unknown", &harbour.return_address("kim@example.com").await);
    assert_eq!(said(&piped(&house, &[], &hard)), "Some(0) recorded\n");
    assert_eq!(said(&piped(&house, &[], &hard)), "Some(0) known already\n");
    assert_eq!(harbour.suppressed("kim@example.com").await, None);
    let again = message("qmail-no-mailbox", &harbour.return_address("kim@example.com").await);
    // A second report on the same mail is no second strike.
    assert_eq!(said(&piped(&house, &[], &again)), "Some(0) recorded\n");

    let complaint = message("arf-yahoo", &harbour.return_address("lee@example.com").await);
    assert_eq!(said(&piped(&house, &[], &complaint)), "Some(0) recorded; the address is not mailed any more\n");
    assert_eq!(harbour.suppressed("lee@example.com").await.as_deref(), Some("complaint"));

    let leave = harbour.unsubscribe_address("mo@example.com").await;
    let letter = format!("From: mo@example.com\r\nTo: {leave}\r\nSubject: unsubscribe\r\n\r\n");
    assert_eq!(said(&piped(&house, &["--sender", "mo@example.com"], letter.as_bytes())), "Some(0) unsubscribed\n");
    let story = house.run(&["subscribers", "show", "kim@example.com"]);
    assert!(story.contains("came back    2026-11-02T10:00:00Z  hard user-unknown (by mail) 5.1.1"), "{story}");
    assert!(story.contains("sent, 1 attempt, came back (hard user-unknown)"), "{story}");
    let listed = house.run(&["deliveries", "list"]);
    assert!(listed.contains("came back (complaint)"), "{listed}");
    assert!(house.run(&["subscribers", "list"]).contains("weekly: unsubscribed"));
}

#[tokio::test]
async fn what_is_forged_changes_nothing_and_is_counted() {
    let (house, harbour) = house(&["kim@example.com"]).await;
    let right = harbour.return_address("kim@example.com").await;
    let reader = harbour.store.subscriber_by_address("kim@example.com").await.unwrap().unwrap();
    let before = harbour.rows().await;
    let mac = right.split('@').next().unwrap().rsplit('.').next().unwrap();
    let forged = [
        right.replace(mac, "aaaaaaaaaaaaaaaa"),
        right.replacen("b+", "u+", 1).replace(mac, &mac[..15]),
        format!("b+{}.{mac}@bounce.harbour.example.org", reader.id),
        "b+@bounce.harbour.example.org".to_owned(),
        "kim@example.com".to_owned(),
    ];
    let mut count = 0;
    for address in &forged {
        for name in ["postfix-user-unknown", "exim-plain-user-unknown", "163-no-user", "arf-minimal"] {
            let output = piped(&house, &["--recipient", address], &message(name, address));
            assert!(said(&output).starts_with("Some(0) not to one of our signed addresses"), "{}", said(&output));
            count += 1;
        }
    }
    assert_eq!(harbour.rows().await, before);
    assert_eq!(harbour.returned("mail", "unsigned").await, count);
}

#[tokio::test]
async fn what_people_and_programs_answer_is_no_bounce() {
    let (house, harbour) = house(&["kim@example.com"]).await;
    let address = harbour.return_address("kim@example.com").await;
    let before = harbour.rows().await;
    for name in ["away-german", "away-letter", "postfix-delayed", "read-receipt", "relayed"] {
        assert_eq!(said(&piped(&house, &[], &message(name, &address))), "Some(0) nothing that counts\n", "{name}");
    }
    assert_eq!(harbour.rows().await, before);
    // A bounce that comes to the unsubscribe address unsubscribes nobody.
    let leave = harbour.unsubscribe_address("kim@example.com").await;
    piped(&house, &[], &message("postfix-user-unknown", &leave));
    assert_eq!(harbour.rows().await, before);
}

#[tokio::test]
async fn a_mail_server_never_has_reason_to_send_a_bounce() {
    let (house, harbour) = house(&["kim@example.com"]).await;
    let address = harbour.return_address("kim@example.com").await;
    for (input, arguments) in [
        (b"".to_vec(), vec![]),
        (b"\xff\xfe\0".to_vec(), vec!["--sender", ""]),
        (vec![b'x'; 3 << 20], vec![]),
        ([message("postfix-user-unknown", &address), vec![b'\n'; 5 << 20]].concat(), vec![]),
    ] {
        let output = piped(&house, &arguments, &input);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(output.stdout, b"");
    }
    // What is wrong on our side: it keeps the message.
    let usage = house.command(&["bounce", "--no-such-option"]).output().unwrap();
    assert_eq!(usage.status.code(), Some(75), "{}", said(&usage));
    fs_err::write(house.site().join("postrider.yaml"), "nonsense: 1\n").unwrap();
    let configuration = piped(&house, &[], &message("postfix-user-unknown", &address));
    assert_eq!(configuration.status.code(), Some(75), "{}", said(&configuration));
    fs_err::write(house.site().join("postrider.yaml"), "store: { url: sqlite:none/at/all.db }\n").unwrap();
    let store = piped(&house, &[], &message("postfix-user-unknown", &address));
    assert_eq!(store.status.code(), Some(75), "{}", said(&store));
}
