//! What nginx includes inside the `server` whose `root` is the folder of the files. Its module gzip_static sends the .gz files.

use std::fmt::Write as _;

use super::{CACHE, Elsewhere, FOR_EVER, HEADERS, base};
use crate::feed::{Format, OPML, STYLESHEET, Settings, address};

/// The file's name, at the top of the folder.
pub const NAME: &str = ".postrider-nginx.conf";

/// The file's text.
pub fn snippet(settings: &Settings, elsewhere: &Elsewhere) -> String {
    let base = base(settings);
    let mut out = String::from(
        "# Made by `postrider build --for nginx`, and made anew by each build: `include` it inside the `server { … }` whose `root`\n\
         # is this folder, and reload nginx after a build that changed it. Where brotli_static or zstd_static are there, add them.\n\n",
    );
    for (path, to) in &elsewhere.moved {
        let to = format!("{}{}", settings.public_url, address::encoded(to));
        let _ = writeln!(out, "location = {} {{ return 301 {}; }}", quoted(&format!("{base}{path}")), quoted(&to));
    }
    for path in &elsewhere.withdrawn {
        let _ = writeln!(out, "location = {} {{ return 410; }}", quoted(&format!("{base}{path}")));
    }
    let pattern = escaped(&base);
    for format in Format::ALL {
        let name = escaped(format.file_name());
        let shown = if format == Format::Json { "application/json" } else { "application/xml; charset=utf-8" };
        let links = links(settings, format);
        // The first pattern that fits is taken: that of archives goes before.
        for (folder, cache, links) in
            [("archives/[0-9a-f]+/", FOR_EVER, links.0.as_str()), ("", CACHE, links.1.as_str())]
        {
            let location = format!("~ \"^{pattern}(?:[^/]+/)*{folder}{name}$\"");
            let named = format!(
                "@postrider_{}{}",
                format.file_name().replace('.', "_"),
                if folder.is_empty() { "" } else { "_archive" }
            );
            // A browser that opens a feed would save it instead of showing it.
            let _ = writeln!(
                out,
                "location {location} {{\n    error_page 418 = {named};\n    \
                 if ($http_sec_fetch_dest = \"document\") {{ return 418; }}"
            );
            body(&mut out, format.content_type(), cache, links);
            let _ = writeln!(out, "location {named} {{");
            body(&mut out, shown, cache, links);
        }
    }
    for (name, content_type) in [(OPML, "text/x-opml; charset=utf-8"), (STYLESHEET, "text/css; charset=utf-8")] {
        let _ = writeln!(out, "location = {} {{", quoted(&format!("{base}{name}")));
        body(&mut out, content_type, CACHE, "");
    }
    // What stands beside the files is for nginx alone.
    let _ = writeln!(out, "location ~ \"/\\.postrider-\" {{ return 404; }}");
    out
}

fn body(out: &mut String, content_type: &str, cache: &str, links: &str) {
    let _ = writeln!(
        out,
        "    types {{ }}\n    default_type {};\n    gzip_static on;\n    gzip_vary on;",
        quoted(content_type)
    );
    if !links.is_empty() {
        // As the world writes the folder, not as nginx decodes it; a numbered capture would be encoded twice.
        out.push_str("    if ($request_uri ~ \"^(?<postrider_folder>[^?]*/)\") { }\n");
        let _ = writeln!(out, "    add_header Link {links};");
    }
    let _ = writeln!(out, "    add_header Cache-Control {};", quoted(cache));
    for (name, value) in HEADERS {
        let _ = writeln!(out, "    add_header {name} {};", quoted(value));
    }
    out.push_str("}\n");
}

/// Of an archive, and of a feed, as `serve` says them.
fn links(settings: &Settings, own: Format) -> (String, String) {
    let home =
        url::Url::parse(&settings.public_url).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization());
    let formats = Format::ALL.iter().map(|format| {
        let rel = if *format == own { "self" } else { "alternate" };
        format!("<{home}${{postrider_folder}}{}>; rel=\"{rel}\"; type=\"{}\"", format.file_name(), format.media_type())
    });
    let formats: Vec<String> = formats.collect();
    let hubs = settings.hubs.iter().map(|hub| format!("<{}>; rel=\"hub\"", hub.replace('$', "%24")));
    let all: Vec<String> = formats.iter().cloned().chain(hubs).collect();
    let written = |links: Vec<String>| format!("'{}'", links.join(", "));
    (written(formats), written(all))
}

/// As one word of nginx's. A dollar sign in it would be a variable.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// For a regular expression.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| (!c.is_alphanumeric() && c != '/').then_some('\\').into_iter().chain([c])).collect()
}
