//! Pictures of the site as files: what an address below the site's was made of.

use std::io::Read as _;

use percent_encoding::percent_decode_str;

use super::Bodies;
use super::files::Folder;
use crate::post::Page;
use crate::site::Site;

/// Folders whose files generators publish as they are, by the generator's usual names.
const STATIC: [&str; 8] = ["static/", "source/", "public/", "src/", "content/", "docs/", "assets/", ""];

impl Bodies {
    /// The file behind `address`, which `page` shows; of a larger one than `limit` one octet more. `None` where it is not of this
    /// site or cannot be found: the generator may have made it.
    pub fn picture(&self, page: &Page, address: &str, limit: u64) -> Option<Vec<u8>> {
        let (folder, site) = self.place()?;
        paths(site, page, address).iter().find_map(|path| read(folder, path, limit))
    }
}

/// Where the file may lie, likeliest first.
fn paths(site: &Site, page: &Page, address: &str) -> Vec<String> {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let decoded = |rest: &str| {
        let rest = percent_decode_str(rest).decode_utf8().ok()?;
        // Nothing hidden, nothing outside.
        let plain = !rest.is_empty() && rest.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
        plain.then(|| rest.into_owned())
    };
    // Beside the page, in its own folder.
    let beside = address.strip_prefix(page.url.as_str()).filter(|_| page.url.ends_with('/')).and_then(decoded);
    let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let beside = beside.map(|rest| if folder.is_empty() { rest } else { format!("{folder}/{rest}") });
    let below = address.strip_prefix(site.url.as_str()).and_then(decoded);
    let below = below.iter().flat_map(|rest| STATIC.map(|start| format!("{start}{rest}")));
    beside.into_iter().chain(below).collect()
}

fn read(folder: &Folder, path: &str, limit: u64) -> Option<Vec<u8>> {
    // Asked before it is opened, so that a FIFO keeps nobody waiting.
    let full = folder.inside(path).filter(|full| full.is_file())?;
    let mut file = fs_err::File::open(full).ok()?;
    let mut bytes = Vec::new();
    (&mut file).take(limit + 1).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_looked_for_beside_the_page_and_in_the_usual_folders() {
        let site = Site { url: "https://e.org/blog/".into(), ..Site::default() };
        let page = Page {
            path: "content/posts/one/index.md".into(),
            url: "https://e.org/blog/posts/one/".into(),
            ..Page::default()
        };
        let of = |address: &str| paths(&site, &page, address);
        assert_eq!(of("https://e.org/blog/posts/one/a%20b.png?x=1#y")[0], "content/posts/one/a b.png");
        assert_eq!(of("https://e.org/blog/images/c.webp")[0], "static/images/c.webp");
        for address in [
            "https://other.org/blog/a.png",
            "https://e.org/a.png",
            "https://e.org/blog/",
            "https://e.org/blog/../a.png",
            "https://e.org/blog/%2e%2e/a.png",
            "https://e.org/blog/.git/config",
            "https://e.org/blog//etc/passwd",
            "https://e.org/blog/%ff.png",
        ] {
            assert_eq!(of(address), Vec::<String>::new(), "{address}");
        }
    }
}
