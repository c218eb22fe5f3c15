//! The name of a log in, its lines in batches out.
//!
//! What a log is, its first bytes say: gzip, zstd, Parquet, else lines of JSON.
//! It is read in a stream; a batch is what is held of it.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use agentos_compiler::{finding::Unread, replay::MOST_GROUPS};
use flate2::bufread::MultiGzDecoder;

use crate::{input, output::Failure};

/// A batch ends after so many bytes…
const BATCH_BYTES: usize = 1 << 18;
/// … or so many lines.
const BATCH_LINES: usize = 1 << 12;
// A batch and the rows that a Parquet file adds at once have room for all their groups.
const _: () = assert!(2 * BATCH_LINES <= MOST_GROUPS);
const BUFFER_BYTES: usize = 1 << 16;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const PARQUET: &[u8] = b"PAR1";
/// Written before UTF-8 by some programs; it says nothing.
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Lines that follow each other in one log.
#[derive(Default)]
pub(super) struct Batch {
    /// Index of the log.
    pub log: usize,
    /// The number of its first line, from 1.
    pub first: u64,
    pub bytes: Vec<u8>,
    pub lines: Vec<Row>,
}

/// A line, or a row that becomes one.
pub(super) enum Row {
    /// Bytes of the batch.
    Line(Range<usize>),
    /// Why there is none.
    #[cfg_attr(
        not(feature = "parquet"),
        expect(dead_code, reason = "each line of a text is there")
    )]
    None(String),
}

impl Batch {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        // One long line does not keep its room for good.
        self.bytes.shrink_to(2 * BATCH_BYTES);
        self.lines.clear();
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= BATCH_BYTES || self.lines.len() >= BATCH_LINES
    }
}

/// The logs to be replayed, each once, in their order.
pub(super) struct Logs {
    paths: Vec<PathBuf>,
    /// How they are called.
    pub names: Vec<String>,
    /// Bytes of all of them; unknown where one is no file.
    pub bytes: Option<u64>,
}

impl Logs {
    /// Looks at all of them, so that one that is missing is told before work begins.
    pub(super) fn find(paths: &[PathBuf]) -> Result<Logs, Failure> {
        let mut logs = Logs {
            paths: Vec::new(),
            names: Vec::new(),
            bytes: Some(0),
        };
        let mut unread = Vec::new();
        let mut seen = HashSet::new();
        for path in paths {
            let place = path.canonicalize().unwrap_or_else(|_| path.clone());
            if !seen.insert(place) {
                continue;
            }
            // Whoever writes to a pipe has one reader: it is not opened to be looked at.
            let is_pipe = path
                .metadata()
                .is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
            let length = if is_standard_input(path) || is_pipe {
                None
            } else {
                match input::open(path) {
                    Ok(file) => file.metadata().ok().map(|metadata| metadata.len()),
                    Err(problem) => {
                        unread.push(problem);
                        continue;
                    }
                }
            };
            logs.bytes = logs.bytes.zip(length).map(|(all, one)| all + one);
            logs.names.push(if is_standard_input(path) {
                "-".to_owned()
            } else {
                input::name(path)
            });
            logs.paths.push(path.clone());
        }
        if unread.is_empty() {
            Ok(logs)
        } else {
            Err(Failure::Unread(unread))
        }
    }

    /// Hands the batches of all logs to `take`, which gives an empty one for each
    /// that is full, or nothing where nobody waits for more. `read` counts bytes.
    pub(super) fn read(
        &self,
        read: &Arc<AtomicU64>,
        mut batch: Batch,
        mut take: impl FnMut(Batch) -> Option<Batch>,
    ) -> Result<(), Failure> {
        for (log, path) in self.paths.iter().enumerate() {
            let name = &self.names[log];
            let failed = |message: String| {
                Failure::Unread(vec![Unread {
                    name: name.clone(),
                    message,
                }])
            };
            let mut reader =
                Reader::open(path, read).map_err(|problem| failed(problem.to_string()))?;
            let mut first = 1;
            loop {
                batch.clear();
                (batch.log, batch.first) = (log, first);
                if let Err(problem) = reader.fill(&mut batch) {
                    let lines = first - 1 + batch.lines.len() as u64;
                    return Err(failed(format!("{problem}, after line {lines}")));
                }
                if batch.lines.is_empty() {
                    break;
                }
                first += batch.lines.len() as u64;
                match take(batch) {
                    Some(empty) => batch = empty,
                    None => return Ok(()),
                }
            }
        }
        Ok(())
    }
}

fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// What a log is read with.
enum Reader {
    Lines(Box<dyn BufRead>),
    #[cfg(feature = "parquet")]
    Rows(Box<super::rows::Rows>),
}

impl Reader {
    fn open(path: &Path, read: &Arc<AtomicU64>) -> io::Result<Reader> {
        if is_standard_input(path) {
            return Reader::of(Box::new(io::stdin().lock()), None, read);
        }
        let file = File::open(path)?;
        let again = file.try_clone()?;
        let reader = Reader::of(Box::new(file), Some(again), read)?;
        let is_lines = matches!(reader, Reader::Lines(_));
        if is_lines
            && path
                .extension()
                .is_some_and(|extension| extension == "parquet")
        {
            return Err(io::Error::other(
                "no Parquet file: it does not begin as one",
            ));
        }
        Ok(reader)
    }

    /// `file` is the same log, where it can be read at any place.
    fn of(from: Box<dyn Read>, file: Option<File>, read: &Arc<AtomicU64>) -> io::Result<Reader> {
        let mut from = Counting {
            inner: from,
            read: Arc::clone(read),
        };
        let mut head = Vec::new();
        from.by_ref()
            .take(PARQUET.len() as u64)
            .read_to_end(&mut head)?;
        if head == PARQUET {
            // Its bytes are counted by rows.
            read.fetch_sub(head.len() as u64, Ordering::Relaxed);
            return parquet(file, read);
        }
        let (is_gzip, is_zstd) = (head.starts_with(GZIP), head == ZSTD);
        let lines = BufReader::with_capacity(BUFFER_BYTES, io::Cursor::new(head).chain(from));
        if is_gzip {
            let inner = MultiGzDecoder::new(lines);
            return Reader::unpacked(BufReader::with_capacity(BUFFER_BYTES, inner));
        }
        if is_zstd {
            let inner = zstd::Decoder::with_buffer(lines)?;
            return Reader::unpacked(BufReader::with_capacity(BUFFER_BYTES, inner));
        }
        Reader::unpacked(lines)
    }

    fn unpacked(mut lines: impl BufRead + 'static) -> io::Result<Reader> {
        if lines.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
            lines.consume(BYTE_ORDER_MARK.len());
        }
        Ok(Reader::Lines(Box::new(lines)))
    }

    /// Adds lines until the batch is full or the log at its end.
    fn fill(&mut self, batch: &mut Batch) -> io::Result<()> {
        match self {
            Reader::Lines(lines) => {
                while !batch.is_full() {
                    let start = batch.bytes.len();
                    if !input::next_line(lines, &mut batch.bytes)? {
                        break;
                    }
                    batch.lines.push(Row::Line(start..batch.bytes.len()));
                }
                Ok(())
            }
            #[cfg(feature = "parquet")]
            Reader::Rows(rows) => rows.fill(batch),
        }
    }
}

#[cfg(feature = "parquet")]
fn parquet(file: Option<File>, read: &Arc<AtomicU64>) -> io::Result<Reader> {
    let Some(file) = file else {
        return Err(io::Error::other(
            "a Parquet file is read from its end, and a pipe has none: name the file",
        ));
    };
    let rows = super::rows::Rows::open(file, Arc::clone(read))?;
    Ok(Reader::Rows(Box::new(rows)))
}

#[cfg(not(feature = "parquet"))]
fn parquet(_: Option<File>, _: &Arc<AtomicU64>) -> io::Result<Reader> {
    Err(io::Error::other(
        "a Parquet file, and this `agentos` was built without the feature `parquet`",
    ))
}

/// Counts the bytes that are read.
struct Counting {
    inner: Box<dyn Read>,
    read: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}
