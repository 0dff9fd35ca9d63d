//! What a mail would lead to or show that is not there, as the real program finds it.

use serde_json::Value;

use super::WEEKLY;
use crate::support::house::House;

/// A digest that has begun, on Thursday.
fn begun(configuration: &str) -> House {
    let house = House::new(configuration, "2026-03-04 12:00:00");
    house.publish("old", "Old words", "2026-03-02T10:00:00Z", "Before everything.");
    assert!(house.serve().stop().0.success());
    house.run(&["subscribers", "add", "reader@example.net", "--digest", "weekly", "--confirmed"]);
    house.set_time("2026-03-05 12:00:00");
    house
}

fn gate(house: &House) -> Vec<(String, String)> {
    let plan: Value = serde_json::from_str(&house.run(&["digest", "plan", "weekly", "--json"])).unwrap();
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    plan["gate"].as_array().unwrap().iter().map(|finding| (text(finding, "reason"), text(finding, "what"))).collect()
}

fn configuration() -> String {
    format!("{WEEKLY}http: {{ listen: \"127.0.0.1:0\" }}\n")
}

#[test]
fn what_is_not_there_is_told_before_a_mail_leads_to_it() {
    let house = begun(&configuration());
    let draft = "---\ntitle: Draft\ndate: 2026-03-01T10:00:00Z\ndraft: true\n---\nNot yet.\n";
    fs_err::write(house.site().join("content/news/draft.md"), draft).unwrap();
    house.publish("future", "Future", "2099-01-01T10:00:00Z", "Not yet.");
    // It is there before the mail is.
    house.publish("friday", "Friday", "2026-03-06T06:00:00Z", "Early.");
    let drawing =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><rect width=\"9\" height=\"9\"/></svg>";
    fs_err::create_dir_all(house.site().join("static/img")).unwrap();
    fs_err::write(house.site().join("static/img/there.svg"), drawing).unwrap();
    let body = "[draft](/news/draft/) [future](/news/future/) [gone](/news/gone/) [friday](/news/friday/) [old](/news/old/)\n\n\
                ![Missing](/img/missing.png) ![Missing too](/img/missing.svg) ![There](/img/there.svg)";
    house.publish("boats", "Boats", "2026-03-05T07:30:00Z", body);
    let said = gate(&house);
    let of =
        |reason: &str| said.iter().filter(|(of, _)| of == reason).map(|(_, what)| what.as_str()).collect::<Vec<_>>();
    let link =
        |name: &str| format!("the link to https://harbour.example.org/news/{name}/ leads to no page of the site");
    assert_eq!(of("links"), [link("draft"), link("future"), link("gone")]);
    let pictures = of("picture");
    for name in ["missing.png", "missing.svg"] {
        let what =
            format!("content/news/boats.md: the picture https://harbour.example.org/img/{name} is not in the site");
        assert!(pictures.contains(&what.as_str()), "{pictures:?}");
    }
    assert!(!pictures.iter().any(|what| what.contains("there.svg") || what.contains("elsewhere")), "{pictures:?}");
}

#[test]
fn what_is_cut_is_told() {
    let house = begun(&configuration());
    house.publish(
        "long",
        "Long",
        "2026-03-05T07:30:00Z",
        &"A paragraph of some words that goes on for a while.\n\n".repeat(3_000),
    );
    assert_eq!(
        gate(&house),
        [("cut".to_owned(), "of `Long` only the beginning is shown, as the mail would be too long".to_owned())]
    );
    let plan = house.run(&["digest", "plan", "weekly"]);
    assert!(plan.contains(" cut: of `Long` only the beginning is shown, with a link to the rest"), "{plan}");
    house.publish("two", "Two", "2026-03-05T08:30:00Z", "Short.");
    assert_eq!(gate(&house).len(), 1);
}

#[test]
fn keys_are_published_for_every_domain_that_sends() {
    let two = configuration()
        .replace("mail:", "  other:\n    schedule: \"0 9 * * 5\"\n    from: news@another.example\nmail:");
    let house = House::new(&two, "2026-03-04 12:00:00");
    let said = house.run(&["dkim", "keygen", "s", "--out", "keys"]);
    for domain in ["harbour.example.org", "another.example"] {
        for selector in ["s-rsa", "s-ed"] {
            assert!(said.contains(&format!("{selector}._domainkey.{domain}")), "{said}");
        }
    }
}
