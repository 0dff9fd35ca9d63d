//! What readers see of posts, in both parts of a mail.

use super::*;

fn letter(html: &str) -> Rendition {
    render("letter", &[post(9, "T", "en", "S.", html)], "en")
}

#[test]
fn what_plays_is_a_link_that_says_what_it_is_in_both_parts() {
    for (html, address, words) in [
        (
            "<p><video controls=\"\"><source src=\"https://e.org/v/a%20film.mp4\" type=\"video/mp4\"><source src=\"https://e.org/v/film.webm\"></video></p>",
            "https://e.org/v/a%20film.mp4",
            "▶ Video: a film.mp4",
        ),
        (
            "<video controls=\"\"><source src=\"https://e.org/v/film.mp4\">Old? <a href=\"https://e.org/dl\">Load it.</a></video>",
            "https://e.org/v/film.mp4",
            "▶ Video: film.mp4",
        ),
        (
            "<p>x <audio src=\"https://e.org/talk.mp3?a=1&amp;b=2\" controls=\"\"></audio> y</p>",
            "https://e.org/talk.mp3?a=1&amp;b=2",
            "▶ Audio: talk.mp3",
        ),
        (
            "<audio controls=\"\"><source src=\"https://e.org/stream\"></audio>",
            "https://e.org/stream",
            "▶ Audio: e.org",
        ),
        (
            "<video src=\"https://e.org/f.mp4\" poster=\"https://e.org/p.jpg\" title=\"The crane &amp; I\"></video>",
            "https://e.org/f.mp4",
            "▶ Video: The crane &amp; I",
        ),
        ("<video><p>Load <a href=\"https://e.org/dl\">the film</a></p></video>", "https://e.org/dl", "the film"),
    ] {
        let mail = letter(html);
        assert!(
            mail.html.contains(&format!("href=\"{address}\"")) && mail.html.contains(words),
            "{html}\n{}",
            mail.html
        );
        let wanted = [address, words].map(|wanted| wanted.replace("&amp;", "&"));
        assert!(wanted.iter().all(|wanted| mail.text.contains(wanted)), "{html}\n{}", mail.text);
        for gone in ["<video", "<audio", "<source", "Old?", "<p style=\"margin:0 0 16px\"><p"] {
            assert!(!mail.html.contains(gone), "{html}: {gone}");
        }
    }
    let chinese = render("letter", &[post(9, "T", "zh", "S.", "<video src=\"https://e.org/f.mp4\"></video>")], "en");
    assert!(
        chinese.html.contains("▶ 视频: f.mp4") || chinese.html.contains("▶ 视频：f.mp4"),
        "it speaks the post's language"
    );
}

#[test]
fn a_wide_table_makes_no_mail_wider() {
    let wide = "<table><tr><td>one</td><td>two</td></tr></table>";
    for template in ["digest", "letter"] {
        let html = render(template, &[post(9, "T", "en", "S.", wide)], "en").html;
        for class in ["page\" width", "card\""] {
            let table = html.split("<table role=\"presentation\" class=\"").find(|table| table.starts_with(class));
            let tag = table.and_then(|table| table.split('>').next()).unwrap();
            assert!(tag.contains("table-layout:fixed"), "{template}: {tag}");
        }
    }
}

#[test]
fn what_postrider_says_stands_in_its_own_language_and_direction() {
    let posts = [post(20, "港口周报", "zh", "本周。", "<p>字</p>")];
    for (template, words) in [("digest", "class=\"button\""), ("letter", "class=\"line\"")] {
        let html = render(template, &posts, "ar").html;
        let own =
            html.match_indices(words).find(|(at, _)| html[*at..].split('>').next().unwrap().contains(" dir=\"rtl\""));
        assert!(own.is_some(), "{template}: {html}");
    }
    let marked = |words: &str, language: &str| {
        render("digest", &[post(20, "T", language, "S.", "<p>x</p>")], words)
            .html
            .contains("class=\"side ink\" lang=\"zh-CN\" dir=\"ltr\"")
    };
    assert!(marked("zh-TW", "zh") && marked("en", "zh") && !marked("zh-CN", "zh"));
}

#[test]
fn bylines_of_the_text_part_are_wrapped() {
    let mut long = post(9, "T", "en", "S.", "<p>x</p>");
    let page = Arc::make_mut(&mut Arc::make_mut(&mut long.post).page);
    page.authors = (0..9).map(|n| Author { name: format!("Somebody Longname {n}"), url: None }).collect();
    for template in ["digest", "letter", "plain"] {
        let text = render(template, &[long.clone()], "en").text;
        let widest = text.lines().filter(|line| !line.contains("://")).map(wrap::width).max();
        assert!(widest.is_some_and(|widest| widest <= wrap::WIDTH), "{template}: {text}");
    }
}

#[test]
fn the_time_that_reading_takes_is_that_of_all_posts() {
    let posts: Vec<_> = (1..=15).rev().map(|n| post(n, &format!("T{n}"), "en", "S.", "<p>x</p>")).collect();
    let html = render("digest", &posts, "en").html;
    assert!(html.contains("15 new posts") && html.contains("15\u{a0}min"), "{html}");
    // Those that nobody read are taken to be as long as the others.
    let slot = chrono::Utc.with_ymd_and_hms(2026, 11, 20, 1, 0, 0).unwrap();
    let (digest, pictures) = (digest("digest"), Pictures::default());
    let wanted = Issue { digest: &digest, slot, posts: &posts[..10], count: 15, pictures: &pictures };
    let html = issue(&templates(), &site(), &wanted, "en").unwrap().rendition.html;
    assert!(html.contains("15 new posts") && html.contains("15\u{a0}min"), "{html}");
}

#[test]
fn a_cover_is_neither_blown_up_nor_taller_than_a_screen() {
    let with = |width, height| {
        let mut pictures = Pictures::default();
        for number in [20, 12] {
            let url = format!("https://f.org/{number}.png");
            pictures.insert(&format!("https://harbour.example.org/c/{number}.jpg"), Place { url, width, height });
        }
        let posts = [post(20, "T", "en", "S.", "<p>x</p>"), post(12, "U", "en", "S.", "<p>x</p>")];
        let html = rendered(&digest("digest"), &posts, "en", &pictures).rendition.html;
        let sizes = html.split("<img src=\"https://f.org/").skip(1).map(|image| {
            let tag = image.split('>').next().unwrap();
            let value = |name: &str| tag.split_once(name).unwrap().1.split('"').next().unwrap().parse().unwrap();
            (value(" width=\""), value(" height=\""))
        });
        sizes.collect::<Vec<(u32, u32)>>()
    };
    for (cover, shown) in [
        ((1600, 900), [(600, 338), (120, 68)]),
        ((500, 2500), [(96, 480), (32, 160)]),
        ((800, 1000), [(384, 480), (120, 150)]),
        ((60, 60), [(60, 60), (60, 60)]),
        ((1, 4000), [(1, 480), (1, 160)]),
    ] {
        assert_eq!(with(cover.0, cover.1), shown, "{cover:?}");
    }
}

#[test]
fn a_picture_that_only_adorns_the_words_of_its_link_needs_none() {
    let html = "<p><a href=\"https://e.org/film\"><img src=\"https://e.org/still.jpg\" alt=\"\"><br>The film</a>\
                <a href=\"https://e.org/x\"><img src=\"https://e.org/x.jpg\" alt=\"\"></a></p>";
    let made = rendered(&digest("letter"), &[post(9, "T", "en", "S.", html)], "en", &Pictures::default());
    let said: Vec<_> = made.problems().map(|problem| problem.what.as_str()).collect();
    assert_eq!(said, ["the picture https://e.org/x.jpg has no alternative text"]);
}
