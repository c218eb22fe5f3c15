//! Logs in Parquet files.

use std::sync::Arc;

use parquet::{
    basic::Compression,
    data_type::{ByteArray, ByteArrayType, Int64Type},
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

use super::{LEAK, READ, SEARCH, SEND, folder, replayed};
use crate::json;

/// A file with optional columns of texts, in groups of so many rows.
fn file(columns: &[(&str, &[Option<&str>])], group: usize, compression: Compression) -> Vec<u8> {
    let fields: Vec<String> = columns
        .iter()
        .map(|(name, _)| format!("optional binary {name} (UTF8);"))
        .collect();
    let fields = fields.concat();
    let schema = parse_message_type(&format!("message log {{ {fields} }}")).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .build();
    let mut writer =
        SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties)).unwrap();
    let rows = columns[0].1.len();
    for start in (0..rows).step_by(group) {
        let mut rows = writer.next_row_group().unwrap();
        for (_, cells) in columns {
            let cells = &cells[start..cells.len().min(start + group)];
            let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
            let values: Vec<ByteArray> =
                cells.iter().flatten().map(|cell| (*cell).into()).collect();
            let mut column = rows.next_column().unwrap().unwrap();
            column
                .typed::<ByteArrayType>()
                .write_batch(&values, Some(&levels), None)
                .unwrap();
            column.close().unwrap();
        }
        rows.close().unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn a_column_of_requests_is_a_log_however_it_is_packed() {
    let folder = folder();
    let requests = [SEND, LEAK, READ, SEARCH];
    folder.write("day.jsonl", requests.join("\n"));
    let mut lines = replayed(&folder, "day.jsonl");
    let cells = requests.map(Some);
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(parquet::basic::ZstdLevel::default()),
        Compression::GZIP(parquet::basic::GzipLevel::default()),
        Compression::LZ4_RAW,
    ] {
        let bytes = file(&[("time", &[None; 4]), ("request", &cells)], 3, compression);
        folder.write("day.parquet", bytes);
        let rows = folder
            .run([
                "replay",
                "day.parquet",
                "--policy",
                "new.policy",
                "--against",
                "old.policy",
                "--format",
                "json",
            ])
            .fine();
        let mut rows = json(&rows.replace("day.parquet", "day.jsonl"));
        // A row is a line around its request, which is shown.
        assert_eq!(
            rows["changes"].take(),
            lines["changes"].clone(),
            "{compression:?}"
        );
        rows["changes"] = lines["changes"].clone();
        assert_eq!(rows, lines);
    }
    lines.take();
}

#[test]
fn a_column_for_each_part_of_a_request_is_one_too() {
    let folder = folder();
    let bytes = file(
        &[
            (
                "action",
                &[Some("send_email"), Some("read_file"), Some("a \"b\"")],
            ),
            ("params", &[Some(r#"{"to": "x@y.z"}"#), None, Some("null")]),
            ("agent_id", &[Some("a1"), None, None]),
            ("stage", &[None, Some("call"), None]),
            ("policies", &[Some(r#"["mail"]"#), None, Some("[]")]),
            (
                "decision",
                &[
                    Some(r#"{"effect": "deny", "rule": "no-leak"}"#),
                    Some("allow"),
                    None,
                ],
            ),
        ],
        2,
        Compression::SNAPPY,
    );
    folder.write("day.parquet", bytes);
    let out = folder
        .run([
            "replay",
            "day.parquet",
            "--policy",
            "new.policy",
            "--format",
            "json",
        ])
        .fine();
    let document = json(&out);
    assert_eq!(
        document["summary"],
        "would have changed 2 of 2 recorded decisions: 1 newly denied, 1 newly escalated; \
         1 request without a recorded decision"
    );
    let escalated = &document["changes"][1];
    assert_eq!(escalated["old"]["rule"], "no-leak");
    assert_eq!(escalated["examples"][0]["at"], "day.parquet:1");
    assert_eq!(escalated["examples"][0]["request"]["params"]["to"], "x@y.z");
}

#[test]
fn a_cell_cannot_say_more_than_its_column() {
    let folder = folder();
    let sneaky = r#"{"action": "read_file"}, "effect": "deny""#;
    let bytes = file(
        &[("request", &[Some(sneaky), Some(READ), None, Some("{")])],
        10,
        Compression::UNCOMPRESSED,
    );
    folder.write("day.parquet", bytes);
    let run = folder.run(["replay", "day.parquet", "--policy", "new.policy"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(
        run.err,
        "error: day.parquet:1: the column `request` is not JSON: trailing characters at line 1 column 24\n\
         error: day.parquet:3: `request` is null\n\
         error: day.parquet:4: the column `request` is not JSON: EOF while parsing an object at line 1 column 1\n"
    );
    assert!(
        run.out.ends_with("1 request: 1 deny; 3 lines unreadable\n"),
        "{}",
        run.out
    );
}

#[test]
fn a_file_that_is_no_log_says_why() {
    let folder = folder();
    let refused = |bytes: &[u8]| {
        folder.write("day.parquet", bytes);
        let run = folder.run(["replay", "day.parquet", "--policy", "new.policy"]);
        run.wrong()
    };
    let other = file(&[("actoin", &[Some("x")])], 1, Compression::UNCOMPRESSED);
    assert_eq!(
        refused(&other),
        "error: `day.parquet`: it has neither a column `request` nor a column `action` \
         (did you mean `actoin`?)\n"
    );
    assert_eq!(
        refused(READ.as_bytes()),
        "error: `day.parquet`: no Parquet file: it does not begin as one\n"
    );
    let whole = file(&[("request", &[Some(READ)])], 1, Compression::UNCOMPRESSED);
    assert!(refused(&whole[..whole.len() / 2]).starts_with("error: `day.parquet`: "));

    let numbers = numbers();
    assert_eq!(
        refused(&numbers),
        "error: `day.parquet`: the column `action` has no texts, but INT64\n"
    );
    let nested = nested();
    assert_eq!(
        refused(&nested),
        "error: `day.parquet`: the column `params` is nested: write it as JSON, in texts\n"
    );
    let run = folder.run_with(["replay", "-", "--policy", "new.policy"], whole);
    assert_eq!(
        run.wrong(),
        "error: `-`: a Parquet file is read from its end, and a pipe has none: name the file\n"
    );
}

/// A file whose only column has numbers.
fn numbers() -> Vec<u8> {
    let schema = parse_message_type("message log { required int64 action; }").unwrap();
    one_row(schema, &mut |column| {
        let column = column.typed::<Int64Type>();
        column.write_batch(&[1], None, None).unwrap();
    })
}

/// A file whose `params` are a group.
fn nested() -> Vec<u8> {
    let schema = parse_message_type(
        "message log { required binary action (UTF8); required group params { required binary to (UTF8); } }",
    )
    .unwrap();
    one_row(schema, &mut |column| {
        let column = column.typed::<ByteArrayType>();
        column.write_batch(&["x".into()], None, None).unwrap();
    })
}

fn one_row(
    schema: parquet::schema::types::Type,
    write: &mut dyn FnMut(&mut parquet::file::writer::SerializedColumnWriter<'_>),
) -> Vec<u8> {
    let mut writer =
        SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::default()).unwrap();
    let mut rows = writer.next_row_group().unwrap();
    while let Some(mut column) = rows.next_column().unwrap() {
        write(&mut column);
        column.close().unwrap();
    }
    rows.close().unwrap();
    writer.into_inner().unwrap()
}
