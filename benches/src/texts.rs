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

/// Texts of one kind and length, which are searched one after the other.
///
/// Where there is only one, a processor soon knows by heart what branches it
/// leads to. Where there are many it does not, as with texts that are new.
#[derive(Clone, Debug)]
pub struct Texts {
    /// What they are.
    pub name: &'static str,
    /// The texts themselves.
    pub texts: Vec<String>,
}

impl Texts {
    /// One text.
    pub fn one(name: &'static str, text: String) -> Texts {
        let texts = vec![text];
        Texts { name, texts }
    }

    /// What one text has on average, in bytes.
    pub fn mean_length(&self) -> f64 {
        let all: usize = self.texts.iter().map(String::len).sum();
        all as f64 / self.texts.len() as f64
    }
}

/// What [`benign`] is called at eight kilobytes: others are compared with it.
pub const BENIGN_NAME: &str = "8 KB, benign";

/// What so many of them are called.
pub const MANY_NAME: &str = "8 KB, benign, 100 texts";

/// Texts as they come.
pub fn ordinary() -> Vec<Texts> {
    let text = Texts::one;
    vec![
        text("200 bytes, benign", benign(200)),
        many("200 bytes, benign, 500 texts", 500, 200),
        text("200 bytes, hits", cut(HITS, 200).to_owned()),
        text(BENIGN_NAME, benign(EIGHT_KB)),
        many(MANY_NAME, 100, EIGHT_KB),
        text("8 KB, everyday", with(EVERYDAY, 6)),
        text("8 KB, hits", with(HITS, 12)),
        text("8 KB, not ASCII", shuffled(MULTILINGUAL, EIGHT_KB)),
        text("1 MB, benign", shuffled(BENIGN, 1 << 20)),
    ]
}

/// Texts of eight kilobytes that were made to take long.
pub fn adversarial() -> Vec<Texts> {
    let repeated = |name, part: &str| {
        let text = part.repeat(EIGHT_KB / part.len() + 1);
        Texts::one(name, cut(&text, EIGHT_KB).to_owned())
    };
    let blanks = format!("{:EIGHT_KB$}", "exec");
    vec![
        repeated("`select ` repeated", "select "),
        repeated("`send ` repeated", "send "),
        repeated("`delete from ` repeated", "delete from "),
        repeated("`copy to ` repeated", "copy to "),
        repeated("`exec    (` repeated", "exec    ("),
        Texts::one("`exec` and blanks", blanks),
        repeated("`s` repeated", "s"),
        repeated("`send`, a line each", "send\n"),
        repeated("`delete`, `from `, a line each", "delete\nfrom "),
        repeated("`select delete from ` repeated", "select delete from "),
        repeated("`wget`, `é`, `drop`, `eval(`", "wget\né\ndrop\neval(\n"),
    ]
}

/// So many texts of eight kilobytes, each of which repeats one to five words of
/// lines with signals, with what was drawn between them.
pub fn repeats(count: usize) -> Vec<String> {
    let mut random = Rng::with_seed(1);
    let words: Vec<&str> = HITS.split_whitespace().collect();
    let between = [" ", "\n", "  ", "\n ", ";", ""];
    let mut text = || {
        let mut part = String::new();
        for _ in 0..random.usize(1..=5) {
            part.push_str(words[random.usize(..words.len())]);
            part.push_str(between[random.usize(..between.len())]);
        }
        cut(&part.repeat(EIGHT_KB), EIGHT_KB).to_owned()
    };
    (0..count).map(|_| text()).collect()
}

/// So many different texts of benign lines.
fn many(name: &'static str, count: usize, length: usize) -> Texts {
    let all = shuffled(BENIGN, count * length);
    let texts = all.as_bytes().chunks(length);
    let texts = texts.map(|text| String::from_utf8(text.to_vec()).expect("they are ASCII"));
    Texts {
        name,
        texts: texts.collect(),
    }
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
        for texts in ordinary().iter().chain(&adversarial()) {
            let length = match texts.name {
                name if name.starts_with("200 bytes") => 200,
                name if name.starts_with("1 MB") => 1 << 20,
                _ => EIGHT_KB,
            };
            for text in &texts.texts {
                // A letter is not cut in two.
                assert!(
                    (length - 3..=length).contains(&text.len()),
                    "{}",
                    texts.name
                );
            }
        }
    }

    #[test]
    fn no_line_comes_twice_in_eight_benign_kilobytes() {
        assert!(BENIGN.len() >= EIGHT_KB);
    }

    #[test]
    fn the_text_that_is_not_ascii_is_mostly_so() {
        let text = shuffled(MULTILINGUAL, EIGHT_KB);
        let beyond = text.bytes().filter(|byte| !byte.is_ascii()).count();
        assert!(beyond * 3 > text.len() * 2, "{beyond} of {}", text.len());
    }
}
