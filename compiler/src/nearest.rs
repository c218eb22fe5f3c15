//! A word and the words there are, in; the one that was likely meant, out.

/// A longer word than this is nobody's slip, and comparing it would be dear.
const LONGEST_SLIP: usize = 64;

/// The candidate that `word` was most likely meant to be, if any is close; of
/// two that are equally close the first by name, whatever order they come in.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST_SLIP {
        return None;
    }
    let folded = word.to_lowercase();
    let allowed = (folded.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&folded, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// "did you mean `x`?", or nothing.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, candidates).map(|near| format!("did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        assert_eq!(
            nearest("baselnie", ["strict", "baseline"]),
            Some("baseline")
        );
        assert_eq!(nearest("Secrets", ["secrets"]), Some("secrets"));
        assert_eq!(nearest("zebra", ["strict", "baseline"]), None);
    }

    #[test]
    fn a_word_of_a_megabyte_costs_nothing() {
        assert_eq!(nearest(&"strict".repeat(200_000), ["strict"]), None);
    }
}
