//! Lines of a printed file, with the comments of its parts around them.

use crate::print::comments::{Comments, Line, Part};

/// What is printed so far.
pub(super) struct Page<'c, 's> {
    comments: &'c Comments<'s>,
    /// What begins a comment: `//`, `#`.
    marker: &'static str,
    /// How far one level is indented.
    step: usize,
    /// How many levels deep the next line stands.
    pub(super) depth: usize,
    text: String,
}

impl<'c, 's> Page<'c, 's> {
    pub(super) fn new(
        comments: &'c Comments<'s>,
        marker: &'static str,
        step: usize,
    ) -> Page<'c, 's> {
        Page {
            comments,
            marker,
            step,
            depth: 0,
            text: String::new(),
        }
    }

    /// The text of all lines.
    pub(super) fn finish(self) -> String {
        self.text
    }

    pub(super) fn comments(&self) -> &'c Comments<'s> {
        self.comments
    }

    /// The columns before the next line.
    pub(super) fn indent(&self) -> usize {
        self.depth * self.step
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    pub(super) fn line(&mut self, text: &str) {
        self.text.extend(std::iter::repeat_n(' ', self.indent()));
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// Lines of comments.
    pub(super) fn remarks(&mut self, lines: &[Line]) {
        for (i, line) in lines.iter().enumerate() {
            self.line(format!("{} {}", self.marker, line.text).trim_end());
            if line.apart && i + 1 < lines.len() {
                self.blank();
            }
        }
    }

    /// The comments above `part`.
    pub(super) fn before(&mut self, part: Part) {
        let lines = self.comments.before(part);
        self.remarks(lines);
        if lines.last().is_some_and(|line| line.apart) {
            self.blank();
        }
    }

    /// The comment at the end of the line just written, which ends `part`.
    pub(super) fn beside(&mut self, part: Part) {
        if let Some(said) = self.comments.beside(part) {
            let comment = format!(" {} {said}", self.marker);
            if self.text.ends_with('\n') {
                self.text.pop();
            }
            self.text.push_str(comment.trim_end());
            self.text.push('\n');
        }
    }

    /// A part of one line, with its comments.
    pub(super) fn part(&mut self, part: Part, text: &str) {
        self.before(part);
        self.line(text);
        self.beside(part);
    }
}
