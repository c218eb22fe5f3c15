//! Expressions in, what Vectorscan finds of them in a text out: its C interface.
//!
//! It is there where the build script found the library (`libvectorscan-dev`
//! on Debian); elsewhere [`Vectorscan::new`] says so, and nothing else is.
#![allow(unsafe_code, reason = "a library in C")]

use crate::finders::Finder;

/// Why there is none.
pub const ABSENT: &str = "Vectorscan is skipped: the library was not there when this was built \
                          (on Debian, install `libvectorscan-dev` and touch `benches/build.rs`).";

#[cfg(not(vectorscan))]
mod library {
    use std::convert::Infallible;

    /// There is none.
    pub(super) struct Database(Infallible);

    impl Database {
        pub(super) fn scan(&mut self, _: &[u8], _: &mut [u64]) {
            match self.0 {}
        }

        pub(super) fn bytes(&self) -> usize {
            match self.0 {}
        }
    }

    pub(super) const fn open(_: &[String]) -> Option<Database> {
        None
    }

    pub(super) const fn version() -> Option<String> {
        None
    }
}

#[cfg(vectorscan)]
mod library {
    use std::{
        ffi::{CStr, CString, c_char, c_int, c_uint, c_ulonglong, c_void},
        ptr::{self, NonNull},
    };

    use crate::finders::set;

    /// What every call that did what it should answers.
    const SUCCESS: c_int = 0;
    /// Letters in any case.
    const CASELESS: c_uint = 1;
    /// Each pattern is told at most once.
    const SINGLEMATCH: c_uint = 8;
    /// A text in one piece.
    const MODE_BLOCK: c_uint = 1;

    /// `hs_compile_error_t`.
    #[repr(C)]
    struct CompileError {
        message: *const c_char,
        expression: c_int,
    }

    /// `match_event_handler`.
    type OnMatch =
        unsafe extern "C" fn(c_uint, c_ulonglong, c_ulonglong, c_uint, *mut c_void) -> c_int;

    unsafe extern "C" {
        fn hs_version() -> *const c_char;
        fn hs_compile_multi(
            expressions: *const *const c_char,
            flags: *const c_uint,
            ids: *const c_uint,
            elements: c_uint,
            mode: c_uint,
            platform: *const c_void,
            database: *mut *mut c_void,
            error: *mut *mut CompileError,
        ) -> c_int;
        fn hs_free_compile_error(error: *mut CompileError) -> c_int;
        fn hs_alloc_scratch(database: *const c_void, scratch: *mut *mut c_void) -> c_int;
        fn hs_free_scratch(scratch: *mut c_void) -> c_int;
        fn hs_free_database(database: *mut c_void) -> c_int;
        fn hs_database_size(database: *const c_void, bytes: *mut usize) -> c_int;
        fn hs_scan(
            database: *const c_void,
            data: *const c_char,
            length: c_uint,
            flags: c_uint,
            scratch: *mut c_void,
            on_match: Option<OnMatch>,
            context: *mut c_void,
        ) -> c_int;
    }

    /// Compiled expressions, and the memory that a scan needs.
    ///
    /// Both were made by the library, belong to nobody else and live until this
    /// is dropped.
    pub(super) struct Database {
        database: NonNull<c_void>,
        scratch: NonNull<c_void>,
    }

    impl Database {
        /// # Panics
        ///
        /// When the library does not take an expression.
        fn new(expressions: &[String]) -> Database {
            let texts: Vec<CString> = expressions
                .iter()
                .map(|text| CString::new(text.as_str()).expect("no expression has a zero"))
                .collect();
            let pointers: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
            let flags = vec![CASELESS | SINGLEMATCH; texts.len()];
            let ids: Vec<c_uint> = (0..).take(texts.len()).collect();
            let (mut database, mut error) = (ptr::null_mut(), ptr::null_mut());
            // SAFETY: the three arrays have as many elements as is said, all
            // texts end with a zero, and all outlive the call, which keeps none
            // of them. No platform means this one.
            let status = unsafe {
                hs_compile_multi(
                    pointers.as_ptr(),
                    flags.as_ptr(),
                    ids.as_ptr(),
                    texts.len() as c_uint,
                    MODE_BLOCK,
                    ptr::null(),
                    &raw mut database,
                    &raw mut error,
                )
            };
            if status != SUCCESS {
                // SAFETY: a call that fails sets the error to one that is ours to
                // free, and whose message ends with a zero.
                let message = unsafe {
                    let message = CStr::from_ptr((*error).message).to_string_lossy();
                    let which = usize::try_from((*error).expression).ok();
                    let which = which.and_then(|which| expressions.get(which));
                    let message = format!("{message}: {which:?}");
                    hs_free_compile_error(error);
                    message
                };
                panic!("Vectorscan takes these expressions: {message}");
            }
            let mut scratch = ptr::null_mut();
            // SAFETY: the database was just made; no scratch yet means a new one.
            let status = unsafe { hs_alloc_scratch(database, &raw mut scratch) };
            assert_eq!(status, SUCCESS, "there is memory to scan with");
            Database {
                database: NonNull::new(database).expect("a call that succeeds sets it"),
                scratch: NonNull::new(scratch).expect("a call that succeeds sets it"),
            }
        }

        pub(super) fn scan(&mut self, text: &[u8], found: &mut [u64]) {
            let mut found = found;
            // SAFETY: database and scratch belong together and are used by this
            // call only, since it has `self` alone; the text is as long as is
            // said; `on_match` gets the context as the reference that it takes it
            // for, and is not called after this call returns.
            let status = unsafe {
                hs_scan(
                    self.database.as_ptr(),
                    text.as_ptr().cast(),
                    c_uint::try_from(text.len()).expect("texts are short"),
                    0,
                    self.scratch.as_ptr(),
                    Some(on_match),
                    (&raw mut found).cast(),
                )
            };
            assert_eq!(status, SUCCESS, "a scan does not fail");
        }

        pub(super) fn bytes(&self) -> usize {
            let mut bytes = 0;
            // SAFETY: the database lives as long as `self`.
            let status = unsafe { hs_database_size(self.database.as_ptr(), &raw mut bytes) };
            assert_eq!(status, SUCCESS, "a database has a size");
            bytes
        }
    }

    impl Drop for Database {
        fn drop(&mut self) {
            // SAFETY: both are ours and not used after this.
            unsafe {
                hs_free_scratch(self.scratch.as_ptr());
                hs_free_database(self.database.as_ptr());
            }
        }
    }

    /// Sets the bit of the pattern that was found. A panic in here aborts.
    ///
    /// # Safety
    ///
    /// The context is a `&mut [u64]` that nobody else uses.
    unsafe extern "C" fn on_match(
        id: c_uint,
        _from: c_ulonglong,
        _to: c_ulonglong,
        _flags: c_uint,
        context: *mut c_void,
    ) -> c_int {
        // SAFETY: the caller says so.
        let found = unsafe { &mut *context.cast::<&mut [u64]>() };
        set(found, id as usize);
        0
    }

    #[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
    pub(super) fn open(expressions: &[String]) -> Option<Database> {
        Some(Database::new(expressions))
    }

    pub(super) fn version() -> Option<String> {
        // SAFETY: it answers a text that is there for good and ends with a zero.
        let version = unsafe { CStr::from_ptr(hs_version()) };
        // What follows is when it was built.
        let version = version.to_string_lossy();
        version.split_whitespace().next().map(str::to_owned)
    }
}

/// Expressions in one database, searched for in blocks, in any case of ASCII,
/// each told once.
pub struct Vectorscan {
    database: library::Database,
    inexact: Vec<usize>,
}

impl Vectorscan {
    /// Of expressions, the `inexact` ones cut down to what it can look for; none
    /// where the library is not there.
    ///
    /// # Panics
    ///
    /// When it does not take one of them.
    pub fn new(expressions: &[String], inexact: Vec<usize>) -> Option<Vectorscan> {
        let database = library::open(expressions)?;
        Some(Vectorscan { database, inexact })
    }
}

/// The version of the library, where it is there.
pub fn version() -> Option<String> {
    library::version()
}

impl Finder for Vectorscan {
    fn name(&self) -> &'static str {
        "Vectorscan"
    }

    fn find(&mut self, text: &str, found: &mut [u64]) {
        self.database.scan(text.as_bytes(), found);
    }

    fn bytes(&self) -> Option<usize> {
        Some(self.database.bytes())
    }

    fn inexact(&self) -> &[usize] {
        &self.inexact
    }

    fn is_bytewise(&self) -> bool {
        true
    }
}

#[cfg(all(test, vectorscan))]
mod tests {
    use super::*;

    #[test]
    fn it_finds_each_pattern_by_its_number() {
        let expressions = [r"\bsudo\b", "never", r"rm\s+-rf"].map(str::to_owned);
        let mut vectorscan = Vectorscan::new(&expressions, Vec::new()).unwrap();
        let mut found = [0];
        vectorscan.find("SUDO rm  -rf / && sudo true", &mut found);
        assert_eq!(found, [0b101]);
    }
}
