//! A text in, the known prefixes that it starts with out.

/// Prefixes, each with something that goes with it.
pub(crate) struct Prefixes<T> {
    /// By rising prefix.
    entries: Box<[Entry<T>]>,
}

struct Entry<T> {
    prefix: Box<str>,
    /// The longest other prefix that this one starts with.
    parent: Option<u32>,
    with: T,
}

impl<T> Prefixes<T> {
    /// Of different prefixes.
    pub(crate) fn new(with: impl IntoIterator<Item = (Box<str>, T)>) -> Prefixes<T> {
        let mut entries: Vec<Entry<T>> = with
            .into_iter()
            .map(|(prefix, with)| Entry {
                prefix,
                parent: None,
                with,
            })
            .collect();
        entries.sort_unstable_by(|a, b| a.prefix.cmp(&b.prefix));
        // The prefixes that the one before starts with, shortest first, and it.
        let mut open: Vec<(u32, Box<str>)> = Vec::new();
        for (at, entry) in entries.iter_mut().enumerate() {
            while open
                .last()
                .is_some_and(|(_, prefix)| !entry.prefix.starts_with(&**prefix))
            {
                open.pop();
            }
            entry.parent = open.last().map(|(parent, _)| *parent);
            open.push((at as u32, entry.prefix.clone()));
        }
        Prefixes {
            entries: entries.into(),
        }
    }

    /// What goes with each prefix of a text, longest first.
    pub(crate) fn of<'p>(&'p self, text: &str) -> impl Iterator<Item = &'p T> {
        // All prefixes of a text sort before it, and the last entry that does
        // starts with all of them.
        let after = self.entries.partition_point(|entry| *entry.prefix <= *text);
        let mut next = after.checked_sub(1).and_then(|last| self.entries.get(last));
        while next.is_some_and(|entry| !text.starts_with(&*entry.prefix)) {
            next = next.and_then(|entry| self.parent(entry));
        }
        std::iter::successors(next, |entry| self.parent(entry)).map(|entry| &entry.with)
    }

    fn parent(&self, entry: &Entry<T>) -> Option<&Entry<T>> {
        entry
            .parent
            .and_then(|parent| self.entries.get(parent as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_prefixes_of_a_text_are_found_longest_first() {
        let words = ["", "a", "ab", "abc", "abd", "b", "ba", "é"];
        let prefixes = Prefixes::new(words.map(|word| (Box::from(word), word)));
        for text in [
            "", "a", "ab", "abb", "abcd", "abd", "abe", "b", "bz", "c", "éa", "zzz",
        ] {
            let mut expected: Vec<&str> = words
                .into_iter()
                .filter(|word| text.starts_with(word))
                .collect();
            expected.reverse();
            assert_eq!(
                prefixes.of(text).copied().collect::<Vec<_>>(),
                expected,
                "{text}"
            );
        }
        assert_eq!(Prefixes::<()>::new([]).of("a").count(), 0);
    }
}
