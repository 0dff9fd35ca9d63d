//! What sections are for, told by words in their headings; and the words that mark a question, an answer, a task's level.
//!
//! All of it is configuration. The presets are lists of words, and a site's own lists take their place one by one.

use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

/// What a section's entries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entries {
    /// Someone asks, someone answers.
    Questions,
    /// Things to do.
    Tasks,
    /// Things to read.
    Links,
}

/// Roles and the words that tell them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Roles {
    /// See [`Roles::headings`].
    headings: Vec<(String, Vec<String>)>,
    plain: Plain,
    /// Words behind the name of who asks: "Ada asks:".
    pub asker: Vec<String>,
    /// Marks before a question: "Q:".
    pub question: Vec<String>,
    /// Marks before an answer: "A:".
    pub answer: Vec<String>,
    /// Words that stand on a line of their own above the tasks of a level, easiest first.
    pub levels: Vec<String>,
    /// Words before the address at which a project's tasks are described.
    pub details: Vec<String>,
}

/// The words of the headings as they are compared, once somebody has compared any. They follow from the rest.
#[derive(Debug, Clone, Default)]
struct Plain(OnceLock<Vec<Vec<String>>>);

impl PartialEq for Plain {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Plain {}

impl Hash for Plain {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// The names of the presets; the first is the default.
pub const PRESETS: [&str; 3] = ["weekly", "sofa-weekly", "none"];

type Words = &'static [(&'static str, &'static [&'static str])];

/// English and Chinese weeklies.
const WEEKLY: Words = &[
    (
        "questions",
        &["Q&A", "Q & A", "questions", "ask us", "读者问答", "问答提炼", "问答精选", "常见问答", "issue 精选", "答疑"],
    ),
    (
        "tasks",
        &[
            "newcomer tasks",
            "good first issues",
            "call for participation",
            "help wanted",
            "CFP",
            "新手任务",
            "求助任务",
        ],
    ),
    ("reading", READING),
    (
        "releases",
        &[
            "release",
            "releases",
            "released",
            "new versions",
            "项目进展",
            "本周发布",
            "版本发布",
            "本周发版",
            "更新日志",
        ],
    ),
    (
        "contributors",
        &["contributors", "new contributors", "contributor", "thanks to", "本周贡献", "贡献者", "新晋 Contributor"],
    ),
    ("meetings", &["community meeting", "community meetings", "社区会议"]),
    ("events", &["events", "meetups", "meetup", "conferences", "webinar", "活动", "直播", "报名", "预告", "KubeCon"]),
    ("news", &["big news", "headlines", "大事件", "SOFA News", "新闻"]),
    ("jobs", &["jobs", "hiring", "who's hiring", "招聘"]),
    ("quote", &["quote of the week", "本周金句"]),
    ("series", SERIES),
];

/// SOFA Weekly, 2019 to 2023.
const SOFA_WEEKLY: Words = &[
    ("questions", &["读者问答", "问答提炼", "issue 精选"]),
    ("tasks", &["新手任务"]),
    ("reading", &["推荐阅读", "推荐文章", "系列阅读", "特辑阅读"]),
    ("releases", &["项目进展", "本周发布", "版本发布", "本周发版"]),
    ("contributors", &["本周 Contributor", "本周新晋 Contributor", "本周贡献"]),
    ("meetings", &["社区会议"]),
    ("events", &["活动", "直播", "Meetup", "报名", "预告", "KubeCon"]),
    ("news", &["Big News", "大事件", "SOFA News"]),
    ("series", &["系列", "合辑", "集锦", "合集", "集合", "Lab"]),
];

const READING: &[&str] = &[
    "reading",
    "reading list",
    "recommended articles",
    "articles",
    "blog posts",
    "further reading",
    "updates from rust community",
    "updates from the community",
    "community updates",
    "links",
    "推荐阅读",
    "相关阅读",
    "推荐文章",
    "系列阅读",
    "特辑阅读",
    "文章推荐",
];

const SERIES: &[&str] = &["series", "系列", "合辑", "集锦", "合集", "集合"];

impl Default for Roles {
    fn default() -> Self {
        Self::of_words(WEEKLY)
    }
}

impl Roles {
    /// A preset by its name, one of [`PRESETS`].
    pub fn preset(name: &str) -> Option<Self> {
        match name {
            "weekly" => Some(Self::default()),
            "sofa-weekly" => Some(Self::of_words(SOFA_WEEKLY)),
            "none" => Some(Self::of_words(&[])),
            _ => None,
        }
    }

    fn of_words(words: Words) -> Self {
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        Self {
            headings: words.iter().map(|(role, words)| ((*role).to_owned(), own(words))).collect(),
            plain: Plain::default(),
            asker: own(&["提问", "问", "asks", "asked"]),
            question: own(&["Q", "Question", "问"]),
            answer: own(&["A", "Answer", "答", "回答"]),
            levels: own(&["Easy", "Medium", "Hard"]),
            details: own(&["详细参考", "详见", "参考", "Details", "See"]),
        }
    }

    /// Name of a role, and words one of which is in the heading of its sections; the first role that fits is taken.
    pub fn headings(&self) -> &[(String, Vec<String>)] {
        &self.headings
    }

    /// Lets `words` tell `role` instead of the preset's; no words: the role is not used.
    pub fn set(&mut self, role: &str, words: Vec<String>) {
        self.plain = Plain::default();
        match self.headings.iter_mut().find(|(known, _)| known == role) {
            Some((_, known)) => *known = words,
            None => self.headings.insert(0, (role.to_owned(), words)),
        }
    }

    /// The role that a heading tells.
    pub fn of_heading(&self, heading: &str) -> Option<&str> {
        let heading = plain(heading);
        let all = || self.headings.iter().map(|(_, words)| words.iter().map(|word| plain(word)).collect()).collect();
        let words = self.plain.0.get_or_init(all);
        let fits = |words: &[String]| words.iter().any(|word| has_word(&heading, word));
        self.headings.iter().zip(words).find(|(_, words)| fits(words)).map(|((role, _), _)| role.as_str())
    }

    /// What the entries of a role's sections are, where they have any that we know.
    pub fn entries(role: &str) -> Option<Entries> {
        match role {
            "questions" => Some(Entries::Questions),
            "tasks" => Some(Entries::Tasks),
            "reading" | "series" => Some(Entries::Links),
            _ => None,
        }
    }
}

/// Lower case, no blanks beside what is not ASCII: "issue 精选" is "issue精选".
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = false;
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_whitespace() {
            blank = !out.is_empty();
        } else {
            if blank && c.is_ascii() && out.ends_with(|last: char| last.is_ascii()) {
                out.push(' ');
            }
            blank = false;
            out.push(c);
        }
    }
    out
}

/// Is `word` in `text`, and whole where it begins or ends in an ASCII letter? "Lab" is in "SOFAArkLab", not in "Labels".
fn has_word(text: &str, word: &str) -> bool {
    // Most words are in no heading, which is soon said.
    !word.is_empty()
        && text.contains(word)
        && text.match_indices(word).any(|(at, _)| {
            let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
            let after = text[at + word.len()..].chars().next();
            let before = text[..at].chars().next_back();
            let ends = !letter(word.chars().next_back()) || !letter(after);
            let begins = !letter(word.chars().next()) || !letter(before);
            ends && begins
        })
}
