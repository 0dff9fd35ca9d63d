//! `digest …` by the real program.

use super::WEEKLY;
use crate::support::house::House;
use crate::support::peers;

fn configuration() -> String {
    WEEKLY.replace("template: letter", "timezone: Asia/Shanghai\n    hold_above: 2\n    template: letter")
}

fn fails(house: &House, arguments: &[&str], code: i32, wanted: &str) {
    let output = house.command(arguments).output().expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(wanted), "{arguments:?}: {said}");
}

#[test]
fn the_preview_is_a_page_with_everything_on_it() {
    let mut house = House::new(&configuration(), "2026-03-05 12:00:00");
    let title = "First </iframe><script>alert(1)</script> \\\"words\\\"";
    let body = "Hello *harbour*, see [docs](/docs/) and [nothing](/news/nothing/).\n\n![](https://e.org/x.png)";
    house.publish("first", title, "2026-03-02T10:00:00+08:00", body);
    house.environment.push(("TMPDIR".into(), house.path("").display().to_string()));
    let said = house.run(&["digest", "preview", "weekly", "--at", "2026-03-03 12:00"]);
    let page = said.lines().find(|line| line.ends_with("index.html")).expect("where the page is");
    assert!(page.starts_with(&format!("{}postrider-preview-", house.path("").display())), "{said}");
    assert!(said.contains("gate     warning links: ") && said.contains("gate     accepted alt: "), "{said}");
    let page = fs_err::read_to_string(page).unwrap();
    assert!(page.contains("default-src 'none'") && !page.contains("<script") && !page.contains("hole-"), "{page}");
    assert_eq!(page.matches("<iframe ").count(), 7, "phone, desktop; light, dark; without pictures, without styles");
    assert_eq!(page.matches("width=\"375\" sandbox").count(), 4, "{page}");
    for words in [
        "As it is, the Issue would be held.",
        "leads to no page of the site",
        "<th scope=\"row\">List-Unsubscribe-Post</th><td>List-Unsubscribe=One-Click</td>",
        "href=\"mail.eml\"",
        "Hello harbour, see docs",
        "@media not all{",
        "@media all{",
        "data-src=",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[test]
fn list_plan_and_preview() {
    let house = House::new(&configuration(), "2026-03-05 12:00:00");
    house.publish("first", "First words", "2026-03-02T10:00:00+08:00", "Hello *harbour*, see [docs](/docs/).");
    house.publish("second", "第二篇", "2026-03-04T10:00:00+08:00", "> 问题\n\n答案");
    let listed = house.run(&["digest", "list"]);
    assert!(listed.contains("Friday, 6 March 2026, 09:00 (+08:00)"), "{listed}");
    assert_eq!(listed.matches("Friday").count(), 5, "{listed}");
    let json: serde_json::Value = serde_json::from_str(&house.run(&["digest", "list", "--json"])).unwrap();
    assert_eq!(json[0]["next"][0], "2026-03-06T09:00:00+08:00");
    assert_eq!(json[0]["next"].as_array().unwrap().len(), 5);

    // As of an instant in the past: what had appeared since the Slot before.
    let at = ["digest", "plan", "weekly", "--json", "--at", "2026-03-03 12:00"];
    let json: serde_json::Value = serde_json::from_str(&house.run(&at)).unwrap();
    assert_eq!(json["slot"], "2026-03-06T09:00:00+08:00");
    assert_eq!(json["posts"].as_array().unwrap().len(), 1);
    assert_eq!(json["posts"][0]["title"], "First words");
    assert_eq!(json["recipients"], serde_json::Value::Null);
    assert!(json["mails"][0]["html_bytes"].as_u64().unwrap() > 3000);

    // Never started: all of it is baseline, so nothing is new; the preview shows the latest and says so.
    let said = house.run(&["digest", "preview", "weekly", "--out", "out"]);
    assert!(said.contains("nothing new: this is the Issue of Friday, 6 March 2026, 09:00"), "{said}");
    let out = house.site().join("out");
    let html = fs_err::read_to_string(out.join("mail.html")).unwrap();
    let text = fs_err::read_to_string(out.join("mail.txt")).unwrap();
    let eml = String::from_utf8(fs_err::read(out.join("mail.eml")).unwrap()).unwrap();
    assert!(html.contains("第二篇") && html.contains("<blockquote") && html.contains("First words"));
    assert!(html.contains("href=\"https://harbour.example.org/docs/\""), "links are absolute");
    assert!(text.contains("> 问题") && text.contains("docs [1]") && text.contains("reader@example.org"));
    assert!(!html.contains("hole-") && !text.contains("hole-"));
    assert!(eml.starts_with("Date: ") && eml.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));

    fails(&house, &["digest", "plan", "weakly"], 2, "did you mean `weekly`?");
    fails(&house, &["digest", "plan", "weekly", "--at", "soon"], 2, "`--at soon` is no time");
    fails(&house, &["digest", "preview", "weekly", "--out", "out", "--at", "2020-01-01"], 1, "was published by then");
}

#[test]
fn send_approve_and_skip() {
    let house = House::new(&configuration(), "2026-03-05 12:00:00");
    house.publish("first", "First words", "2026-03-02T10:00:00+08:00", "Hello.");
    // The first sight takes the baseline.
    fails(&house, &["digest", "send", "weekly"], 1, "nothing is new for `weekly`");
    fs_err::write(house.path("readers.csv"), "address\na@example.org\nb@example.org\n").unwrap();
    let readers = house.path("readers.csv");
    house.run(&["subscribers", "import", readers.to_str().unwrap(), "--digest", "weekly"]);
    house.publish("second", "Second words", "2026-03-05T12:00:00+08:00", "Hello again.");
    let said = house.run(&["digest", "send", "weekly"]);
    assert!(said.contains("Issue of 1 post for 2 readers") && said.contains("2 sent"), "{said}");
    let json: serde_json::Value = serde_json::from_str(&house.run(&["digest", "list", "--json"])).unwrap();
    let id = json[0]["issues"][0]["id"].as_str().unwrap();
    assert!(house.run(&["digest", "list"]).contains(id), "the listed ids are what `deliveries` takes");
    assert_eq!(house.run(&["deliveries", "list", "--issue", id, "--json"]).lines().count(), 2);
    assert_eq!(mails(&house), 2);
    fails(&house, &["digest", "send", "weekly"], 1, "nothing is new");

    house.set_time("2026-03-05 13:00:00");
    for number in 0..3 {
        house.publish(&format!("more{number}"), "More", "2026-03-05T20:30:00+08:00", "Much.");
    }
    let said = house.run(&["digest", "send", "weekly"]);
    assert!(said.contains("it is held"), "{said}");
    assert_eq!(mails(&house), 2);
    let said = house.run(&["digest", "approve", "weekly"]);
    assert!(said.contains("goes to 2 readers"), "{said}");
    fails(&house, &["digest", "approve", "weekly"], 1, "no Issue of `weekly` is held");

    let said = house.run(&["digest", "skip", "weekly"]);
    assert!(said.contains("Friday, 6 March 2026, 09:00"), "{said}");
    let said = house.run(&["digest", "skip", "weekly"]);
    assert!(said.contains("Friday, 13 March 2026, 09:00"), "the next one: {said}");
    let plan: serde_json::Value = serde_json::from_str(&house.run(&["digest", "plan", "weekly", "--json"])).unwrap();
    assert_eq!(plan["slot"], "2026-03-20T09:00:00+08:00", "what is skipped is not what comes");
    let list: serde_json::Value = serde_json::from_str(&house.run(&["digest", "list", "--json"])).unwrap();
    assert_eq!(list[0]["skipped"], serde_json::json!(["2026-03-06T09:00:00+08:00", "2026-03-13T09:00:00+08:00"]));
    assert_eq!(list[0]["issues"].as_array().unwrap().len(), 2, "a date to come is no Issue");
}

fn mails(house: &House) -> usize {
    fs_err::read_dir(house.site().join("mails")).map_or(0, |files| {
        files.filter_map(Result::ok).filter(|file| file.path().extension().is_some_and(|end| end == "eml")).count()
    })
}

#[test]
fn check_renders_what_the_templates_are_for() {
    let house = House::new(&configuration(), "2026-03-05 12:00:00");
    house.publish("first", "First words", "2026-03-02T10:00:00+08:00", "Hello.");
    house.run(&["check"]);
    let own = house.site().join("templates/email/letter");
    fs_err::create_dir_all(&own).unwrap();
    fs_err::write(own.join("body.txt"), "fine\n\n{{ posts[0].titel }}\n").unwrap();
    let with_own = configuration() + "templates: { folder: templates }\n";
    fs_err::write(house.site().join("postrider.yaml"), with_own).unwrap();
    let output = house.command(&["check"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("templates/email/letter/body.txt:3: unknown name in `posts[0].titel`"), "{said}");

    // A mistyped name is told even of a digest that has nothing to announce.
    let mistyped = configuration().replace("template: letter", "template: lettre\n    select: { tags: [none] }");
    fs_err::write(house.site().join("postrider.yaml"), mistyped).unwrap();
    let output = house.command(&["check"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("there is no template `lettre`"), "{said}");
}

/// The real site's SOFA Weekly of 15 October 2021, as the issue of its week.
#[test]
fn the_sample_post_is_shown_whole() {
    let Some(corpora) = peers::corpora() else { return };
    let folder = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("tar")
        .arg("xzf")
        .arg(corpora.join("sofastack.tar.gz"))
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    let site = folder.path().join("sofastack");
    let configuration = "site: { url: https://www.sofastack.tech/ }\ndigests:\n  weekly:\n    schedule: \"0 9 * * 5\"\n    timezone: Asia/Shanghai\n    template: letter\n    from: \"SOFA Weekly <weekly@example.org>\"\n";
    fs_err::write(site.join("postrider.yaml"), configuration).unwrap();
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_postrider"))
        .args(["digest", "preview", "weekly", "--out", "out", "--at", "2021-10-15T16:00:00+08:00"])
        .current_dir(&site)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let html = fs_err::read_to_string(site.join("out/mail.html")).unwrap();
    let text = fs_err::read_to_string(site.join("out/mail.txt")).unwrap();
    for words in [
        "QA 整理、SOFAStack",
        "每周读者问答提炼",
        "@崔伟协",
        "请问这里 panic了，要怎么解决？",
        "新手任务计划",
        "添加 nodejs sdk",
        "本周推荐阅读",
        "蚂蚁集团技术风险代码化平台实践（MaaS）",
    ] {
        assert!(html.contains(words), "{words} in the HTML");
        assert!(text.contains(words), "{words} in the text");
    }
    assert_eq!(html.matches("<blockquote").count(), 6, "four questions and two pictures");
    assert!(text.contains("> 请问 MOSN 有计划支持 eureka 注册中心吗？"));
    assert!(text.lines().all(|line| postrider::template::wrap::width(line) <= 72 || line.contains("https://")));
}
