//! A character in, what making letters plain does to it out, as far as it can
//! be told without the text.
//!
//! Most texts, of any script, are made of characters that stay in every view,
//! and a look at a table a character tells so.

use unicode_normalization::{IsNormalized, char::canonical_combining_class, is_nfkc_quick};

use super::{
    letters::{fold, goes_on, is_invisible, is_mark_to_drop, is_own},
    look_alikes,
};
use crate::pages::Pages;

/// What is known of a character.
#[derive(Clone, Copy)]
pub(super) struct Class(u32);

impl Class {
    /// It is its own form.
    const COMPOSED: u32 = 1;
    /// It is its own form, and looks like no ASCII.
    const PLAIN: u32 = 1 << 1;
    /// It goes with the character before it.
    const GOES_ON: u32 = 1 << 2;
    /// A mark that has its place among others.
    const PLACED: u32 = 1 << 3;
    /// It shows nothing.
    const INVISIBLE: u32 = 1 << 4;
    /// It is beyond ASCII.
    const FOREIGN: u32 = 1 << 5;
    /// From here on: one more than its row among the look-alikes; else 0.
    const ROW: u32 = 6;

    /// There is no character.
    pub(super) const NONE: Class = Class(0);

    /// That of a character.
    #[inline]
    pub(super) fn of(letter: char) -> Class {
        static CLASSES: Pages<Class> = Pages::new();
        CLASSES.get(letter, Class::tell)
    }

    fn tell(letter: char) -> Class {
        let flag = |flag: u32, is_set: bool| if is_set { flag } else { 0 };
        let is_invisible = is_invisible(letter);
        let is_composed = !is_invisible && is_nfkc_quick([letter].into_iter()) == IsNormalized::Yes;
        let is_shown = !is_invisible && (is_own(letter) || is_composed);
        let goes_on = goes_on(letter);
        let row = look_alikes::row(letter);
        let is_plain =
            is_shown && row.is_none() && fold(letter).is_none() && !is_mark_to_drop(letter);
        let like = row.filter(|_| is_shown && !goes_on && fold(letter).is_none());
        Class(
            flag(Class::COMPOSED, is_composed)
                | flag(Class::PLAIN, is_plain)
                | flag(Class::GOES_ON, goes_on)
                | flag(Class::PLACED, canonical_combining_class(letter) != 0)
                | flag(Class::INVISIBLE, is_invisible)
                | flag(Class::FOREIGN, !letter.is_ascii())
                | like.map_or(0, |row| row as u32 + 1) << Class::ROW,
        )
    }

    const fn is(self, flag: u32) -> bool {
        self.0 & flag != 0
    }

    /// Whether it stays when letters are composed, behind one that stays.
    #[inline]
    pub(super) const fn stays_composed(self, before: Class) -> bool {
        self.is(Class::COMPOSED) && !(self.is(Class::PLACED) && before.is(Class::PLACED))
    }

    /// Whether it stays when letters become ASCII, behind one that stays: marks
    /// of ASCII do not.
    #[inline]
    pub(super) const fn stays_plain(self, before: Class) -> bool {
        self.is(Class::PLAIN) && (before.is(Class::FOREIGN) || !self.is(Class::GOES_ON))
    }

    #[inline]
    pub(super) const fn goes_on(self) -> bool {
        self.is(Class::GOES_ON)
    }

    #[inline]
    pub(super) const fn is_invisible(self) -> bool {
        self.is(Class::INVISIBLE)
    }

    /// The ASCII it is shown as where nothing goes on behind it.
    #[inline]
    pub(super) fn like(self) -> Option<&'static str> {
        look_alikes::at((self.0 >> Class::ROW).checked_sub(1)? as usize)
    }
}
