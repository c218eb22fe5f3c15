//! A word nobody knows in, the known word most like it out.

/// The known word that is most like `word`; `None` where none is like it.
pub(crate) fn nearest<'n>(word: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    // Longer words are no slips of anybody's fingers, and comparing them takes long.
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let close = word.chars().count().max(3) / 3;
    known
        .into_iter()
        .filter(|name| name.len() <= LONGEST)
        .map(|name| {
            (
                strsim::damerau_levenshtein(&word.to_lowercase(), &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, _)| *distance <= close)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let known = ["policies", "params", "stage"];
        assert_eq!(nearest("polices", known), Some("policies"));
        assert_eq!(nearest("Parmas", known), Some("params"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest(&"p".repeat(100), known), None);
    }
}
