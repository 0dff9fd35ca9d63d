//! A site's pictures on their way into mails, by the real program.

use crate::support::house::House;

const CONFIGURATION: &str = "
site: { url: https://harbour.example.org/ }
content: { sections: [news] }
theme: { logo: /logo.png, accent: \"#7a1f5c\" }
digests:
  weekly:
    title: Harbour Weekly
    schedule: \"0 9 * * 5\"
    timezone: Asia/Shanghai
    template: letter
    from: \"Harbour <weekly@harbour.example.org>\"
mail: { url: \"folder:mails\" }
http: { public_url: https://feeds.example.org/ }
";

#[test]
fn pictures_of_the_site_reach_every_client() {
    let house = House::new(CONFIGURATION, "2026-03-05 12:00:00");
    let write = |path: &str, bytes: &[u8]| {
        let file = house.site().join(path);
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        fs_err::write(file, bytes).unwrap();
    };
    let cover = fs_err::read("templates/demo/static/images/cover-2026-11-20.png").unwrap();
    write("static/images/pier", &cover);
    write("static/images/new.avif", b"\0\0\0\x1cftypavif\0\0\0\0");
    write("static/logo.png", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x78\0\0\0\x3c\x08\x02\0\0\0");
    write("static/secret.txt", b"not for you");
    let body = "![Pier](/images/pier)\n\n![New](/images/new.avif)\n\n![](https://elsewhere.example/x.png)\n\n![No](/secret.txt)";
    house.publish("first", "First words", "2026-03-02T10:00:00+08:00", body);

    let at = ["digest", "plan", "weekly", "--json", "--at", "2026-03-03 12:00"];
    let plan: serde_json::Value = serde_json::from_str(&house.run(&at)).unwrap();
    let problems = plan["mails"][0]["problems"].as_array().unwrap();
    let said: Vec<&str> = problems.iter().map(|problem| problem["what"].as_str().unwrap()).collect();
    for wanted in
        ["images/new.avif is AVIF", "secret.txt is no picture", "elsewhere.example/x.png has no alternative text"]
    {
        assert!(said.iter().any(|said| said.contains(wanted)), "{wanted}: {said:#?}");
    }
    assert_eq!(said.len(), 3, "{said:#?}");

    house.run(&["digest", "preview", "weekly", "--out", "out", "--at", "2026-03-03 12:00"]);
    let out = house.site().join("out");
    let html = fs_err::read_to_string(out.join("index.html")).unwrap();
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
fn colours_that_cannot_be_read_are_refused() {
    let house = House::new(&CONFIGURATION.replace("#7a1f5c", "#ffd400"), "2026-03-05 12:00:00");
    let output = house.command(&["check"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("postrider.yaml:4: `theme.accent` is hard to read on card: its contrast is 1.4"), "{said}");
}
