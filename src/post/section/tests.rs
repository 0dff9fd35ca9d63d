use proptest::prelude::*;

use super::super::markdown;
use super::*;

fn of(markdown: &str) -> Vec<Section> {
    sections(&markdown::to_html(markdown), &Roles::default())
}

#[test]
fn headings_of_all_kinds_begin_a_section() {
    let page = of("Intro\n\n# One\n\na\n\n###Two\n\nb [l](https://e.org/)\n\n**Three**\n\nc\n\nSetext\n---\n\nd\n");
    let shown: Vec<_> = page.iter().map(|s| (s.heading.as_str(), s.level, s.text.as_str())).collect();
    assert_eq!(shown, [("", 0, "Intro"), ("One", 1, "a"), ("Two", 3, "b l"), ("Three", 7, "c"), ("Setext", 2, "d")]);
    assert_eq!(page[2].links, [Link { text: "l".into(), url: "https://e.org/".into() }]);
    assert_eq!(page[2].html, "<p>b <a href=\"https://e.org/\">l</a></p>");
}

#[test]
fn a_role_holds_below_its_heading_and_bold_entries_do_not_end_it() {
    let page = of("## Links\n\n### Tools\n\n- [A](https://a.example/)\n\n**Note**\n\n## Else\n\nx\n");
    let roles: Vec<_> = page.iter().map(|s| (s.heading.as_str(), s.role.as_deref())).collect();
    assert_eq!(roles, [("Links", Some("reading")), ("Tools", Some("reading")), ("Else", None)]);
    let all: String = page.iter().map(|section| section.html.as_str()).collect();
    assert!(all.contains("<strong>Note</strong>"), "nothing of the page is lost: {all}");
}

#[test]
fn questions_of_an_english_weekly() {
    let page = of(
        "## Q&A\n\nAda Lovelace asks:\n\n> How long?\n> Really?\n\nA: Ten minutes.\n\n- first\n- second\n\n> And then?\n\nA: Done.\n\nEngine: <https://e.org/engine>\n\nQ: Who pays?\n\nAnswer: Nobody.\n\nSee you next week.\n",
    );
    let questions: Vec<&Question> = page[0].questions().collect();
    assert_eq!(questions.len(), 2);
    let ada = questions[0];
    assert_eq!(
        (ada.asker.as_str(), ada.project.as_str(), ada.link.as_str()),
        ("Ada Lovelace", "Engine", "https://e.org/engine")
    );
    assert_eq!(ada.exchanges.len(), 2);
    assert_eq!(ada.exchanges[0].question.text, "How long?\nReally?");
    assert_eq!(ada.exchanges[0].question.html, "<p>How long?\nReally?</p>");
    assert_eq!(ada.exchanges[0].answers[0].html, "<p>Ten minutes.</p>\n<ul>\n<li>first</li>\n<li>second</li>\n</ul>");
    assert_eq!(ada.exchanges[1].answers[0].text, "Done.");
    assert_eq!((questions[1].asker.as_str(), questions[1].exchanges[0].question.text.as_str()), ("", "Who pays?"));
}

#[test]
fn who_asks_is_told_in_many_ways() {
    let roles = Roles::default();
    for (line, name, issue) in [
        ("1、@张三 提问：", "张三", ""),
        ("**2、@李四 **提问：", "李四", ""),
        ("@ 王五 提问", "王五", ""),
        ("3. bob 提问:", "bob", ""),
        ("1.@fengjiachun #951", "fengjiachun", "951"),
        ("Grace asked:", "Grace", ""),
    ] {
        let asker = marks::asker(line, &roles).unwrap_or_else(|| panic!("{line}"));
        assert_eq!((asker.name.as_str(), asker.issue.as_str()), (name, issue), "{line}");
    }
    for line in ["关于 Seata 的提问：", "请问，怎么办？", "She asks whether.", "议题 #12 的讨论", "2.1 提问的艺术"]
    {
        assert_eq!(marks::asker(line, &roles), None, "{line}");
    }
    let same_line = of("### 读者问答\n\n@张三 提问：怎么 *办*？\n\nA：不知道。\n");
    let question = same_line[0].questions().next().expect("a question");
    assert_eq!(question.exchanges[0].question.html, "<p>怎么 <em>办</em>？</p>");
    assert_eq!(question.exchanges[0].answers[0].text, "不知道。");
}

#[test]
fn an_answer_that_stands_too_near_its_question_is_an_answer() {
    let page = of("### Questions\n\nAda asks:\n\n> How?\nA: So.\nAnd so.\n");
    let question = page[0].questions().next().expect("a question");
    assert_eq!(question.exchanges[0].question.text, "How?");
    assert_eq!(question.exchanges[0].answers[0].text, "So.\nAnd so.");
}

#[test]
fn tasks_by_project_and_level() {
    let page = of(
        "## Newcomer tasks\n\nWelcome.\n\nEngine\n\n-Easy\n\nWrite docs\n\nAdd tests\n\n- Hard\n\nMake it fast\n\n[Details]: https://no.example/\n\nDetails: <https://e.org/1>\n\n**Mill**\n\n- Easy\n  - Grind\n\nSee https://e.org/2\n\n## Help wanted\n\n- [Fix it](https://e.org/3)\n",
    );
    let tasks: Vec<Task> = page.iter().flat_map(Section::tasks).cloned().collect();
    let shown: Vec<_> =
        tasks.iter().map(|t| (t.project.as_str(), t.level.as_str(), t.text.as_str(), t.link.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("Engine", "Easy", "Write docs", "https://e.org/1"),
            ("Engine", "Easy", "Add tests", "https://e.org/1"),
            ("Engine", "Hard", "Make it fast", "https://e.org/1"),
            ("Mill", "Easy", "Grind", "https://e.org/2"),
            ("", "", "Fix it", "https://e.org/3"),
        ]
    );
    assert!(matches!(&page[0].parts[0], Part::Prose { html } if html.contains("Welcome")));
}

#[test]
fn things_to_read_have_titles_wherever_they_stand() {
    let page = of(
        "## Reading list\n\n- [One](https://e.org/1) by [Ada](https://ada.example/)\n\nTwo: https://e.org/2\n\nThree\n\n[![x](p.png)](https://e.org/3)\n\n[Four](https://e.org/4) | [Five](https://e.org/5)\n",
    );
    let shown: Vec<_> = page[0].reading().map(|r| (r.title.as_str(), r.link.as_str(), r.note.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("One", "https://e.org/1", "by Ada"),
            ("Two", "https://e.org/2", ""),
            ("Three", "https://e.org/3", ""),
            ("Four", "https://e.org/4", ""),
            ("Five", "https://e.org/5", ""),
        ]
    );
}

#[test]
fn hostile_pages_cost_what_their_length_costs() {
    // What comes out is counted: it is bounded by what went in.
    for piece in [
        "<p>",
        "<",
        "<p>A：",
        "<blockquote>x",
        "<p>@a 提问：<br>",
        "<a href=\"x\">",
        "<h2>Q&amp;A</h2><p><b>",
        "</p>",
        "<li>Easy",
        "<![",
        "&lt;",
    ] {
        let html = format!("<h2>Questions</h2>{}", piece.repeat(20_000));
        let size: usize = sections(&html, &Roles::default()).iter().map(|section| section.html.len()).sum();
        assert!(size <= 4 * html.len(), "{piece}: {size}");
    }
}

proptest! {
    /// Every word of a page is in one section, and in one part of it, in order.
    #[test]
    fn nothing_of_a_page_is_lost(lines in prop::collection::vec(
        prop::sample::select(vec![
            "## Questions", "### Reading list", "## Tasks of newcomer tasks", "**Bold**", "@ada 提问：", "> quoted", "A: answer",
            "plain", "- Easy", "- [t](https://e.org/x)", "MOSN：https://e.org/m", "**Layotto**", "", "    code", "1. one", "Details: https://e.org/d",
        ]), 0..40)) {
        let numbered: String = lines.iter().enumerate().map(|(at, line)| {
            if line.is_empty() || line.ends_with([':', '：', '*', ')']) || line.starts_with("- E") { format!("{line}\n\n") } else { format!("{line} w{at}w\n\n") }
        }).collect();
        let html = markdown::to_html(&numbered);
        let sections = sections(&html, &Roles::default());
        let said = serde_json::to_string(&sections).expect("JSON");
        for (at, line) in lines.iter().enumerate() {
            if numbered.contains(&format!("{line} w{at}w")) && !line.starts_with("Details") && !line.starts_with("MOSN") {
                let word = format!("w{at}w");
                prop_assert!(said.contains(&word), "{} of\n{}", word, numbered);
            }
        }
    }

    #[test]
    fn any_text_has_sections(html in "(<(/)?(p|b|h2|h3|br|li|ul|blockquote|a href=\"x\")>|Questions|提问：|A：|@a|Easy|#1|[<>&;\"é中 \n]){0,60}") {
        for section in sections(&html, &Roles::default()) {
            prop_assert!(section.level <= 7);
        }
    }
}

#[test]
fn a_project_is_named_in_any_script() {
    for (line, name) in [
        ("「灯塔」：[https://e.org/lamp](https://e.org/lamp)", "灯塔"),
        ("【灯塔 Lamp】：<https://e.org/lamp>", "灯塔 Lamp"),
        ("「Knots」：<https://e.org/lamp>", "Knots"),
        ("「灯台」<https://e.org/lamp>", "灯台"),
    ] {
        let page = of(&format!("## 每周读者问答\n\n**1、@张三** 提问：\n\n> 怎么做？\n\nA：这样。\n\n{line}\n"));
        let asked: Vec<_> = page[0].questions().map(|asked| (asked.project.as_str(), asked.link.as_str())).collect();
        assert_eq!(asked, [(name, "https://e.org/lamp")], "{line}");
    }
    for line in
        ["「详细参考」：<https://e.org/x>", "详细参考：<https://e.org/x>", "「这样的话，」他说：<https://e.org/x>"]
    {
        let page = of(&format!("## 每周读者问答\n\n**1、@张三** 提问：\n\n> 怎么做？\n\nA：这样。\n\n{line}\n"));
        assert!(page[0].questions().all(|asked| asked.project.is_empty()), "{line}");
    }
}
