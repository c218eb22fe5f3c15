//! The files of the editor extension, held to what they repeat: the words of the
//! language, and the version.

use std::{collections::BTreeSet, fs, path::Path};

use agentos_compiler::grammar::keywords;
use serde_json::Value;

fn read(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../editors/vscode");
    let text = fs::read_to_string(folder.join(name)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The words between which a pattern chooses: `(?:allow|deny)`.
fn words(pattern: &str) -> Vec<&str> {
    let is_list = |group: &&str| {
        group
            .chars()
            .all(|c| c.is_ascii_lowercase() || "_|".contains(c))
    };
    let groups = pattern.split("(?:").skip(1);
    let groups = groups.filter_map(|group| group.split_once(')').map(|(group, _)| group));
    groups
        .filter(is_list)
        .flat_map(|group| group.split('|'))
        .collect()
}

#[test]
fn every_word_of_the_language_and_no_other_is_highlighted() {
    let grammar = read("syntaxes/agentos-policy.tmLanguage.json");
    let repository = grammar["repository"].as_object().unwrap();
    let mut all: Vec<&str> = Vec::new();
    for name in ["statements", "clauses", "operators", "types", "values"] {
        all.extend(words(repository[name]["match"].as_str().unwrap()));
    }
    all.extend(words(repository["rules"]["begin"].as_str().unwrap()));
    let set: BTreeSet<&str> = all.iter().copied().collect();
    assert_eq!(set, keywords().into_iter().collect());
    assert_eq!(all.len(), set.len(), "each is of one kind");
    // What goes on with a rule ends the list of its actions.
    let clauses: BTreeSet<&str> = words(repository["clauses"]["match"].as_str().unwrap())
        .into_iter()
        .collect();
    let ends = words(repository["rules"]["end"].as_str().unwrap());
    assert!(ends.iter().all(|word| clauses.contains(word)), "{ends:?}");
}

#[test]
fn each_part_that_is_included_is_there() {
    fn includes(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(
                    map.get("include")
                        .map(|name| name.as_str().unwrap().to_owned()),
                );
                map.values().for_each(|value| includes(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| includes(value, found)),
            _ => {}
        }
    }
    let grammar = read("syntaxes/agentos-policy.tmLanguage.json");
    let mut found = Vec::new();
    includes(&grammar, &mut found);
    for name in found {
        let name = name.strip_prefix('#').unwrap();
        assert!(grammar["repository"].get(name).is_some(), "{name}");
    }
}

#[test]
fn the_extension_is_of_this_version_and_names_files_that_are_there() {
    let package = read("package.json");
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(package["repository"]["url"], env!("CARGO_PKG_REPOSITORY"));
    let language = &package["contributes"]["languages"][0];
    assert_eq!(language["extensions"][0], ".policy");
    read(language["configuration"].as_str().unwrap());
    let grammar = &package["contributes"]["grammars"][0];
    assert_eq!(grammar["language"], language["id"]);
    let path = grammar["path"].as_str().unwrap();
    assert_eq!(read(path)["scopeName"], grammar["scopeName"]);
}
