use super::*;
use crate::crypto;
use crate::delivery::Kind;
use crate::digest::Mailbox;
use crate::digest::render::Cut;

const LINK: &str = "https://feeds.example.org/unsubscribe/token";

fn rendered(body: &str) -> Rendered {
    let id = crypto::new_id();
    let way_out = Hole::UnsubscribeUrl.mark(&id);
    let html = format!("<!doctype html><html lang=\"en\"><body>{body}<a href=\"{way_out}\">Leave</a></body></html>");
    let rendition = Rendition {
        kind: Kind::Issue,
        digest: "weekly".into(),
        language: "en".into(),
        from: Mailbox { name: String::new(), address: "a@example.org".into() },
        reply_to: None,
        subject: "Harbour Weekly".into(),
        html,
        text: format!("Leave: {way_out}\n"),
        id,
    };
    Rendered { rendition, cuts: Vec::new(), pictures: Vec::new(), nameless: Vec::new() }
}

fn sample() -> Sample {
    let message = format!(
        "From: a@example.org\r\nList-Unsubscribe: <{LINK}>,\r\n <mailto:u@example.org>\r\nLIST-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nbody"
    );
    Sample {
        message: Ok(message),
        unsubscribe_url: LINK.into(),
        way_out: Ok(()),
        to_the_world: true,
        nowhere: vec!["https://harbour.example.org/blog/gone/".into()],
    }
}

fn said(rendered: &Rendered, sample: &Sample) -> Vec<String> {
    let shown = |finding: Finding| format!("{:?} {} {}", finding.severity, finding.reason.as_str(), finding.what);
    judge(rendered, sample).into_iter().map(shown).collect()
}

/// What the gate says when `change` is made to a mail that it has nothing against.
fn with(change: impl FnOnce(&mut Rendered, &mut Sample)) -> Vec<String> {
    let (mut rendered, mut sample) = (rendered("<p>Boats</p>"), sample());
    change(&mut rendered, &mut sample);
    said(&rendered, &sample)
}

#[test]
fn a_good_mail_passes() {
    let body = "<img src=\"https://e.org/a.png\" alt=\"\"><a href=\"mailto:a@b.c\">x</a><a href=\"tel:1\">y</a>\
                <a href=\"https://harbour.example.org/blog/one/?a=1&amp;b=2\">z</a>";
    assert_eq!(said(&rendered(body), &sample()), Vec::<String>::new());
}

#[test]
fn each_fault_of_the_html_is_told() {
    for (body, expected) in [
        ("<a href=\"/blog/\">x</a>", "Error links the link to `/blog/` is relative"),
        ("<a href=\"#top\">x</a>", "Error links the link to `#top` is relative"),
        ("<a href=\"\">x</a>", "Error links the link to `` is relative"),
        ("<a href=\"JavaScript:x\">x</a>", "Error links mail clients open no link that begins with `javascript:`"),
        ("<a href=\"https://exa mple/\">x</a>", "Warning links the link to `https://exa mple/` is no address"),
        (
            "<a href=\"http://localhost:1313/a/\">x</a>",
            "Warning links the link to http://localhost:1313/a/ leads to the reader's own",
        ),
        (
            "<a href=\"http://127.0.0.1/a/\">x</a>",
            "Warning links the link to http://127.0.0.1/a/ leads to the reader's own",
        ),
        (
            "<a href=\"https://harbour.example.org/blog/gone/\">x</a>",
            "Warning links the link to https://harbour.example.org/blog/gone/ leads to no page",
        ),
        ("<img src=\"https://e.org/a.png\">", "Warning alt the picture https://e.org/a.png has no `alt`"),
        ("<img src=\"a.png\" alt=\"\">", "Error picture the picture `a.png` has no absolute address"),
        ("<img alt=\"\">", "Error picture the picture `` has no absolute address"),
        ("<img src=\"data:image/png;base64,AAAA\" alt=\"\">", "Warning picture a picture stands in the HTML"),
        ("<img src=\"cid:1\" alt=\"\">", "Error picture mail clients show no picture that begins with `cid:`"),
        (
            "<img src=\"https://e.org/a.WebP?x\" alt=\"\">",
            "Warning picture the picture https://e.org/a.WebP?x is not made over, and by its name WEBP",
        ),
    ] {
        let said = said(&rendered(body), &sample());
        assert!(said.len() == 1 && said[0].starts_with(expected), "{body}: {said:#?}");
    }
    let home = with(|rendered, sample| {
        sample.to_the_world = false;
        rendered.rendition.html =
            rendered.rendition.html.replace("<p>", "<a href=\"http://127.0.0.1:8080/\">home</a><p>");
    });
    assert_eq!(home, Vec::<String>::new(), "where nothing leaves, this machine is the world");
    let many = (0..100).map(|number| format!("<a href=\"/{number}\">x</a>")).collect::<Vec<_>>().concat();
    assert_eq!(said(&rendered(&many), &sample()).len(), 20, "a template's fault is told, not a hundred times");
}

#[test]
fn each_other_fault_is_told() {
    let english = |rendered: &mut Rendered, _: &mut Sample| {
        rendered.rendition.html = rendered.rendition.html.replace(" lang=\"en\"", "");
    };
    assert_eq!(with(english), ["Warning language the HTML does not say which language it is in"]);
    let long = |rendered: &mut Rendered, _: &mut Sample| rendered.rendition.html.push_str(&"x".repeat(90_000));
    assert!(with(long)[0].starts_with("Warning size the HTML has "), "{:?}", with(long));
    let heavy = |_: &mut Rendered, sample: &mut Sample| {
        if let Ok(message) = &mut sample.message {
            message.push_str(&"x".repeat(10_000_000));
        }
    };
    assert_eq!(with(heavy), ["Error size the message has 10 MB, and many servers take no more than 10"]);
    let subject = |rendered: &mut Rendered, _: &mut Sample| rendered.rendition.subject = "港口".repeat(26);
    assert_eq!(with(subject), ["Warning subject the subject has 104 columns, and inboxes show 40 to 100"]);
    let text = |rendered: &mut Rendered, _: &mut Sample| rendered.rendition.text = "Boats\n".into();
    assert_eq!(with(text), ["Error unsubscribe the text has no link to unsubscribe"]);
    let html = |rendered: &mut Rendered, _: &mut Sample| rendered.rendition.html = "<html lang=\"en\">Boats".into();
    assert_eq!(with(html), ["Error unsubscribe the HTML has no link to unsubscribe"]);
    for (from, to) in [("List-Unsubscribe:", "X:"), ("/token>", "/other>"), ("-Post: List", "-Post: No")] {
        let header = |_: &mut Rendered, sample: &mut Sample| {
            let message = sample.message.clone().unwrap();
            sample.message = Ok(message.replacen(from, to, 1));
        };
        assert_eq!(
            with(header),
            ["Error unsubscribe the message has no header to unsubscribe with one click"],
            "{from}"
        );
    }
    let plain = |_: &mut Rendered, sample: &mut Sample| {
        sample.unsubscribe_url = LINK.replace("https", "http");
        let message = sample.message.clone().unwrap();
        sample.message = Ok(message.replace("https", "http"));
    };
    assert!(with(plain)[0].starts_with("Error unsubscribe the link to unsubscribe is no `https:` one"));
    let closed = |_: &mut Rendered, sample: &mut Sample| sample.way_out = Err("the link opens nothing".into());
    assert_eq!(with(closed), ["Error unsubscribe the link opens nothing"]);
    let signature = |_: &mut Rendered, sample: &mut Sample| sample.message = Err((Reason::Signature, "no".into()));
    assert_eq!(with(signature), ["Error signature no"]);
    let cut = |rendered: &mut Rendered, _: &mut Sample| {
        rendered.cuts = vec![Cut { title: "Boats".into(), url: String::new(), shape: Shape::Title }];
    };
    assert_eq!(with(cut), ["Warning cut of `Boats` only the title is shown, as the mail would be too long"]);
}

#[test]
fn errors_come_first_and_are_nobodys_to_accept() {
    let body = "<img src=\"https://e.org/a.png\"><a href=\"/x\">x</a>";
    let findings = judge(&rendered(body), &sample());
    assert_eq!(findings.iter().map(|finding| finding.reason).collect::<Vec<_>>(), [Reason::Links, Reason::Alt]);
    let all: BTreeSet<Reason> = Reason::ALL.into_iter().collect();
    assert!(findings[0].holds(&all) && !findings[1].holds(&all) && findings[1].holds(&BTreeSet::new()));
    let back: Vec<Finding> = serde_json::from_str(&serde_json::to_string(&findings).unwrap()).unwrap();
    assert_eq!(back, findings);
}

#[test]
fn reasons_are_read_by_their_words() {
    for reason in Reason::ALL {
        assert_eq!(Reason::parse(reason.as_str()), Ok(reason));
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
    }
    assert!(Reason::parse("all").unwrap_err().contains("alt, cut, dns"));
}

#[test]
fn headers_are_unfolded() {
    let message = "A: 1\r\nLong: a,\r\n b\r\n\r\nBody: no\r\n";
    assert_eq!(headers(message), [("A".into(), "1".into()), ("Long".into(), "a, b".into())]);
}
