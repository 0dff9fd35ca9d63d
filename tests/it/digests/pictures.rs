//! A site's pictures on their way into mails, by the real program.

use super::WEEKLY;
use crate::support::house::House;

fn configuration() -> String {
    let theme = "theme: { logo: /logo.png, accent: \"#7a1f5c\" }";
    let zone = WEEKLY.replace("template: letter", "template: letter\n    timezone: Asia/Shanghai");
    format!("{theme}{zone}http: {{ public_url: https://feeds.example.org/ }}\n")
}

#[test]
fn pictures_of_the_site_reach_every_client() {
    let house = House::new(&configuration(), "2026-03-05 12:00:00");
    let write = |path: &str, bytes: &[u8]| written(&house, path, bytes);
    let cover = fs_err::read("templates/demo/static/images/cover-2026-11-20.png").unwrap();
    write("static/images/pier", &cover);
    write("static/images/new.avif", b"\0\0\0\x1cftypavif\0\0\0\0");
    write("static/logo.png", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x78\0\0\0\x3c\x08\x02\0\0\0");
    write("static/secret.txt", b"not for you");
    let body = "![Pier](/images/pier)\n\n![New](/images/new.avif)\n\n![](https://elsewhere.example/x.png)\n\n![No](/secret.txt)";
    house.publish("first", "First words", "2026-03-02T10:00:00+08:00", body);

    let said = problems(&house);
    for wanted in [
        "images/new.avif is a broken AVIF",
        "secret.txt is no picture",
        "elsewhere.example/x.png has no alternative text",
    ] {
        assert!(said.iter().any(|said| said.contains(wanted)), "{wanted}: {said:#?}");
    }
    assert_eq!(said.len(), 3, "{said:#?}");

    house.run(&["digest", "preview", "weekly", "--out", "out", "--at", "2026-03-03 12:00"]);
    let out = house.site().join("out");
    let html = fs_err::read_to_string(out.join("mail.html")).unwrap();
    let mut shown: Vec<&str> =
        html.split("src=\"pictures/").skip(1).map(|rest| &rest[..rest.find('"').unwrap()]).collect();
    shown.sort_unstable();
    let mut files: Vec<String> = fs_err::read_dir(out.join("pictures"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort_unstable();
    assert_eq!(shown, files, "each is there, with an end that says what it is");
    assert!(shown.len() == 2 && shown.iter().all(|name| name.split_once('.').is_some_and(|(_, end)| end == "png")));
    assert!(shown.iter().any(|name| fs_err::read(out.join("pictures").join(name)).unwrap() == cover));
    assert!(html.contains("alt=\"Pier\" width=\"536\" height="), "{html}");
    assert!(html.contains("alt=\"Harbour News\" width=\"80\" height=\"40\"") && html.contains("#7a1f5c"));
    assert!(
        html.contains("https://harbour.example.org/images/new.avif")
            && html.contains("https://elsewhere.example/x.png")
    );
}

#[test]
fn a_logo_that_is_not_there_is_told_of_the_configuration() {
    let house = House::new(&configuration(), "2026-03-05 12:00:00");
    house.publish("first", "First words", "2026-03-02T10:00:00+08:00", "Words.");
    let plan = house.run(&["digest", "plan", "weekly", "--json", "--at", "2026-03-03 12:00"]);
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let problem = &plan["mails"][0]["problems"][0];
    assert_eq!(problem["path"], "postrider.yaml");
    assert!(problem["what"].as_str().is_some_and(|what| what.ends_with("/logo.png is not in the site")), "{problem}");
}

#[test]
fn colours_that_cannot_be_read_are_refused() {
    let house = House::new(&configuration().replace("#7a1f5c", "#ffd400"), "2026-03-05 12:00:00");
    let output = house.command(&["check"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("postrider.yaml:1: `theme.accent` is hard to read on card: its contrast is 1.4"), "{said}");
}

/// What the plan says of the first mail.
fn problems(house: &House) -> Vec<String> {
    let plan = house.run(&["digest", "plan", "weekly", "--json", "--at", "2026-03-03 12:00"]);
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let problems = plan["mails"][0]["problems"].as_array().unwrap();
    problems.iter().map(|problem| problem["what"].as_str().unwrap().to_owned()).collect()
}

fn written(house: &House, path: &str, bytes: &[u8]) {
    let file = house.site().join(path);
    fs_err::create_dir_all(file.parent().unwrap()).unwrap();
    fs_err::write(file, bytes).unwrap();
}

fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let image =
        image::RgbImage::from_fn(width, height, |x, _| image::Rgb([u8::try_from(x / 8 % 250).unwrap(), 60, 90]));
    let kind = image::ExtendedColorType::Rgb8;
    image::codecs::webp::WebPEncoder::new_lossless(&mut out).encode(&image, width, height, kind).unwrap();
    out
}

fn avif(name: &str) -> Vec<u8> {
    fs_err::read(format!("{}/tests/fixtures/avif/{name}.avif", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn what_few_clients_know_is_made_over() {
    let house = House::new(&configuration().replace("theme: { logo: /logo.png, ", "theme: { "), "2026-03-05 12:00:00");
    written(&house, "static/images/pier.webp", &webp(1600, 800));
    let drawing = b"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"120\" height=\"60\"><circle cx=\"30\" cy=\"30\" r=\"20\"/></svg>";
    written(&house, "static/images/plan.jpg", drawing);
    // No file is read and no address asked for it; a hostile one costs only itself.
    written(
        &house,
        "static/images/bomb.svg",
        &[&b"<svg xmlns=\"http://www.w3.org/2000/svg\">"[..], &b"<g>".repeat(200_000)].concat(),
    );
    written(&house, "static/images/glass.avif", &avif("glass"));
    let body = "![Pier](/images/pier.webp)\n\n![Plan](/images/plan.jpg)\n\n![Glass](/images/glass.avif)\n\n![Bomb](/images/bomb.svg)";
    house.publish("first", "First words", "2026-03-02T10:00:00+08:00", body);
    house.run(&["digest", "preview", "weekly", "--out", "out", "--at", "2026-03-03 12:00"]);
    let html = fs_err::read_to_string(house.site().join("out/mail.html")).unwrap();
    let shown: Vec<(&str, &str)> = html
        .split("<img src=\"pictures/")
        .skip(1)
        .map(|rest| rest.split_once('"').unwrap())
        .map(|(name, rest)| (name.split_once('.').unwrap().1, rest.split_once(" style").unwrap().0))
        .collect();
    let wanted = [
        ("png", " alt=\"Pier\" width=\"536\" height=\"268\""),
        ("png", " alt=\"Plan\" width=\"120\" height=\"60\""),
        ("png", " alt=\"Glass\" width=\"61\" height=\"43\""),
    ];
    assert_eq!(shown, wanted, "{html}");
    assert!(html.contains("https://harbour.example.org/images/bomb.svg"), "stays where it is");
    let sizes: Vec<(u32, u32)> = html
        .split("src=\"pictures/")
        .skip(1)
        .map(|rest| {
            image::image_dimensions(house.site().join("out/pictures").join(rest.split_once('"').unwrap().0)).unwrap()
        })
        .collect();
    assert_eq!(sizes, [(1200, 600), (240, 120), (61, 43)], "no wider than is any use, and sharp");
}

#[test]
fn a_drawing_that_takes_for_ever_is_left() {
    let house = House::new(&configuration(), "2026-03-05 12:00:00");
    let noise = "<feTurbulence baseFrequency=\"0.1\" numOctaves=\"18\"/>".repeat(400);
    let drawing = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1200\" height=\"1200\"><filter id=\"f\" x=\"0\" y=\"0\" width=\"1\" height=\"1\">{noise}</filter>\
         <rect width=\"1200\" height=\"1200\" filter=\"url(#f)\"/></svg>"
    );
    written(&house, "static/images/noise.svg", drawing.as_bytes());
    house.publish("first", "First words", "2026-03-02T10:00:00+08:00", "![Noise](/images/noise.svg)");
    let begun = std::time::Instant::now();
    let said = house.run(&["digest", "plan", "weekly", "--at", "2026-03-03 12:00"]);
    assert!(said.contains("noise.svg takes more than 20 seconds"), "{said}");
    assert!(begun.elapsed() < std::time::Duration::from_mins(1), "{:?}", begun.elapsed());
}

/// An AVIF that asks for more than there is costs itself a word in the plan, and the other pictures nothing.
#[test]
fn hostile_avif_costs_only_itself() {
    let house = House::new(&configuration().replace("theme: { logo: /logo.png, ", "theme: { "), "2026-03-05 12:00:00");
    let whole = avif("glass");
    let huge = avif("huge");
    // The boxes say little; the stream asks for 63 million pixels all the same.
    let mut hidden = huge.clone();
    let at = hidden.windows(4).position(|kind| kind == b"ispe").unwrap();
    hidden[at + 8..at + 16].copy_from_slice(&[0, 0, 0, 64, 0, 0, 0, 64]);
    let mut damaged = whole.clone();
    let end = damaged.len();
    damaged[end - 200..].fill(0xa5);
    let mut body = "![Good](/images/good.avif)\n".to_owned();
    written(&house, "static/images/good.avif", &whole);
    for (name, bytes) in [
        ("huge", &huge[..]),
        ("hidden", &hidden),
        ("damaged", &damaged),
        ("cut", &whole[..end / 2]),
        ("cut-late", &whole[..end - 1]),
    ] {
        written(&house, &format!("static/images/{name}.avif"), bytes);
        body = format!("{body}\n![{name}](/images/{name}.avif)\n");
    }
    house.publish("first", "First words", "2026-03-02T10:00:00+08:00", &body);
    let said = problems(&house);
    for wanted in [
        "images/huge.avif has 9000 × 7000 pixels",
        "images/hidden.avif is a broken AVIF",
        "images/damaged.avif is a broken AVIF",
        "images/cut.avif is a broken AVIF",
        "images/cut-late.avif is a broken AVIF",
    ] {
        assert!(said.iter().any(|said| said.contains(wanted)), "{wanted}: {said:#?}");
    }
    assert_eq!(said.len(), 5, "{said:#?}");
}

/// Whoever made a picture over once does not do it again: not for the next Issue, not after a start.
#[test]
fn pictures_are_made_over_once() {
    let house = House::new(&configuration().replace("theme: { logo: /logo.png, ", "theme: { "), "2026-03-05 12:00:00");
    written(&house, "static/images/pier.webp", &webp(300, 200));
    house.publish("first", "First words", "2026-03-02T10:00:00+08:00", "![Pier](/images/pier.webp)");
    let test = |number: usize| {
        house.run(&["send-test", "me@example.net"]);
        let folder = fs_err::read_dir(house.site().join("mails")).unwrap();
        assert_eq!(folder.count(), number);
    };
    test(1);
    let store = house.site().join("postrider.db");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let made: i64 = runtime.block_on(async {
        use sqlx::Connection as _;
        let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite:{}", store.display())).await.unwrap();
        // Were it made again, it would not be this.
        let changed = sqlx::query("update pictures set kind = 'gif', width = 77, height = 55")
            .execute(&mut connection)
            .await
            .unwrap();
        i64::try_from(changed.rows_affected()).unwrap()
    });
    assert_eq!(made, 1);
    test(2);
    let mails: String = fs_err::read_dir(house.site().join("mails"))
        .unwrap()
        .map(|entry| fs_err::read_to_string(entry.unwrap().path()).unwrap().replace("=\r\n", ""))
        .collect();
    assert!(mails.contains(".gif\"") && mails.contains("width=3D\"77\""), "{mails}");
}
