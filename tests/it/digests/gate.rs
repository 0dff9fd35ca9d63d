//! The gate by the real program: what it holds, who lets it go, and when.

use std::path::PathBuf;

use serde_json::Value;

use super::WEEKLY;
use crate::support::dns::Dns;
use crate::support::house::{House, eventually};

/// `more` of it.
fn configuration(more: &str) -> String {
    format!("{WEEKLY}http: {{ listen: \"127.0.0.1:0\" }}\n{more}")
}

/// A digest with its baseline and one reader; Friday's Slot is ahead.
fn begun(configuration: &str) -> House {
    start(House::new(configuration, "2026-03-04 12:00:00"))
}

/// The same on Friday, with a template of the owner's and news.
fn with_template(body: &str) -> House {
    let own = configuration("templates: { folder: own }\n").replace("template: letter", "template: mine");
    let house = House::new(&own, "2026-03-06 07:00:00");
    template(&house, body);
    let house = start(house);
    house.publish("boats", "Boats", "2026-03-06T07:30:00Z", "Boats.");
    house.set_time("2026-03-06 08:00:00");
    house
}

fn start(house: House) -> House {
    house.publish("old", "Old words", "2026-03-02T10:00:00Z", "Before everything.");
    assert!(house.serve().stop().0.success());
    house.run(&["subscribers", "add", "reader@example.net", "--digest", "weekly", "--confirmed"]);
    house
}

fn run(house: &House, arguments: &[&str]) -> (Option<i32>, String) {
    let output = house.command(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
}

fn mails(house: &House) -> Vec<PathBuf> {
    let Ok(folder) = fs_err::read_dir(house.site().join("mails")) else { return Vec::new() };
    folder.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|end| end == "eml")).collect()
}

fn plan(house: &House) -> Value {
    serde_json::from_str(&house.run(&["digest", "plan", "weekly", "--json"])).unwrap()
}

fn state(house: &House) -> String {
    let listed: Value = serde_json::from_str(&house.run(&["digest", "list", "--json"])).unwrap();
    listed[0]["issues"][0]["state"].as_str().unwrap_or_default().to_owned()
}

fn template(house: &House, body: &str) {
    let folder = house.site().join("own/email/mine");
    fs_err::create_dir_all(&folder).unwrap();
    fs_err::write(folder.join("subject.txt"), "{{ posts[0].title }}").unwrap();
    fs_err::write(folder.join("body.txt"), "{{ posts[0].title }}\n{{ holes.unsubscribe_url }}\n").unwrap();
    fs_err::write(
        folder.join("body.html"),
        format!("<!doctype html><html lang=\"{{{{ lang }}}}\"><body>{body}</body></html>"),
    )
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_holds_until_it_is_mended_and_a_person_has_approved() {
    let house = with_template("<a href=\"/read/\">{{ posts[0].title }}</a>");
    let planned = plan(&house);
    let said: Vec<_> = planned["gate"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["severity"].as_str().unwrap(), f["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(
        (&planned["held"], said.as_slice()),
        (&Value::Bool(true), &[("error", "links"), ("error", "unsubscribe")][..])
    );
    let (code, text) = run(&house, &["digest", "plan", "weekly"]);
    assert!(
        code == Some(0)
            && text.contains("gate     error links: the link to `/read/` is relative")
            && text.contains("held     by the gate"),
        "{text}"
    );

    house.set_time("2026-03-06 09:00:10");
    let daemon = house.serve();
    eventually("the Issue is held", || async { (state(&house) == "held").then_some(()) }).await;
    let log = daemon.log();
    assert!(
        log.contains("the gate holds the Issue")
            && log.contains("no link to unsubscribe")
            && log.contains("digest approve weekly"),
        "{log}"
    );
    assert_eq!(plan(&house)["reasons"][0].as_array().unwrap().len(), 2, "and the plan tells why");

    // Nobody can accept an error; the word is noted.
    let (code, said) = run(&house, &["digest", "approve", "weekly", "--accept", "links", "unsubscribe"]);
    assert!(code == Some(1) && said.contains("errors are nobody's to accept"), "{said}");
    assert_eq!((state(&house).as_str(), mails(&house).len()), ("held", 0));
    assert!(daemon.stop().0.success());

    // Mended in part, nothing goes; mended, it goes by itself.
    template(&house, "<a href=\"{{ posts[0].url }}\">{{ posts[0].title }}</a>");
    let daemon = house.serve();
    let left = || async {
        let reasons = plan(&house)["reasons"][0].clone();
        (reasons.as_array().is_some_and(|reasons| reasons.len() == 1)).then_some(reasons)
    };
    let reasons = eventually("it was looked at again", left).await;
    assert_eq!((reasons[0]["reason"].as_str(), mails(&house).len()), (Some("unsubscribe"), 0));
    assert!(daemon.stop().0.success());
    template(
        &house,
        "<a href=\"{{ posts[0].url }}\">{{ posts[0].title }}</a> <a href=\"{{ holes.unsubscribe_url }}\">Leave</a>",
    );
    let daemon = house.serve();
    eventually("the mail is there", || async { (mails(&house).len() == 1).then_some(()) }).await;
    let mail = fs_err::read_to_string(&mails(&house)[0]).unwrap();
    assert!(mail.contains(">Leave</a>") && mail.contains("/unsubscribe/") && !mail.contains("hole-"), "{mail}");
    eventually("the Issue is done", || async { (state(&house) == "done").then_some(()) }).await;
    assert!(daemon.stop().0.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_is_the_editors_to_accept() {
    let house = begun(&configuration(""));
    house.publish(
        "boats",
        "Boats",
        "2026-03-04T13:00:00Z",
        "Boats, and [more](/news/none/), and [old words](/news/old/). ![](https://e.org/x.png)",
    );
    house.set_time("2026-03-04 14:00:00");
    let (code, said) = run(&house, &["digest", "send", "weekly"]);
    assert!(
        code == Some(1)
            && said.contains("warning links: the link to https://harbour.example.org/news/none/ leads to no page"),
        "{said}"
    );
    assert!(said.contains("accepted alt: ") && !said.contains("news/old"), "{said}");
    assert_eq!((state(&house).as_str(), mails(&house).len()), ("held", 0));
    let (code, said) = run(&house, &["digest", "approve", "weekly"]);
    assert!(code == Some(1) && said.contains("postrider digest approve weekly --accept links"), "{said}");
    let (code, said) = run(&house, &["digest", "approve", "weekly", "--accept", "lynx"]);
    assert!(code == Some(2) && said.contains("alt, cut, dns"), "{said}");
    assert_eq!(mails(&house).len(), 0);
    let (code, said) = run(&house, &["digest", "approve", "weekly", "--accept", "links"]);
    assert!(code == Some(0) && said.contains("approved: the Issue of"), "{said}");
    let daemon = house.serve();
    eventually("the mail is there", || async { (mails(&house).len() == 1).then_some(()) }).await;
    assert!(daemon.stop().0.success());

    // What the configuration accepts holds nothing; what the default accepts does, once it is not accepted.
    let write = |accept: &str| {
        let with =
            configuration("").replace("    template: letter", &format!("    template: letter\n    accept: {accept}"));
        fs_err::write(house.site().join("postrider.yaml"), with).unwrap();
    };
    write("[]");
    house.publish("more", "More", "2026-03-04T14:30:00Z", "![](https://e.org/x.png)");
    house.set_time("2026-03-04 15:00:00");
    let (code, said) = run(&house, &["digest", "send", "weekly"]);
    assert!(code == Some(1) && said.contains("warning alt: "), "{said}");
    run(&house, &["digest", "skip", "weekly"]);
    write("[alt, links]");
    house.publish("most", "Most", "2026-03-04T15:30:00Z", "![](https://e.org/x.png) [gone](/news/gone/)");
    house.set_time("2026-03-04 16:00:00");
    let (code, said) = run(&house, &["digest", "send", "weekly"]);
    assert!(code == Some(0) && mails(&house).len() == 2, "{said}");
    write("[alt, lynx]");
    let (code, said) = run(&house, &["check"]);
    assert!(
        code == Some(1) && said.contains("`digests.weekly.accept` is no reason that the gate gives: `lynx`"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mended_post_goes_as_it_is_now() {
    let house = begun(&configuration(""));
    house.publish("boats", "Boats", "2026-03-04T13:00:00Z", "Boats, and [more](/news/none/).");
    house.set_time("2026-03-04 14:00:00");
    assert_eq!(run(&house, &["digest", "send", "weekly"]).0, Some(1));
    house.publish("boats", "Boats", "2026-03-04T13:00:00Z", "Boats, and [more](/news/old/).");
    let (code, said) = run(&house, &["digest", "approve", "weekly"]);
    assert!(code == Some(0), "{said}");
    let daemon = house.serve();
    eventually("the mail is there", || async { (mails(&house).len() == 1).then_some(()) }).await;
    let mail = fs_err::read_to_string(&mails(&house)[0]).unwrap();
    assert!(mail.contains("/news/old/") && !mail.contains("/news/none/"), "{mail}");
    assert!(daemon.stop().0.success());
}

#[test]
fn what_dns_says_of_the_sender_counts() {
    let dns = Dns::start(&[
        ("harbour.example.org", "MX 10 mx.harbour.example.org"),
        ("harbour.example.org", "TXT v=spf1 mx -all"),
    ]);
    let house = begun(&configuration(&format!("dns: {{ server: {} }}\n", dns.address)));
    house.publish("boats", "Boats", "2026-03-04T13:00:00Z", "Boats.");
    house.set_time("2026-03-04 14:00:00");
    let said = told(&house);
    assert!(
        said.len() == 1 && said[0].starts_with("warning dns _dmarc.harbour.example.org has no DMARC record"),
        "{said:?}"
    );
    dns.add("_dmarc.example.org", "TXT v=DMARC1; p=reject");
    assert_eq!(told(&house), Vec::<String>::new(), "the organisation's counts for all below it");
    // A server that fails says nothing against the mail.
    dns.add("harbour.example.org", "FAIL");
    assert_eq!(told(&house), Vec::<String>::new());
}

/// Each that `plan` tells: severity, reason and what.
fn told(house: &House) -> Vec<String> {
    let planned = plan(house);
    let gate = planned["gate"].as_array().unwrap().iter();
    gate.map(|f| ["severity", "reason", "what"].map(|name| f[name].as_str().unwrap()).join(" ")).collect()
}

/// The Issue is there, so that it comes when the template is mended, however long that takes.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_template_holds_the_issue() {
    let house = with_template("{{ posts[0].titel }}");
    let broken = "own/email/mine/body.html:1: unknown name in `posts[0].titel`";
    assert_eq!(told(&house), [format!("error template {broken}")]);
    assert_eq!(plan(&house)["held"], Value::Bool(true));
    let (code, said) = run(&house, &["digest", "preview", "weekly", "--out", "out"]);
    assert!(code == Some(1) && said.contains(&format!("gate     error template: {broken}")), "{said}");

    house.set_time("2026-03-06 09:00:10");
    let daemon = house.serve();
    eventually("the Issue is held", || async { (state(&house) == "held").then_some(()) }).await;
    assert!(daemon.log().contains(broken), "{}", daemon.log());
    assert!(daemon.stop().0.success());
    // Two days later: by `catch_up` alone the Slot would be lost.
    house.set_time("2026-03-08 09:00:00");
    house.run(&["resume"]);
    let (code, said) = run(&house, &["digest", "approve", "weekly"]);
    assert!(code == Some(1) && said.contains(broken) && said.contains("nobody's to accept"), "{said}");
    template(&house, "{{ posts[0].title }} <a href=\"{{ holes.unsubscribe_url }}\">Leave</a>");
    let daemon = house.serve();
    eventually("the mail is there", || async { (mails(&house).len() == 1).then_some(()) }).await;
    let mail = fs_err::read_to_string(&mails(&house)[0]).unwrap();
    assert!(mail.contains("Subject: Boats") && mail.contains("Boats <a href="), "{mail}");
    assert!(daemon.stop().0.success());
}

#[test]
fn what_is_signed_wrongly_goes_to_nobody() {
    let mut house = begun(&configuration(""));
    for name in ["s", "t"] {
        house.run(&["dkim", "keygen", name, "--out", "keys", "--domain", "harbour.example.org"]);
    }
    let dns = Dns::start(&[
        ("harbour.example.org", "MX 10 mx.harbour.example.org"),
        ("harbour.example.org", "TXT v=spf1 mx -all"),
        ("_dmarc.example.org", "TXT v=DMARC1; p=reject"),
    ]);
    let more = format!("dns: {{ server: {} }}\n", dns.address);
    let keys = "dkim: { keys: { s-rsa: keys/s-rsa.pem, s-ed: keys/s-ed.pem } }";
    let signing = configuration(&more).replace("\"folder:mails\" }", &format!("\"folder:mails\", {keys} }}"));
    fs_err::write(house.site().join("postrider.yaml"), signing).unwrap();
    for line in house.run(&["dkim", "records"]).lines() {
        let (name, value) = line.split_once(". IN TXT ( ").expect("a record");
        let text: String = value.split('"').skip(1).step_by(2).collect();
        dns.add(name, &format!("TXT {text}"));
    }
    house.publish("boats", "Boats", "2026-03-04T13:00:00Z", "Boats.");
    house.set_time("2026-03-04 14:00:00");
    assert_eq!(told(&house), Vec::<String>::new());

    // A file that is damaged is no key; one of another key is not what DNS has.
    let file = |name: &str| house.site().join(format!("keys/{name}.pem"));
    let whole = fs_err::read(file("s-rsa")).unwrap();
    let mut damaged = whole.clone();
    let middle = whole.len() / 2;
    damaged[middle] = if whole[middle] == b'A' { b'B' } else { b'A' };
    fs_err::write(file("s-rsa"), &damaged).unwrap();
    for command in [&["digest", "plan", "weekly"][..], &["digest", "send", "weekly"], &["check"], &["doctor"]] {
        let (code, said) = run(&house, command);
        assert!(code == Some(1) && said.contains("mail.dkim.keys.s-rsa"), "{command:?}: {said}");
    }
    let short = std::process::Command::new("openssl").args(["genrsa", "1024"]).output().unwrap().stdout;
    fs_err::write(file("s-rsa"), short).unwrap();
    let (code, said) = run(&house, &["check"]);
    assert!(code == Some(1) && said.contains("mail.dkim.keys.s-rsa") && said.contains("2048"), "{said}");
    fs_err::write(file("s-rsa"), &whole).unwrap();
    let own = fs_err::read(file("s-ed")).unwrap();
    fs_err::write(file("s-ed"), fs_err::read(file("t-ed")).unwrap()).unwrap();
    let other = "s-ed._domainkey.harbour.example.org has the record of another key: mail signed with ours looks forged";
    assert_eq!(told(&house), [format!("error dns {other}")]);
    let (code, said) = run(&house, &["digest", "send", "weekly"]);
    assert!(code == Some(1) && said.contains(&format!("error dns: {other}")), "{said}");
    assert_eq!((state(&house).as_str(), mails(&house).len()), ("held", 0));
    fs_err::write(file("s-ed"), own).unwrap();

    // What leaves is not what was signed: seen before the first mail, by whoever judges and by whoever sends.
    house.environment.push(("POSTRIDER_SABOTAGE".into(), "forge".into()));
    let forged = "the DKIM signature of `s-rsa` does not hold: key and header do not agree";
    assert_eq!(plan(&house)["waiting"].as_array().map(Vec::len), Some(1));
    let (code, said) = run(&house, &["digest", "approve", "weekly", "--accept", "signature"]);
    assert!(code == Some(1) && said.contains(&format!("error signature: {forged}")), "{said}");
    house.environment.clear();
    let (code, said) = run(&house, &["digest", "approve", "weekly"]);
    assert!(code == Some(0), "{said}");
    house.environment.push(("POSTRIDER_SABOTAGE".into(), "forge".into()));
    let daemon = house.serve();
    let refused = || async { daemon.log().contains(&format!("no mail is sent: {forged}")).then_some(()) };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(eventually("it was looked at before it is sent", refused));
    assert!(daemon.stop().0.success());
    assert_eq!(mails(&house).len(), 0);
}
