//! How long mails are, and what they leave out.

use super::*;

/// Paragraphs of about 100 octets.
fn long(paragraphs: usize) -> String {
    let one =
        |n| format!("<p>Paragraph {n} goes on for a while, so that there are about a hundred octets of it.</p>\n");
    (0..paragraphs).map(one).collect::<Vec<_>>().concat()
}

fn shapes(rendered: &Rendered) -> Vec<(&str, Shape)> {
    rendered.cuts.iter().map(|cut| (cut.title.as_str(), cut.shape)).collect()
}

#[test]
fn a_letter_too_long_for_a_mail_ends_between_paragraphs() {
    let posts = [post(9, "Long", "en", "The gist.", &long(3_000))];
    let letter = rendered(&digest("letter"), &posts, "en", &Pictures::default());
    let Rendition { html, text, .. } = &letter.rendition;
    assert!(html.len() <= budget::DECODED && html.len() > budget::DECODED * 9 / 10, "{}", html.len());
    assert_eq!(shapes(&letter), [("Long", Shape::Beginning)]);
    assert!(html.contains("Read the rest on Harbour") && !html.contains("Paragraph 2999"));
    assert!(
        text.contains("Read the rest on Harbour:\nhttps://harbour.example.org/blog/9/")
            && !text.contains("Paragraph 2999")
    );
    assert!(text.contains("Paragraph 0 ") && text.matches("Paragraph").count() == html.matches("Paragraph").count());
    let unbroken = [post(9, "Wall", "en", "The gist.", &format!("<p>{}</p>", "word ".repeat(60_000)))];
    let wall = rendered(&digest("letter"), &unbroken, "en", &Pictures::default());
    assert!(wall.rendition.html.len() < 20_000 && wall.rendition.html.contains("The gist."));
    assert_eq!(shapes(&wall), [("Wall", Shape::Excerpt)]);
}

#[test]
fn posts_are_cut_from_the_last_one_up() {
    let of = |number: u32, paragraphs: usize| post(number, &format!("T{number}"), "en", "The gist.", &long(paragraphs));
    let posts = [of(9, 200), of(8, 200), of(7, 200), of(6, 20)];
    let letter = rendered(&digest("letter"), &posts, "en", &Pictures::default());
    assert!(letter.rendition.html.len() <= budget::DECODED);
    assert_eq!(shapes(&letter), [("T7", Shape::Beginning), ("T6", Shape::Excerpt)]);
    let fits = rendered(&digest("letter"), &posts[3..], "en", &Pictures::default());
    assert_eq!(fits.cuts, []);
    let chinese =
        post(9, "长", "zh", "要点。", &"<p>港口的灯每天傍晚都会亮起来，守灯的人要走一百二十级台阶。</p>\n".repeat(600));
    let letter = rendered(&digest("letter"), &[chinese], "zh-CN", &Pictures::default());
    let html = &letter.rendition.html;
    assert!(budget::encoded(html) <= budget::ENCODED && html.len() < 74_500, "{}", html.len());
    assert!(html.len() > 60_000, "{}", html.len());
}

#[test]
fn titles_alone_are_the_last_resort() {
    let posts: Vec<_> =
        (1..=10).rev().map(|number| post(number, &format!("T{number}"), "en", &"gist ".repeat(40), "")).collect();
    let style = format!("<!-- {} -->", "x".repeat(75_000));
    let body = format!(
        "{style}{{% for post in posts %}}<p>{{{{ post.title }}}}: {{{{ post.dek }}}} {}</p>{{% endfor %}}",
        "y".repeat(340)
    );
    let files = [("body.html", body.as_str()), ("body.txt", "x"), ("subject.txt", "x")];
    let files = files.map(|(name, text)| (format!("email/mine/{name}"), text.to_owned()));
    let templates = Templates::new(&files.into_iter().collect()).unwrap();
    let slot = chrono::Utc.with_ymd_and_hms(2026, 11, 20, 1, 0, 0).unwrap();
    let (digest, pictures) = (digest("mine"), Pictures::default());
    let made = issue(
        &templates,
        &site(),
        &Issue { digest: &digest, slot, posts: &posts, count: 10, pictures: &pictures },
        "en",
    )
    .unwrap();
    assert!(made.cuts.len() > 2 && made.cuts.len() < 10, "{:?}", made.cuts);
    assert!(made.cuts.iter().all(|cut| cut.shape == Shape::Title) && made.cuts.last().unwrap().title == "T1");
    assert!(budget::excess(&made.rendition.html) == 0);
}

#[test]
fn a_post_is_cut_where_it_fits_whatever_it_is_made_of() {
    let listed = |start: &str, items: usize| {
        let item = |n| format!("<li><a href=\"https://example.net/{n}\">Something to read, number {n}</a></li>\n");
        format!("{start}<ul>\n{}</ul>\n", (0..items).map(item).collect::<String>())
    };
    let thirty = |name: &str| (0..30).map(|n| listed(&format!("<h2>{name} {n}</h2>\n"), 20)).collect::<String>();
    let intro = "<p>What we have read.</p>\n";
    let heavy_end = format!("{}{}", long(500), listed("<h2>Links</h2>", 600));
    for (name, html) in [
        ("lists with entries", thirty("Links")),
        ("lists", thirty("Stuff")),
        ("one list with entries", listed(&format!("{intro}<h2>Links</h2>\n"), 600)),
        ("one list", listed(&format!("{intro}<h2>Stuff</h2>\n"), 600)),
        ("one box", format!("<div>{}</div>", long(2_000))),
        ("boxes", format!("<div><section>{}</section></div>", long(2_000))),
        ("one quotation", format!("<blockquote>{}</blockquote>", long(2_000))),
        ("one table", format!("<table><tbody>{}</tbody></table>", "<tr><td>One of the ships</td></tr>".repeat(3_000))),
        ("lines", format!("<p>{}</p>", "A line of about fifty letters, and then the next<br>".repeat(3_000))),
        ("heavy at its end", heavy_end),
    ] {
        let posts = [post(9, "Long", "en", "The gist.", &html)];
        let letter = rendered(&digest("letter"), &posts, "en", &Pictures::default());
        let size = letter.rendition.html.len();
        assert_eq!(shapes(&letter), [("Long", Shape::Beginning)], "{name}: {size}");
        assert!(size <= budget::DECODED && size > budget::DECODED * 9 / 10, "{name}: {size}");
        for tag in ["div", "section", "ul", "li", "blockquote", "table", "p", "tr"] {
            let count = |start: &str| letter.rendition.html.matches(start).count();
            let opened = count(&format!("<{tag}>")) + count(&format!("<{tag} "));
            assert_eq!(opened, count(&format!("</{tag}>")), "{name}: {tag}");
        }
    }
}

#[test]
fn posts_of_any_length_are_cut_and_no_template_is_blamed() {
    let wordy = "<p><code>a</code> <code>b</code> <code>c</code> <code>d</code> and more of it</p>\n".repeat(5_000);
    let posts: Vec<_> =
        (6..=9).rev().map(|number| post(number, &format!("T{number}"), "en", "The gist.", &wordy)).collect();
    let letter = rendered(&digest("letter"), &posts, "en", &Pictures::default());
    let excerpts = [("T8", Shape::Excerpt), ("T7", Shape::Excerpt), ("T6", Shape::Excerpt)];
    assert_eq!(shapes(&letter), [&[("T9", Shape::Beginning)][..], &excerpts].concat());
    let size = letter.rendition.html.len();
    assert!(size <= budget::DECODED && size > budget::DECODED * 9 / 10, "{size}");
}
