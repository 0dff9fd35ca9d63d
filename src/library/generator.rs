//! What a generator's file has to offer, and the list of them. Adding one is a file beside this one and a line here.

use crate::post::Page;
use crate::problem::{CONFIGURATION, Problem};
use crate::site::Site;

use super::Settings;
use super::files::{File, Folder};

/// A site laid out by a generator, its configuration read.
pub trait Layout: Send + Sync {
    /// The site; no `main_sections` where the configuration names none.
    fn site(&self) -> Site;
    /// The folders and files to watch, relative to the site's folder.
    fn watched(&self) -> Vec<String>;
    /// The files that may be pages, ordered by path.
    fn files(&self) -> Vec<&File>;
    /// Changes when anything but the file's own text changes how it is read. `at`: its number among [`Layout::files`].
    fn context(&self, at: usize, file: &File) -> u64;
    /// What the text of a file says. `at` as before; `file` may have another stamp than when the site was opened: a layout outlives edits of
    /// its pages.
    fn read(&self, at: usize, file: &File, text: &str) -> Reading;
    /// What was found on the way to the files.
    fn problems(&self) -> Vec<Problem>;
}

/// What became of a file.
#[derive(Debug, Default)]
pub struct Reading {
    /// `None`: not a page, or a Problem says why.
    pub page: Option<Page>,
    /// Of this file.
    pub problems: Vec<Problem>,
}

/// A site opened, or why it cannot be.
pub type Opened = Result<Box<dyn Layout>, Vec<Problem>>;

/// A generator: its name and how a folder of its is opened. `None`: the folder is not one of its.
pub struct Generator {
    /// `site.generator`
    pub name: &'static str,
    /// Reads the configuration and finds the files.
    pub open: fn(&Folder, &Settings) -> Option<Opened>,
}

/// In the order in which they are tried; the last takes any folder.
pub const GENERATORS: [Generator; 8] = [
    Generator { name: "docusaurus", open: super::docusaurus::open },
    Generator { name: "eleventy", open: super::eleventy::open },
    Generator { name: "zola", open: super::zola::open },
    Generator { name: "hexo", open: super::hexo::open },
    Generator { name: "hugo", open: super::hugo::open },
    Generator { name: "pelican", open: super::pelican::open },
    Generator { name: "jekyll", open: super::jekyll::open },
    Generator { name: "folder", open: super::folder::open },
];

/// The site in `folder`, opened by the generator that `settings` name, or by the first that knows it.
pub fn open(folder: &Folder, settings: &Settings) -> Opened {
    let named = settings.generator.as_deref();
    for generator in GENERATORS.iter().filter(|generator| named.is_none_or(|name| name == generator.name)) {
        if let Some(opened) = (generator.open)(folder, settings) {
            return opened;
        }
    }
    let known = GENERATORS.map(|generator| generator.name).join(", ");
    Err(vec![match named {
        Some(name) if !GENERATORS.iter().any(|generator| generator.name == name) => Problem::error(
            CONFIGURATION,
            None,
            format!("`site.generator` names `{name}`, which is not known"),
            format!("one of {known}"),
        ),
        Some(name) => Problem::error(
            CONFIGURATION,
            None,
            format!("`site.generator` is `{name}`, but the folder has no configuration of it"),
            "remove `site.generator`, or give the site's folder by `--site`",
        ),
        None => Problem::error(".", None, "no generator knows this folder", "give the site's folder by `--site`"),
    }])
}
