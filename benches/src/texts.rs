//! Texts that patterns are searched for in: lines that people and programs write in, texts of one length out.
//!
//! They are the same in every run.

use fastrand::Rng;

/// Prose, code, markup, JSON and log lines without a signal of an intent.
const BENIGN: &str = include_str!("../data/benign.txt");

/// Lines with signals of intents.
const HITS: &str = include_str!("../data/hits.txt");

/// Lines with the weak signals that ordinary lines have: verbs of reading and writing.
const EVERYDAY: &str = include_str!("../data/everyday.txt");

/// Lines in scripts other than Latin, mostly.
const MULTILINGUAL: &str = include_str!("../data/multilingual.txt");

/// How long a text of eight kilobytes is.
pub const EIGHT_KB: usize = 8 << 10;

/// A text with a name.
#[derive(Clone, Debug)]
pub struct Text {
    /// What it is.
    pub name: &'static str,
    /// The text itself.
    pub text: String,
}

/// What [`benign`] is called at eight kilobytes: others are compared with it.
pub const BENIGN_NAME: &str = "8 KB, benign";

/// Texts as they come.
pub fn ordinary() -> Vec<Text> {
    let text = |name, text| Text { name, text };
    vec![
        text("200 bytes, benign", benign(200)),
        text("200 bytes, hits", cut(HITS, 200).to_owned()),
        text(BENIGN_NAME, benign(EIGHT_KB)),
        text("8 KB, everyday", with(EVERYDAY, 6)),
        text("8 KB, hits", with(HITS, 12)),
        text("8 KB, not ASCII", shuffled(MULTILINGUAL, EIGHT_KB)),
        text("1 MB, benign", shuffled(BENIGN, 1 << 20)),
    ]
}

/// Texts of eight kilobytes that were made to take long.
pub fn adversarial() -> Vec<Text> {
    let text = |name, part: &str| Text {
        name,
        text: cut(&part.repeat(EIGHT_KB), EIGHT_KB).to_owned(),
    };
    let mut blanks = "exec".to_owned();
    blanks.push_str(&" ".repeat(EIGHT_KB - blanks.len()));
    vec![
        text("`select ` repeated", "select "),
        text("`send ` repeated", "send "),
        text("`delete from ` repeated", "delete from "),
        text("`copy to ` repeated", "copy to "),
        text("`exec    (` repeated", "exec    ("),
        Text {
            name: "`exec` and blanks",
            text: blanks,
        },
        text("`s` repeated", "s"),
    ]
}

/// The first bytes of the benign lines, as they stand, or of all again and again
/// in an order drawn anew.
fn benign(length: usize) -> String {
    match BENIGN.get(..length) {
        Some(text) => text.to_owned(),
        None => shuffled(BENIGN, length),
    }
}

/// Eight kilobytes of benign lines among which these lines stand, one after
/// `every` of them.
pub fn with(lines: &str, every: usize) -> String {
    let mut lines = lines.lines().cycle();
    let mut text = String::new();
    for (at, line) in BENIGN.lines().cycle().enumerate() {
        if at % every == every - 1
            && let Some(line) = lines.next()
        {
            text.push_str(line);
            text.push('\n');
        }
        text.push_str(line);
        text.push('\n');
        if text.len() >= EIGHT_KB {
            break;
        }
    }
    cut(&text, EIGHT_KB).to_owned()
}

/// These lines in one drawn order after another, until the text is so long.
fn shuffled(lines: &str, length: usize) -> String {
    let mut random = Rng::with_seed(1);
    let mut lines: Vec<&str> = lines.lines().collect();
    let mut text = String::with_capacity(length + length / 8);
    while text.len() < length {
        random.shuffle(&mut lines);
        for line in &lines {
            text.push_str(line);
            text.push('\n');
        }
    }
    cut(&text, length).to_owned()
}

/// The longest start of a text that has at most so many bytes.
fn cut(text: &str, length: usize) -> &str {
    &text[..text.floor_char_boundary(length)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_as_long_as_its_name_says() {
        let lengths: Vec<usize> = ordinary().iter().map(|text| text.text.len()).collect();
        assert_eq!(lengths[..5], [200, 200, EIGHT_KB, EIGHT_KB, EIGHT_KB]);
        // A letter is not cut in two.
        assert!((EIGHT_KB - 3..=EIGHT_KB).contains(&lengths[5]));
        assert_eq!(lengths[6], 1 << 20);
        for text in adversarial() {
            assert_eq!(text.text.len(), EIGHT_KB, "{}", text.name);
        }
    }

    #[test]
    fn no_line_comes_twice_in_eight_benign_kilobytes() {
        assert!(BENIGN.len() >= EIGHT_KB);
    }

    #[test]
    fn the_text_that_is_not_ascii_is_mostly_so() {
        let text = &ordinary()[5].text;
        let beyond = text.bytes().filter(|byte| !byte.is_ascii()).count();
        assert!(beyond * 3 > text.len() * 2, "{beyond} of {}", text.len());
    }
}
