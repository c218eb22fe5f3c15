//! Sets of characters as Python's `re` has them: `\w`, `\d`, `\s`, and letters in any case.
//!
//! Everything that the `regex` crate reads differently is settled here, in
//! plain sets: Python's `\w` has no combining marks but all numbers, its `\s`
//! has the four separators below the space, and its `i` is also the Turkish
//! `İ` and `ı`.

use std::sync::{Arc, LazyLock, OnceLock};

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// A set of characters; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Set(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    class: ClassUnicode,
    /// Whether simple folding adds nothing, once somebody has asked.
    folded: OnceLock<bool>,
}

impl PartialEq for Set {
    fn eq(&self, other: &Set) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.class == other.0.class
    }
}

impl Eq for Set {}

/// Letters that Python takes for each other and Unicode's simple folding does not.
const TURKISH: [char; 4] = ['I', 'i', '\u{130}', '\u{131}'];

impl Set {
    fn new(class: ClassUnicode) -> Set {
        Set(Arc::new(Inner {
            class,
            folded: OnceLock::new(),
        }))
    }

    pub(super) fn none() -> Set {
        Set::new(ClassUnicode::empty())
    }

    pub(super) fn all() -> Set {
        Set::range('\0', char::MAX)
    }

    pub(super) fn one(c: char) -> Set {
        Set::range(c, c)
    }

    pub(super) fn range(start: char, end: char) -> Set {
        Set::ranges([(start, end)])
    }

    pub(super) fn ranges(ranges: impl IntoIterator<Item = (char, char)>) -> Set {
        Set::new(ClassUnicode::new(
            ranges
                .into_iter()
                .map(|(start, end)| ClassUnicodeRange::new(start, end)),
        ))
    }

    /// The characters of a range of code points; surrogates are none.
    pub(super) fn codes(start: u32, end: u32) -> Set {
        let below =
            char::from_u32(start).map(|c| (c, char::from_u32(end).unwrap_or('\u{D7FF}').max(c)));
        let from = char::from_u32(start).unwrap_or('\u{E000}');
        let above = char::from_u32(end)
            .filter(|&to| from <= to)
            .map(|to| (from, to));
        match (below, above) {
            (_, Some(range)) | (Some(range), None) => Set::ranges([range]),
            (None, None) => Set::none(),
        }
    }

    /// `\w`: letters, numbers, `_`.
    pub(super) fn word(ascii: bool) -> &'static Set {
        static WORD: LazyLock<Set> = LazyLock::new(|| Set::written(r"[\pL\pN_]"));
        static ASCII: LazyLock<Set> = LazyLock::new(|| Set::written("[0-9A-Za-z_]"));
        if ascii { &ASCII } else { &WORD }
    }

    /// `\W`
    pub(super) fn not_word(ascii: bool) -> &'static Set {
        static NOT_WORD: LazyLock<Set> = LazyLock::new(|| Set::word(false).not());
        static ASCII: LazyLock<Set> = LazyLock::new(|| Set::word(true).not());
        if ascii { &ASCII } else { &NOT_WORD }
    }

    /// `\d`: decimal digits.
    pub(super) fn digit(ascii: bool) -> &'static Set {
        static DIGIT: LazyLock<Set> = LazyLock::new(|| Set::written(r"\p{Nd}"));
        static ASCII: LazyLock<Set> = LazyLock::new(|| Set::written("[0-9]"));
        if ascii { &ASCII } else { &DIGIT }
    }

    /// `\s`: white space, and the four separators `\x1c` to `\x1f`.
    pub(super) fn space(ascii: bool) -> &'static Set {
        static SPACE: LazyLock<Set> = LazyLock::new(|| Set::written(r"[\p{White_Space}\x1c-\x1f]"));
        static ASCII: LazyLock<Set> = LazyLock::new(|| Set::written(r"[ \t\n\r\x0b\x0c]"));
        if ascii { &ASCII } else { &SPACE }
    }

    fn written(class: &str) -> Set {
        let hir = regex_syntax::parse(class).expect("the classes above are well-formed");
        match hir.into_kind() {
            HirKind::Class(Class::Unicode(class)) => Set::new(class),
            other => unreachable!("`{class}` is a class of characters, not {other:?}"),
        }
    }

    pub(super) fn union(&self, other: &Set) -> Set {
        let mut class = self.0.class.clone();
        class.union(&other.0.class);
        Set::new(class)
    }

    /// The union of many; cheaper than one after the other.
    pub(super) fn union_of(sets: impl IntoIterator<Item = Set>) -> Set {
        Set::new(ClassUnicode::new(
            sets.into_iter()
                .flat_map(|set| set.0.class.ranges().to_vec()),
        ))
    }

    pub(super) fn and(&self, other: &Set) -> Set {
        if self.is_all() {
            return other.clone();
        }
        if other.is_all() {
            return self.clone();
        }
        let mut class = self.0.class.clone();
        class.intersect(&other.0.class);
        Set::new(class)
    }

    pub(super) fn minus(&self, other: &Set) -> Set {
        let mut class = self.0.class.clone();
        class.difference(&other.0.class);
        Set::new(class)
    }

    pub(super) fn not(&self) -> Set {
        let mut class = self.0.class.clone();
        class.negate();
        Set(Arc::new(Inner {
            class,
            folded: self.0.folded.clone(),
        }))
    }

    /// With every letter that Python takes for one of these when it ignores case.
    pub(super) fn in_any_case(&self, ascii: bool) -> Set {
        if ascii {
            let letters = self.and(&Set::ranges([('A', 'Z'), ('a', 'z')]));
            let turned = letters.pairs().map(|(from, to)| {
                let turn = |c: char| {
                    if c.is_ascii_uppercase() {
                        c.to_ascii_lowercase()
                    } else {
                        c.to_ascii_uppercase()
                    }
                };
                // No range has letters of both cases: the punctuation between them is not in it.
                (turn(from), turn(to))
            });
            return self.union(&Set::ranges(turned));
        }
        let folded = self.simply_folded();
        if TURKISH.iter().any(|&c| folded.contains(c)) {
            folded.union(&Set::ranges(TURKISH.map(|c| (c, c))))
        } else {
            folded
        }
    }

    /// With every letter that the `regex` crate takes for one of these under `(?i)`.
    pub(super) fn simply_folded(&self) -> Set {
        static CASED: LazyLock<Set> = LazyLock::new(|| {
            Set::written(r"[\p{Changes_When_Casemapped}\p{Changes_When_Casefolded}]")
        });
        // Folding visits every character: the few with cases are enough.
        const FEW: usize = 100;
        let few = self.chars(FEW).is_some();
        let mut cased = if few {
            self.0.class.clone()
        } else {
            self.and(&CASED).0.class.clone()
        };
        cased.case_fold_simple();
        self.union(&Set::new(cased))
    }

    /// Whether `(?i)` would not widen it.
    pub(super) fn is_folded(&self) -> bool {
        *self.0.folded.get_or_init(|| self.simply_folded() == *self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.class.ranges().is_empty()
    }

    pub(super) fn is_all(&self) -> bool {
        self.0
            .class
            .ranges()
            .first()
            .is_some_and(|range| range.start() == '\0' && range.end() == char::MAX)
    }

    pub(super) fn contains(&self, c: char) -> bool {
        self.covering(c).is_some_and(|range| range.start() <= c)
    }

    pub(super) fn is_subset(&self, other: &Set) -> bool {
        self.pairs().all(|(start, end)| {
            other
                .covering(start)
                .is_some_and(|range| range.start() <= start && end <= range.end())
        })
    }

    pub(super) fn meets(&self, other: &Set) -> bool {
        self.pairs().any(|(start, end)| {
            other
                .covering(start)
                .is_some_and(|range| range.start() <= end)
        })
    }

    /// The first range that ends at `c` or later.
    fn covering(&self, c: char) -> Option<&ClassUnicodeRange> {
        let ranges = self.0.class.ranges();
        ranges.get(ranges.partition_point(|range| range.end() < c))
    }

    /// Its ranges, by rising start.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (char, char)> {
        self.0
            .class
            .ranges()
            .iter()
            .map(|range| (range.start(), range.end()))
    }

    /// How many ranges it has.
    pub(super) fn len(&self) -> usize {
        self.0.class.ranges().len()
    }

    /// Its characters, when they are few.
    pub(super) fn chars(&self, at_most: usize) -> Option<Vec<char>> {
        let mut chars = Vec::new();
        for (start, end) in self.pairs() {
            for c in start..=end {
                if chars.len() == at_most {
                    return None;
                }
                chars.push(c);
            }
        }
        Some(chars)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_meets_its_other_case_and_the_turkish_ones() {
        assert_eq!(
            Set::one('d').in_any_case(false),
            Set::ranges([('D', 'D'), ('d', 'd')])
        );
        assert_eq!(
            Set::one('k').in_any_case(false).chars(9).unwrap(),
            ['K', 'k', '\u{212A}']
        );
        for c in TURKISH {
            assert_eq!(Set::one(c).in_any_case(false).chars(9).unwrap(), TURKISH);
        }
        assert_eq!(
            Set::one('i').in_any_case(true).chars(9).unwrap(),
            ['I', 'i']
        );
        assert_eq!(
            Set::range('Z', 'b').in_any_case(true),
            Set::ranges([('A', 'B'), ('Z', 'b'), ('z', 'z')])
        );
    }

    #[test]
    fn what_has_no_cases_folds_to_itself() {
        let cased = Set::written(r"[\p{Changes_When_Casemapped}\p{Changes_When_Casefolded}]");
        let caseless = cased.not();
        let mut folded = caseless.0.class.clone();
        folded.case_fold_simple();
        assert_eq!(caseless, Set::new(folded));
    }

    #[test]
    fn marks_are_no_part_of_words_and_numbers_are() {
        let word = Set::word(false);
        assert!("a_9é²½Ⅷ".chars().all(|c| word.contains(c)));
        assert!(
            "\u{301}\u{200D}\u{203F}Ⓐ -"
                .chars()
                .all(|c| !word.contains(c))
        );
        assert!(
            "\u{1c}\u{1f}\u{85}\u{3000}"
                .chars()
                .all(|c| Set::space(false).contains(c))
        );
    }

    #[test]
    fn code_points_lose_their_surrogates() {
        assert_eq!(Set::codes(0xD800, 0xDFFF), Set::none());
        assert_eq!(
            Set::codes(0xD7FF, 0xE000),
            Set::range('\u{D7FF}', '\u{E000}')
        );
        assert_eq!(Set::codes(0xD7FF, 0xD900), Set::one('\u{D7FF}'));
        assert_eq!(Set::codes(0xD900, 0xE000), Set::one('\u{E000}'));
        assert_eq!(Set::codes(0x41, 0x5A), Set::range('A', 'Z'));
    }

    #[test]
    fn set_questions_look_at_whole_ranges() {
        let set = Set::ranges([('b', 'd'), ('x', 'z')]);
        assert!(Set::range('b', 'c').is_subset(&set) && !Set::range('c', 'e').is_subset(&set));
        assert!(Set::range('a', 'b').meets(&set) && !Set::range('e', 'w').meets(&set));
        assert!(set.contains('x') && !set.contains('a') && !set.contains('e'));
        assert!(Set::none().not().is_all() && Set::none().is_subset(&set));
    }
}
