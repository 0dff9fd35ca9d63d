//! Every key there is: the one list that the reader, the environment, the example file and `init` go by.

/// One key of `postrider.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Dotted; `*` stands for a name that the owner chooses.
    pub path: &'static str,
    /// What holds when it is not given; `None`: nothing, or found in the site.
    pub default: Option<&'static str>,
    /// May be given as `KEY_file` too, and is never shown.
    pub secret: bool,
}

const fn key(path: &'static str, default: Option<&'static str>) -> Key {
    Key { path, default, secret: false }
}

const fn secret(path: &'static str, default: Option<&'static str>) -> Key {
    Key { path, default, secret: true }
}

/// See the module. Each scalar outside `digests` can be set as `POSTRIDER_SECTION_KEY` too.
pub const KEYS: &[Key] = &[
    key("site.folder", Some(".")),
    key("site.url", None),
    key("site.title", None),
    key("site.description", None),
    key("site.language", None),
    key("site.generator", None),
    key("site.generator_version", None),
    key("content.sections", None),
    key("content.permalink", None),
    key("content.date", None),
    key("content.rescan", Some("5m")),
    key("content.preset", Some("weekly")),
    key("content.roles.*", None),
    key("content.marks.asker", Some("提问, 问, asks, asked")),
    key("content.marks.question", Some("Q, Question, 问")),
    key("content.marks.answer", Some("A, Answer, 答, 回答")),
    key("content.marks.levels", Some("Easy, Medium, Hard")),
    key("content.marks.details", Some("详细参考, 详见, 参考, Details, See")),
    key("feeds.entries", Some("50")),
    key("feeds.max_bytes", Some("1MB")),
    key("feeds.by", Some("tag, category, author, section, language")),
    key("feeds.archives", Some("site")),
    key("feeds.copyright", None),
    key("feeds.image", None),
    key("feeds.icon", None),
    key("feeds.polls_per_hour", Some("60")),
    key("feeds.deltas", Some("false")),
    key("feeds.tombstones", Some("false")),
    key("feeds.hubs", None),
    key("feeds.private_hubs", Some("false")),
    key("digests.*.title", None),
    key("digests.*.description", None),
    key("digests.*.schedule", None),
    key("digests.*.timezone", Some("UTC")),
    key("digests.*.select.sections", None),
    key("digests.*.select.tags", None),
    key("digests.*.select.categories", None),
    key("digests.*.select.authors", None),
    key("digests.*.select.languages", None),
    key("digests.*.template", Some("digest")),
    key("digests.*.from", None),
    key("digests.*.reply_to", None),
    key("digests.*.language", None),
    key("digests.*.catch_up", Some("6h")),
    key("digests.*.hold_above", Some("10")),
    key("digests.*.time_to_live", Some("72h")),
    key("digests.*.public", Some("true")),
    key("digests.*.accept", Some("alt, cut, picture")),
    secret("mail.url", Some("folder:postrider-mail")),
    secret("mail.password", None),
    secret("mail.ca", None),
    key("mail.connections", Some("4")),
    key("mail.messages_per_connection", Some("100")),
    key("mail.pipelining", Some("full")),
    key("mail.on_uncertain", Some("repeat")),
    key("mail.per_second", None),
    key("mail.per_day", None),
    key("mail.warm_up", None),
    secret("mail.relays.*.url", None),
    secret("mail.relays.*.password", None),
    secret("mail.relays.*.ca", None),
    key("mail.relays.*.weight", Some("1")),
    key("mail.relays.*.connections", Some("4")),
    key("mail.relays.*.per_second", None),
    key("mail.relays.*.per_day", None),
    key("mail.relays.*.warm_up", None),
    key("mail.quiet.hours", None),
    key("mail.quiet.timezone", Some("UTC")),
    key("mail.hello", None),
    key("mail.bounce_address", None),
    key("mail.complaints_address", None),
    key("mail.dkim.domain", None),
    key("mail.dkim.keys.*", None),
    key("mail.inbox.lmtp", None),
    secret("mail.inbox.imap", None),
    secret("mail.inbox.password", None),
    key("mail.inbox.every", Some("5m")),
    key("mail.webhooks.ses", None),
    secret("mail.webhooks.postmark", None),
    secret("mail.webhooks.mailgun", None),
    key("mail.webhooks.sendgrid", None),
    key("templates.folder", None),
    key("theme.accent", Some("#0b5cad")),
    key("theme.ink", Some("#1f2328")),
    key("theme.soft", Some("#525c67")),
    key("theme.card", Some("#fdfdfc")),
    key("theme.page", Some("#eef0f3")),
    key("theme.dark.accent", Some("#82b8f5")),
    key("theme.dark.ink", Some("#e7e9ec")),
    key("theme.dark.soft", Some("#a9b1bb")),
    key("theme.dark.card", Some("#1a1d21")),
    key("theme.dark.page", Some("#101214")),
    key("theme.logo", None),
    key("theme.fonts", None),
    key("theme.footer", None),
    key("theme.postal_address", None),
    secret("store.url", Some("sqlite:postrider.db")),
    secret("store.secret", None),
    key("dns.server", None),
    key("http.listen", Some("127.0.0.1:8080")),
    key("http.public_url", None),
    key("http.trusted_proxies", Some("127.0.0.0/8, ::1")),
    key("log.format", Some("text")),
    key("log.level", Some("info")),
];

/// The key that `path` (with the owner's names in it) is.
pub fn find(path: &str) -> Option<&'static Key> {
    let (plain, is_file) = path.strip_suffix("_file").map_or((path, false), |plain| (plain, true));
    let is = |key: &&Key| matches(key.path, path) || (is_file && key.secret && matches(key.path, plain));
    KEYS.iter().find(is)
}

/// Is `path` the start of a key's path?
pub fn is_section(path: &str) -> bool {
    KEYS.iter().any(|key| {
        let parts = path.split('.').count();
        let start = key.path.split('.').take(parts).collect::<Vec<_>>().join(".");
        key.path.split('.').count() > parts && matches(&start, path)
    })
}

/// The names that could stand right below `section` (empty: at the top).
pub fn below(section: &str) -> Vec<&'static str> {
    let depth = if section.is_empty() { 0 } else { section.split('.').count() };
    let mut names: Vec<&str> = KEYS
        .iter()
        .filter(|key| {
            let start = key.path.split('.').take(depth).collect::<Vec<_>>().join(".");
            depth == 0 || matches(&start, section)
        })
        .filter_map(|key| key.path.split('.').nth(depth))
        .filter(|name| *name != "*")
        .collect();
    names.dedup();
    names
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('.'), path.split('.'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(want), Some(have)) if want == "*" || want == have => {}
            _ => return false,
        }
    }
}
