//! Reads a YAML text into trees, one a document, with its comments and mistakes.
//!
//! The events come from a parser of YAML 1.2; here they become nodes, aliases
//! are followed, and what a policy cannot mean is refused: two equal keys, keys
//! that are no texts, merge keys, tags. Size, nesting, nodes and what aliases
//! repeat are bounded, so that no text costs more than its bound.

use std::collections::HashMap;
use std::rc::Rc;

use granit_parser::{Event, Parser, Placement, ScalarStyle, StructureStyle, Tag};

use crate::ast::Comment;
use crate::limits::{
    MAX_ALIAS_BYTES, MAX_ALIAS_NODES, MAX_ERRORS, MAX_SOURCE_BYTES, MAX_YAML_NESTING,
    MAX_YAML_NODES,
};
use crate::span::{SourceId, Span, Spanned};
use crate::words::shown;
use crate::yaml::node::{Entry, Kind, Node, Scalar, Style};
use crate::yaml::scan;
use crate::yaml::typing::{self, Value};
use crate::{SyntaxError, SyntaxErrorKind};

/// Reads `text` as YAML: its documents, its comments, its mistakes.
///
/// A document that is no YAML is left out, with one mistake at its place; the
/// documents after it are read. A text that passes a limit has no documents
/// from there on.
pub fn read(source: SourceId, text: &str) -> (Vec<Node>, Vec<Comment>, Vec<SyntaxError>) {
    let mut reader = Reader {
        source,
        text,
        ..Reader::default()
    };
    if text.len() > MAX_SOURCE_BYTES {
        reader.too_large(
            Span::new(source, 0, 0),
            format!(
                "a source of {} bytes, over the limit of {MAX_SOURCE_BYTES} (MAX_SOURCE_BYTES)",
                text.len()
            ),
        );
    } else {
        reader.run();
        reader.tabs();
    }
    reader
        .comments
        .sort_by_key(|comment| comment.text.span.start);
    (reader.documents, reader.comments, reader.errors)
}

#[derive(Default)]
struct Reader<'t> {
    source: SourceId,
    text: &'t str,
    documents: Vec<Node>,
    comments: Vec<Comment>,
    errors: Vec<SyntaxError>,
    /// The lists and mappings that are not closed yet, outermost first.
    open: Vec<Open>,
    anchors: HashMap<usize, Option<Built>>,
    nodes: usize,
    repeated: Weight,
    /// The scalars that go over several lines, in order.
    texts: Vec<Span>,
    /// A limit was passed; nothing after it is read.
    stopped: bool,
}

/// A list or mapping that is not closed yet.
struct Open {
    content: Content,
    flow: bool,
    start: usize,
    end: usize,
    anchor: usize,
    weight: Weight,
    depth: usize,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping {
        entries: Vec<Entry>,
        key: Option<Node>,
        seen: HashMap<Rc<str>, Span>,
    },
}

/// A node, and what repeating it costs.
#[derive(Clone)]
struct Built {
    node: Node,
    weight: Weight,
    /// How many lists and mappings stand in each other.
    depth: usize,
}

#[derive(Clone, Copy, Default)]
struct Weight {
    nodes: usize,
    bytes: usize,
}

impl Weight {
    fn plus(self, other: Weight) -> Weight {
        Weight {
            nodes: self.nodes.saturating_add(other.nodes),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

impl<'t> Reader<'t> {
    fn run(&mut self) {
        let mut options = granit_parser::options! {
            emit_unresolved_aliases: true,
            disallow_directives: true,
            flow_nesting_limit: MAX_YAML_NESTING,
            block_nesting_limit: MAX_YAML_NESTING
        };
        // The source is bounded, and its comments with it.
        options.max_buffered_comment_events = usize::MAX;
        let mut parser = Parser::new_from_str_with_options(self.text, options);
        while let Some(next) = parser.next_event() {
            match next {
                Ok((event, span)) => self.event(event, &span),
                Err(error) => {
                    let error = scan::error(self.source, self.text, &error);
                    self.stopped |= error.kind == SyntaxErrorKind::TooLarge;
                    self.error(error);
                    self.open.clear();
                    if self.stopped || !matches!(parser.proceed_next_document(), Ok(true)) {
                        return;
                    }
                }
            }
            if self.stopped {
                return;
            }
        }
    }

    fn event(&mut self, event: Event<'t>, span: &granit_parser::Span) {
        let range = span.byte_range().unwrap_or_default();
        let place = Span::new(self.source, range.start, range.end);
        match event {
            Event::Comment(text, placement) => {
                let own_line = placement != Placement::Right;
                let text = text.strip_prefix(' ').unwrap_or(&text).trim_end();
                let text = Spanned::new(text.to_owned(), place);
                self.comments.push(Comment { text, own_line });
            }
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(&text, style, tag.as_deref(), span, place);
                let weight = Weight {
                    nodes: 1,
                    bytes: text.len(),
                };
                self.count(place);
                self.close(
                    Built {
                        node,
                        weight,
                        depth: 0,
                    },
                    anchor,
                    place,
                );
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.collection_tag(tag.as_deref(), "seq", span);
                self.open(Content::Sequence(Vec::new()), style, anchor, place);
            }
            Event::MappingStart(style, anchor, tag) => {
                self.collection_tag(tag.as_deref(), "map", span);
                let content = Content::Mapping {
                    entries: Vec::new(),
                    key: None,
                    seen: HashMap::new(),
                };
                self.open(content, style, anchor, place);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(place),
            Event::Alias(id) => self.alias(id, place),
            Event::UnresolvedAlias(name) => {
                let message = format!(
                    "`*{0}` stands for what `&{0}` names, and nothing before it is named so",
                    shown(&name)
                );
                let help = format!("write `\"*{}\"`, if it is a text", shown(&name));
                self.fail(SyntaxErrorKind::Syntax, place, message, Some(help));
                self.close(Built::nothing(place), 0, place);
            }
            Event::DocumentStart(..) => {
                self.anchors.clear();
                self.open.clear();
            }
            // Start and end of the text; anchors are not asked for.
            _ => {}
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: &granit_parser::Span,
        mut place: Span,
    ) -> Node {
        let mut style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        if style == Style::Block
            && let Some(written) = self.text.get(place.range())
        {
            place.end = place.start + written.trim_end().len() as u32;
        }
        if let Some(tag) = tag {
            let suffix = tag
                .core_suffix()
                .or((tag.original() == "!").then_some("str"));
            let read = if style == Style::Plain {
                typing::yaml_1_2(text)
            } else {
                Value::Text
            };
            let fits = match (suffix, &read) {
                (Some("str"), _) => {
                    style = if style == Style::Plain {
                        Style::Block
                    } else {
                        style
                    };
                    true
                }
                (Some("null"), Value::Null)
                | (Some("bool"), Value::Boolean(_))
                | (Some("int" | "float"), Value::Number(_)) => true,
                _ => false,
            };
            if !fits {
                self.tag(tag, span);
            }
        }
        if self
            .text
            .get(place.range())
            .is_some_and(|written| written.contains('\n'))
        {
            self.texts.push(place);
        }
        let kind = if style == Style::Plain && typing::yaml_1_2(text) == Value::Null {
            Kind::Null
        } else {
            Kind::Scalar(Scalar {
                text: text.into(),
                style,
            })
        };
        Node { kind, span: place }
    }

    fn collection_tag(&mut self, tag: Option<&Tag>, fits: &str, span: &granit_parser::Span) {
        if let Some(tag) = tag
            && !tag.is_yaml_core_schema_tag(fits)
        {
            self.tag(tag, span);
        }
    }

    fn tag(&mut self, tag: &Tag, span: &granit_parser::Span) {
        let range = span
            .tag_span()
            .unwrap_or(*span)
            .byte_range()
            .unwrap_or_default();
        let place = Span::new(self.source, range.start, range.end);
        self.fail(
            SyntaxErrorKind::Syntax,
            place,
            format!("the tag `{}` is not read here", tag.original()),
            Some("write the value itself, without a tag".to_owned()),
        );
    }

    fn open(&mut self, content: Content, style: StructureStyle, anchor: usize, place: Span) {
        self.count(place);
        if self.open.len() >= MAX_YAML_NESTING {
            self.too_large(place, nesting());
            return;
        }
        let (start, end) = (place.start as usize, place.end as usize);
        if anchor != 0 {
            // An alias that stands inside what it stands for finds this.
            self.anchors.insert(anchor, None);
        }
        let weight = Weight { nodes: 1, bytes: 0 };
        let flow = style == StructureStyle::Flow;
        self.open.push(Open {
            content,
            flow,
            start,
            end,
            anchor,
            weight,
            depth: 0,
        });
    }

    fn end(&mut self, place: Span) {
        let Some(open) = self.open.pop() else {
            return;
        };
        let end = if open.flow {
            place.end as usize
        } else {
            open.end
        };
        let kind = match open.content {
            Content::Sequence(nodes) => Kind::Sequence(Rc::new(nodes)),
            Content::Mapping { entries, .. } => Kind::Mapping(Rc::new(entries)),
        };
        let node = Node {
            kind,
            span: Span::new(self.source, open.start, end),
        };
        let written = node.span;
        self.close(
            Built {
                node,
                weight: open.weight,
                depth: open.depth + 1,
            },
            open.anchor,
            written,
        );
    }

    fn alias(&mut self, id: usize, place: Span) {
        self.count(place);
        let Some(built) = self.anchors.get(&id).cloned().flatten() else {
            self.fail(
                SyntaxErrorKind::Syntax,
                place,
                "an alias inside what it stands for, which would never end".to_owned(),
                None,
            );
            self.close(Built::nothing(place), 0, place);
            return;
        };
        self.repeated = self.repeated.plus(built.weight);
        if self.repeated.nodes > MAX_ALIAS_NODES {
            let message =
                format!("aliases that repeat more than {MAX_ALIAS_NODES} nodes (MAX_ALIAS_NODES)");
            self.too_large(place, message);
        } else if self.repeated.bytes > MAX_ALIAS_BYTES {
            let message =
                format!("aliases that repeat more than {MAX_ALIAS_BYTES} bytes (MAX_ALIAS_BYTES)");
            self.too_large(place, message);
        } else if self.open.len() + built.depth > MAX_YAML_NESTING {
            self.too_large(place, nesting());
        } else {
            self.close(built, 0, place);
        }
    }

    /// Counts a node that was written out.
    fn count(&mut self, place: Span) {
        self.nodes += 1;
        if self.nodes > MAX_YAML_NODES {
            self.too_large(
                place,
                format!("more than {MAX_YAML_NODES} nodes (MAX_YAML_NODES)"),
            );
        }
    }

    /// Puts a finished node where it belongs; it was `written` there, be it as an alias.
    fn close(&mut self, built: Built, anchor: usize, written: Span) {
        if self.stopped {
            return;
        }
        if anchor != 0 {
            self.anchors.insert(anchor, Some(built.clone()));
        }
        let Built {
            node,
            weight,
            depth,
        } = built;
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return;
        };
        open.weight = open.weight.plus(weight);
        open.depth = open.depth.max(depth);
        open.end = open.end.max(written.end as usize);
        match &mut open.content {
            Content::Sequence(nodes) => nodes.push(node),
            Content::Mapping { entries, key, seen } => match key.take() {
                None => *key = Some(node),
                Some(key) => {
                    if let Err(error) = admit(&key, seen) {
                        self.error(error);
                    } else {
                        entries.push(Entry { key, value: node });
                    }
                }
            },
        }
    }

    /// Refuses lines that a tab indents, which some readers of YAML take and
    /// others do not. Inside a text over several lines it belongs to the text,
    /// and a document that could not be read is not looked at.
    fn tabs(&mut self) {
        let read: Vec<Span> = self
            .documents
            .iter()
            .map(|document| document.span)
            .collect();
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let content = line.trim_start_matches([' ', '\t']);
            let place = Span::new(self.source, start, start + line.len() - content.len());
            start += line.len();
            let blank = content.trim_end().is_empty() || content.starts_with('#');
            if blank || !self.text[place.range()].contains('\t') {
                continue;
            }
            // Spans rise, and those of one kind do not overlap.
            let last = self.texts.partition_point(|text| text.start < place.end);
            let inside = last
                .checked_sub(1)
                .and_then(|last| self.texts.get(last))
                .is_some_and(|text| place.end < text.end);
            let first = read.partition_point(|document| document.end <= place.end);
            let is_read = read
                .get(first)
                .is_some_and(|document| document.start < start as u32);
            if is_read && !inside {
                self.error(scan::tab(place));
            }
        }
    }

    fn too_large(&mut self, span: Span, message: String) {
        if !self.stopped {
            self.fail(SyntaxErrorKind::TooLarge, span, message, None);
            self.stopped = true;
        }
    }

    fn fail(&mut self, kind: SyntaxErrorKind, span: Span, message: String, help: Option<String>) {
        self.error(SyntaxError {
            kind,
            span,
            message,
            help,
            related: None,
            edit: None,
        });
    }

    fn error(&mut self, error: SyntaxError) {
        let span = error.span;
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        } else if !self.stopped {
            self.stopped = true;
            let message =
                format!("more than {MAX_ERRORS} mistakes (MAX_ERRORS); the rest is not listed");
            self.errors.push(SyntaxError {
                kind: SyntaxErrorKind::TooLarge,
                span,
                message,
                help: None,
                related: None,
                edit: None,
            });
        }
    }
}

impl Built {
    fn nothing(place: Span) -> Built {
        let node = Node {
            kind: Kind::Null,
            span: place,
        };
        Built {
            node,
            weight: Weight { nodes: 1, bytes: 0 },
            depth: 0,
        }
    }
}

fn nesting() -> String {
    format!("more than {MAX_YAML_NESTING} lists and mappings in each other (MAX_YAML_NESTING)")
}

/// Whether a key may stand in its mapping.
fn admit(key: &Node, seen: &mut HashMap<Rc<str>, Span>) -> Result<(), SyntaxError> {
    let error = |kind, message: String, help: Option<&str>, related| SyntaxError {
        kind,
        span: key.span,
        message,
        help: help.map(str::to_owned),
        related,
        edit: None,
    };
    let Kind::Scalar(scalar) = &key.kind else {
        let message = format!("a key must be a text, not {}", key.what());
        return Err(error(SyntaxErrorKind::WrongShape, message, None, None));
    };
    if scalar.style == Style::Plain && &*scalar.text == "<<" {
        let message = "the merge key `<<` is not read".to_owned();
        return Err(error(
            SyntaxErrorKind::UnknownKey,
            message,
            Some("write the keys out"),
            None,
        ));
    }
    match seen.get(&scalar.text) {
        None => {
            seen.insert(scalar.text.clone(), key.span);
            Ok(())
        }
        Some(first) => {
            let message = format!("the key `{}` stands twice", shown(&scalar.text));
            let help = "keep one of them: YAML readers take the first, the last, or neither";
            let related = Some((*first, "first here".to_owned()));
            Err(error(
                SyntaxErrorKind::DuplicateKey,
                message,
                Some(help),
                related,
            ))
        }
    }
}
