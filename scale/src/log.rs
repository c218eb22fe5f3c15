//! Names of logs in, a table of their lines out.
//!
//! What a log is, its name says: `.parquet`, else lines of JSON, packed with gzip
//! (`.gz`) or zstd (`.zst`) or plain. Files are read in parts, by several readers,
//! wherever the plan runs; nothing says in which order.

use std::collections::BTreeMap;

use agentos_compiler::replay::columns;
use datafusion::{
    arrow::datatypes::{DataType, Field, Schema},
    common::{config_err, exec_datafusion_err, exec_err},
    datasource::file_format::file_compression_type::FileCompressionType,
    error::Result,
    prelude::{CsvReadOptions, DataFrame, ParquetReadOptions, SessionContext},
};

/// The column that holds a line.
pub const LINE: &str = "line";

// Lines are read as rows of one cell. What would part or quote cells has to be one
// letter each, and JSON has none of these within a line.
const SEPARATOR: u8 = 0x02;
const QUOTE: u8 = 0x03;

/// Makes a view of this name: the lines of all logs, in one column.
///
/// The functions have to be registered before: see [`register`](crate::register).
///
/// # Errors
///
/// A log that is not there, or has no columns that say a request.
pub async fn register_logs(context: &SessionContext, view: &str, logs: &[String]) -> Result<()> {
    let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for log in logs {
        let name = log.rsplit(['/', '\\']).next().unwrap_or(log);
        let extension = name.find('.').map_or("", |at| &name[at..]);
        let is_url = log.contains("://");
        if !is_url && !std::path::Path::new(log).is_file() {
            return exec_err!("`{log}`: there is no such file");
        }
        kinds
            .entry(extension.to_owned())
            .or_default()
            .push(log.clone());
    }
    let mut all: Option<DataFrame> = None;
    for (extension, logs) in kinds {
        let lines = if extension.ends_with(".parquet") {
            rows(context, logs, &extension).await?
        } else {
            lines(context, logs, &extension).await?
        };
        all = Some(match all {
            None => lines,
            Some(before) => before.union(lines)?,
        });
    }
    let Some(all) = all else {
        return config_err!("no log is named");
    };
    context.register_table(view, all.into_view())?;
    Ok(())
}

async fn lines(context: &SessionContext, logs: Vec<String>, extension: &str) -> Result<DataFrame> {
    let schema = Schema::new(vec![Field::new(LINE, DataType::Utf8, true)]);
    let packed = match extension.rsplit('.').next() {
        Some("gz") => FileCompressionType::GZIP,
        Some("zst") => FileCompressionType::ZSTD,
        _ => FileCompressionType::UNCOMPRESSED,
    };
    let options = CsvReadOptions::new()
        .has_header(false)
        .delimiter(SEPARATOR)
        .quote(QUOTE)
        .schema(&schema)
        .file_extension(extension)
        .file_compression_type(packed);
    context.read_csv(logs, options).await
}

async fn rows(context: &SessionContext, logs: Vec<String>, extension: &str) -> Result<DataFrame> {
    let name = logs.join("`, `");
    let options = ParquetReadOptions::default().file_extension(extension);
    let rows = context
        .read_parquet(logs, options)
        .await
        .map_err(|error| exec_datafusion_err!("`{name}`: {}", error.strip_backtrace()))?;
    let names: Vec<String> = rows.schema().field_names();
    let names: Vec<&str> = names
        .iter()
        .map(|name| name.rsplit('.').next().unwrap_or(name))
        .collect();
    let read =
        columns::read_of(&names).map_err(|message| exec_datafusion_err!("`{name}`: {message}"))?;
    let cells: Vec<String> = read
        .iter()
        .map(|column| format!("'{0}', \"{0}\"", column.name))
        .collect();
    let line = format!("agentos_line(named_struct({}))", cells.join(", "));
    let line = rows.parse_sql_expr(&line)?;
    rows.select(vec![line.alias(LINE)])
}
