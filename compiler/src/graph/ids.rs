//! Names in, ids of nodes out: letters and digits, no two alike.
//!
//! An id is made of the name it stands for, so that a rule more in a policy
//! leaves the lines of the others as they are.

use std::collections::HashSet;

/// The most letters that an id takes from one name.
const LONGEST_SLUG: usize = 24;

/// The ids that were given.
#[derive(Default)]
pub(super) struct Ids {
    given: HashSet<String>,
}

impl Ids {
    /// The id of what is called `names`, of a kind that has this letter: no id is
    /// then a word of Mermaid.
    pub(super) fn give(&mut self, kind: char, names: &[&str]) -> String {
        let mut id = String::from(kind);
        for name in names {
            id.push('_');
            id.push_str(&slug(name));
        }
        if self.given.insert(id.clone()) {
            return id;
        }
        let numbered = (2u64..).map(|number| format!("{id}_n{number}"));
        let free = numbered
            .into_iter()
            .find(|id| self.given.insert(id.clone()));
        free.expect("there are more numbers than ids")
    }
}

fn slug(name: &str) -> String {
    let letters = name.chars().map(|c| match c {
        '*' => 'X',
        c if c.is_ascii_alphanumeric() => c,
        _ => '_',
    });
    letters.take(LONGEST_SLUG).collect()
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn names_that_look_alike_get_ids_that_do_not() {
        let mut ids = Ids::default();
        assert_eq!(ids.give('r', &["mail", "no-secrets"]), "r_mail_no_secrets");
        assert_eq!(
            ids.give('r', &["mail", "no.secrets"]),
            "r_mail_no_secrets_n2"
        );
        assert_eq!(
            ids.give('r', &["mail", "no_secrets_n2"]),
            "r_mail_no_secrets_n2_n2"
        );
        assert_eq!(ids.give('a', &["end"]), "a_end");
        assert_eq!(ids.give('a', &["*"]), "a_X");
        assert_eq!(ids.give('a', &[""]), "a_");
    }
}
