//! `content.preset`, `content.roles`, `content.marks`: what sections are for.

use super::reader::Reader;
use crate::post::section::Roles;
use crate::post::section::roles::PRESETS;

/// A preset, with the lists that are given in place of its own.
pub fn read(r: &mut Reader<'_>) -> Roles {
    let preset = r.parsed("content.preset", |name| {
        let known = || format!("is no preset: `{name}`; one of {}", PRESETS.join(", "));
        Roles::preset(name.trim()).ok_or_else(known)
    });
    let mut roles = preset.unwrap_or_default();
    for name in r.names("content.roles") {
        if let Some(words) = r.list(&format!("content.roles.{name}")) {
            roles.set(&name, words);
        }
    }
    for (mark, words) in [
        ("asker", &mut roles.asker),
        ("question", &mut roles.question),
        ("answer", &mut roles.answer),
        ("levels", &mut roles.levels),
        ("details", &mut roles.details),
    ] {
        if let Some(given) = r.list(&format!("content.marks.{mark}")) {
            *words = given;
        }
    }
    roles
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::super::Config;
    use super::*;

    fn roles(text: &str) -> Result<Roles, Vec<String>> {
        Config::read(text, "postrider.yaml", Path::new("/site"), None, &BTreeMap::new())
            .map(|config| Roles::clone(&config.library.roles))
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_preset_and_lists_in_place_of_its_own() {
        assert_eq!(roles(""), Ok(Roles::default()));
        assert_eq!(roles("content: { preset: sofa-weekly }").ok(), Roles::preset("sofa-weekly"));
        let own = "content:\n  preset: none\n  roles: { questions: [Leserbriefe], recipes: Rezept }\n  marks: { answer: [Antwort] }\n";
        let own = roles(own).unwrap();
        assert_eq!(own.of_heading("Eure Leserbriefe"), Some("questions"));
        assert_eq!(own.of_heading("Rezept der Woche"), Some("recipes"));
        assert_eq!(own.of_heading("Recommended articles"), None);
        assert_eq!((own.answer, own.levels), (vec!["Antwort".to_owned()], Roles::default().levels));
        let faults = roles("content: { preset: weekely }").unwrap_err();
        assert!(faults[0].contains("one of weekly, sofa-weekly, none"), "{faults:?}");
    }
}
