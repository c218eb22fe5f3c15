//! What is wrong with a text that is no YAML, in our words and at its place.

use granit_parser::{ErrorKind, ScanError};

use crate::limits::MAX_YAML_NESTING;
use crate::span::{SourceId, Span};
use crate::{SyntaxError, SyntaxErrorKind};

/// The mistake that the event parser stopped at.
pub(super) fn error(source: SourceId, text: &str, error: &ScanError) -> SyntaxError {
    let start = error
        .marker()
        .byte_offset()
        .unwrap_or_default()
        .min(text.len());
    let (message, help) = words(error.kind());
    let kind = match error.kind() {
        ErrorKind::RecursionLimitExceeded => SyntaxErrorKind::TooLarge,
        _ => SyntaxErrorKind::Syntax,
    };
    let is_tab = matches!(
        error.kind(),
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInPlainScalar
    );
    let blanks = text.get(..start).map_or(0, |before| {
        before.len() - before.trim_end_matches([' ', '\t']).len()
    });
    let span = if is_tab && blanks > 0 {
        Span::new(source, start - blanks, start)
    } else if matches!(error.kind(), ErrorKind::UnclosedFlowCollection { .. }) {
        Span::new(source, start, (start + 1).min(text.len()))
    } else {
        word_at(source, text, start)
    };
    SyntaxError {
        kind,
        span,
        message,
        help: help.map(str::to_owned),
        related: None,
        edit: None,
    }
}

/// The mistake of a tab that indents a line.
pub(super) fn tab(span: Span) -> SyntaxError {
    let (message, help) = words(&ErrorKind::TabInIndentation);
    SyntaxError {
        kind: SyntaxErrorKind::Syntax,
        span,
        message,
        help: help.map(str::to_owned),
        related: None,
        edit: None,
    }
}

/// The word at a place, and one character at least, where there is one.
fn word_at(source: SourceId, text: &str, start: usize) -> Span {
    let rest = text.get(start..).unwrap_or_default();
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let word = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
    Span::new(source, start, start + word.max(first))
}

/// The message and the advice for one kind of mistake.
fn words(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let (message, help) = match kind {
        ErrorKind::RecursionLimitExceeded => {
            return (
                format!(
                    "more than {MAX_YAML_NESTING} lists and mappings in each other (MAX_YAML_NESTING)"
                ),
                None,
            );
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return (format!("`{open}` is closed by `{close}`"), None);
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            return (format!("no bracket closes this `{open}`"), None);
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return (
                format!("`{}` cannot begin a value here", character.escape_debug()),
                Some("put the value in quotes"),
            );
        }
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => (
            "the text ends inside a list or mapping in brackets",
            Some("close it with `]` or `}`"),
        ),
        ErrorKind::UnexpectedEofBlockSequence
        | ErrorKind::UnexpectedEofBlockMapping
        | ErrorKind::UnexpectedEof => ("the text ends too early", None),
        ErrorKind::DirectiveDisallowed
        | ErrorKind::DuplicateVersionDirective
        | ErrorKind::UnsupportedYamlMajorVersion
        | ErrorKind::DuplicateTagDirective
        | ErrorKind::MissingDocumentEndBeforeDirective => (
            "a YAML directive, which is not read",
            Some("remove the line; every text is read as YAML 1.2"),
        ),
        ErrorKind::UnknownAnchor => ("no anchor of this name stands before this alias", None),
        ErrorKind::MissingAnchorOrAliasName => (
            "`&` and `*` begin a name of a value",
            Some("put the value in quotes: `\"*\"`"),
        ),
        ErrorKind::ExpectedNodeContent => ("a value is missing here", None),
        ErrorKind::ExpectedBlockMappingKey => (
            "a key was expected here",
            Some("keys of one mapping stand in one column, each as `key: value`"),
        ),
        ErrorKind::ExpectedFlowMappingSeparator => ("`,` or `}` was expected here", None),
        ErrorKind::ExpectedFlowSequenceSeparator => ("`,` or `]` was expected here", None),
        ErrorKind::ExpectedBlockSequenceEntry => (
            "`-` was expected here",
            Some("entries of one list stand in one column, each after a `-`"),
        ),
        ErrorKind::UndeclaredTagHandle
        | ErrorKind::ExpectedTagBang
        | ErrorKind::ExpectedTagDirectiveBang
        | ErrorKind::InvalidGlobalTagCharacter
        | ErrorKind::InvalidTagTerminator
        | ErrorKind::MissingTagUri
        | ErrorKind::UnclosedVerbatimTag
        | ErrorKind::InvalidTagEscape
        | ErrorKind::InvalidTagUtf8LeadingByte
        | ErrorKind::InvalidTagUtf8TrailingByte
        | ErrorKind::InvalidTagUtf8 => (
            "`!` begins a tag, and tags are not read here",
            Some("put the value in quotes"),
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            "a key without its `:`",
            Some("a key stands on one line of at most 1024 characters, followed by `: `"),
        ),
        ErrorKind::ExpectedDocumentStart => (
            "something follows a value that has ended",
            Some("put the whole value in quotes, or begin a new document with `---`"),
        ),
        ErrorKind::InvalidDocumentEnd => ("nothing but a comment may follow `...`", None),
        ErrorKind::InvalidIndentation
        | ErrorKind::InvalidFlowScalarIndent
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::InvalidBlockScalarIndent => (
            "this line is not indented as what it belongs to",
            Some("indent it as the lines around it"),
        ),
        ErrorKind::BomInsideDocument => (
            "a byte order mark in the middle of the text",
            Some("remove it"),
        ),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => (
            "a tab, where YAML takes spaces only",
            Some("indent with spaces"),
        ),
        ErrorKind::CommentInterceptedScalar => (
            "a comment in the middle of a text",
            Some("move the comment, or put the text in quotes"),
        ),
        ErrorKind::CommentNotSeparated => (
            "a comment needs a space before its `#`",
            Some("put the value in quotes, if `#` belongs to it"),
        ),
        ErrorKind::ExpectedWhitespace
        | ErrorKind::InvalidMappingValueWhitespace
        | ErrorKind::InvalidBlockEntryWhitespace => ("a space is missing here", None),
        ErrorKind::MisplacedFlowCollectionEnd => (
            "a bracket that closes nothing",
            Some("put the value in quotes, if the bracket belongs to it"),
        ),
        ErrorKind::BlockEntryInFlowCollection => (
            "`-` begins no entry inside brackets",
            Some("inside brackets, entries stand between commas"),
        ),
        ErrorKind::BlockSequenceEntryNotAllowed => (
            "a list cannot begin here",
            Some("begin it on a line of its own, or put the value in quotes"),
        ),
        ErrorKind::ZeroBlockScalarIndent | ErrorKind::InvalidBlockScalarHeader => (
            "`|` and `>` begin a text on the lines after them",
            Some("put the value in quotes"),
        ),
        ErrorKind::DocumentIndicatorInQuotedScalar => (
            "`---` or `...` at the start of a line inside quotes",
            Some("indent the line"),
        ),
        ErrorKind::UnclosedQuotedScalar => ("no quote closes this text", None),
        ErrorKind::InvalidTrailingSingleQuotedScalar => (
            "the text in single quotes has ended, and something follows it",
            Some("in single quotes `''` stands for a quote; `\\'` ends the text"),
        ),
        ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            "the text in double quotes has ended, and something follows it",
            Some("in double quotes `\\\"` stands for a quote"),
        ),
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => (
            "this is no escape of a text in double quotes",
            Some("write `\\\\` for a backslash, or use single quotes, where it stands for itself"),
        ),
        ErrorKind::PlainScalarStartsWithDashFlowIndicator => (
            "`-` cannot begin a text inside brackets",
            Some("put the value in quotes"),
        ),
        ErrorKind::MappingKeyNotAllowed => ("a key cannot stand here", None),
        ErrorKind::FlowMappingValueAdjacentCollection
        | ErrorKind::InvalidColonPlacement
        | ErrorKind::MappingValueNotAllowed => (
            "a `:` that belongs to no key",
            Some(
                "put the value in quotes, if the colon belongs to it; close brackets before the next key",
            ),
        ),
        _ => ("this is not YAML", None),
    };
    (message.to_owned(), help)
}
