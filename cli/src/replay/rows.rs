//! A Parquet file in, its rows as lines of JSON out.
//!
//! What a line of a row is, `compiler::replay::columns` says.

use std::{
    fs::File,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::log::{Batch, Row};
use agentos_compiler::replay::columns::{self, Kind};
use parquet::{
    basic::{LogicalType, Type},
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::{ByteArray, ByteArrayType},
    file::reader::{FileReader, SerializedFileReader},
    schema::types::SchemaDescriptor,
};

/// How many rows are read at once.
const ROWS: usize = 256;

/// The rows of a file.
pub(super) struct Rows {
    file: SerializedFileReader<File>,
    columns: Vec<Column>,
    /// The next group of rows.
    group: usize,
    /// How many rows of the group that is being read are left.
    left: usize,
    /// Rows so far, and in all.
    so_far: (u64, u64),
    /// Bytes of the file, as far as they count as read.
    counted: u64,
    bytes: u64,
    read: Arc<AtomicU64>,
}

struct Column {
    about: columns::Column,
    /// Its number in the file.
    number: usize,
    is_optional: bool,
    reader: Option<ColumnReaderImpl<ByteArrayType>>,
    cells: Vec<Option<ByteArray>>,
}

impl Rows {
    pub(super) fn open(file: File, read: Arc<AtomicU64>) -> io::Result<Rows> {
        let bytes = file.metadata()?.len();
        let file = SerializedFileReader::new(file).map_err(damaged)?;
        let metadata = file.metadata().file_metadata();
        let columns = columns(metadata.schema_descr())?;
        let rows = u64::try_from(metadata.num_rows()).unwrap_or_default();
        Ok(Rows {
            columns,
            group: 0,
            left: 0,
            so_far: (0, rows),
            counted: 0,
            bytes,
            read,
            file,
        })
    }

    /// Adds rows until the batch is full or the file at its end.
    pub(super) fn fill(&mut self, batch: &mut Batch) -> io::Result<()> {
        while !batch.is_full() {
            if self.left == 0 && !self.next_group()? {
                break;
            }
            let rows = self.left.min(ROWS);
            for column in &mut self.columns {
                column.read(rows).map_err(damaged)?;
            }
            for row in 0..rows {
                let start = batch.bytes.len();
                batch
                    .lines
                    .push(match write(&self.columns, row, &mut batch.bytes) {
                        Ok(()) => Row::Line(start..batch.bytes.len()),
                        Err(message) => {
                            batch.bytes.truncate(start);
                            Row::None(message)
                        }
                    });
            }
            self.left -= rows;
            self.count(rows as u64);
        }
        Ok(())
    }

    fn next_group(&mut self) -> io::Result<bool> {
        while self.left == 0 {
            if self.group == self.file.num_row_groups() {
                return Ok(false);
            }
            let group = self.file.get_row_group(self.group).map_err(damaged)?;
            for column in &mut self.columns {
                let reader = group.get_column_reader(column.number).map_err(damaged)?;
                column.reader = match reader {
                    ColumnReader::ByteArrayColumnReader(reader) => Some(reader),
                    // Columns of other types were refused.
                    _ => None,
                };
            }
            self.left = usize::try_from(group.metadata().num_rows()).unwrap_or_default();
            self.group += 1;
        }
        Ok(true)
    }

    /// Counts the bytes that so many more rows stand for.
    fn count(&mut self, rows: u64) {
        self.so_far.0 += rows;
        let (so_far, all) = self.so_far;
        let share = u128::from(self.bytes) * u128::from(so_far) / u128::from(all.max(1));
        let counted = (share as u64).min(self.bytes);
        self.read
            .fetch_add(counted.saturating_sub(self.counted), Ordering::Relaxed);
        self.counted = counted;
    }
}

/// The columns of a file that say something about requests.
fn columns(schema: &SchemaDescriptor) -> io::Result<Vec<Column>> {
    let path = |column: usize| schema.column(column).path().parts().to_vec();
    let first = |column: usize| path(column).into_iter().next().unwrap_or_default();
    let names: Vec<String> = (0..schema.num_columns()).map(first).collect();
    let there: Vec<&str> = names.iter().map(String::as_str).collect();
    let read = columns::read_of(&there).map_err(io::Error::other)?;
    let mut found = Vec::new();
    for about in read {
        let columns::Column { name, kind } = about;
        let Some(number) = there.iter().position(|there| *there == name) else {
            continue;
        };
        let column = schema.column(number);
        if path(number).len() > 1 || column.max_rep_level() > 0 {
            let message = match kind {
                Kind::Text => format!("the column `{name}` is nested, and takes texts"),
                Kind::Json | Kind::Either => {
                    format!("the column `{name}` is nested: write it as JSON, in texts")
                }
            };
            return Err(io::Error::other(message));
        }
        let is_text = column.physical_type() == Type::BYTE_ARRAY
            && !matches!(
                column.logical_type_ref(),
                Some(LogicalType::Bson | LogicalType::Decimal { .. })
            );
        if !is_text {
            return Err(io::Error::other(format!(
                "the column `{name}` has no texts, but {}",
                column.physical_type()
            )));
        }
        found.push(Column {
            about,
            number,
            is_optional: column.max_def_level() > 0,
            reader: None,
            cells: Vec::new(),
        });
    }
    Ok(found)
}

impl Column {
    /// Reads exactly so many cells.
    fn read(&mut self, rows: usize) -> parquet::errors::Result<()> {
        self.cells.clear();
        let Some(reader) = &mut self.reader else {
            return Ok(());
        };
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let mut left = rows;
        while left > 0 {
            let levels = self.is_optional.then_some(&mut levels);
            let (read, ..) = reader.read_records(left, levels, None, &mut values)?;
            if read == 0 {
                return Err(parquet::errors::ParquetError::General(format!(
                    "the column `{}` ends before the others",
                    self.about.name
                )));
            }
            left -= read;
        }
        let mut values = values.into_iter();
        if self.is_optional {
            let is_there = levels.iter().map(|level| *level > 0);
            self.cells
                .extend(is_there.map(|is_there| if is_there { values.next() } else { None }));
        } else {
            self.cells.extend(values.map(Some));
        }
        Ok(())
    }
}

/// Writes a row as a line; an error says why it is none.
fn write(columns: &[Column], row: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let cells = columns.iter().map(|column| {
        let cell = column.cells.get(row).and_then(Option::as_ref);
        (column.about, cell.map(ByteArray::data))
    });
    columns::write_line(cells, out)
}

fn damaged(error: parquet::errors::ParquetError) -> io::Error {
    io::Error::other(error)
}
