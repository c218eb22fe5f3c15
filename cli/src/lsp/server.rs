//! What the server knows of its client, and what it does with each message.
//!
//! In: what happens, one event after the other. Out: messages to send, in order, and
//! how it ends. All else stands in the texts that are open.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::Sender,
    },
};

use gen_lsp_types as lsp;
use lsp::Uri;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    Event, actions, completion, definition,
    desk::{Ask, Desk},
    diagnostics::Shown,
    document::{Document, Documents},
    format, hover,
    position::Encoding,
    project::Project,
    shipped::Shipped,
    work::{Checked, Job},
};
use crate::{Status, input::EXTENSIONS};

/// How far the conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// `initialize` has not come yet.
    New,
    Open,
    /// After `shutdown`; only `exit` may come.
    Done,
}

pub(super) struct Server {
    stage: Stage,
    open: Documents,
    /// Counts the changes of what is open.
    generation: u64,
    /// The same, for those who prove.
    newest: Arc<AtomicU64>,
    /// What each text is told to have, and since which change.
    told: HashMap<String, Told>,
    /// Requests that are being answered.
    pending: HashSet<RequestId>,
    /// Who checks: at once, and with proofs.
    checks: [Sender<Job>; 2],
    /// Who answers what takes no time, and what may.
    desks: [Sender<Ask>; 2],
    shipped: Arc<Shipped>,
    /// Whether the client wants edits for the version that they were made for.
    has_versions: bool,
    /// Whether it can be asked to watch files.
    can_watch: bool,
    /// What is to be sent.
    pub said: Vec<Message>,
}

struct Told {
    generation: u64,
    is_proved: bool,
    opened: u64,
    version: i32,
    shown: Arc<Vec<Shown>>,
}

impl Server {
    pub(super) fn new(
        checks: [Sender<Job>; 2],
        desks: [Sender<Ask>; 2],
        shipped: Arc<Shipped>,
        newest: Arc<AtomicU64>,
    ) -> Server {
        Server {
            stage: Stage::New,
            open: Documents::default(),
            generation: 0,
            newest,
            told: HashMap::new(),
            pending: HashSet::new(),
            checks,
            desks,
            shipped,
            has_versions: false,
            can_watch: false,
            said: Vec::new(),
        }
    }

    /// Does what an event asks for; `Some` where the server ends.
    pub(super) fn hear(&mut self, event: Event) -> Option<Status> {
        match event {
            Event::Message(Message::Request(request)) => self.request(request),
            Event::Message(Message::Notification(notification)) => {
                if notification.method == "exit" {
                    return Some(self.end());
                }
                if self.stage == Stage::Open {
                    self.notification(notification);
                }
            }
            // Nothing that is asked of the client has to be done.
            Event::Message(Message::Response(_)) => {}
            Event::Broken(broken) => match broken.id {
                Some(id) => self.fail(id, broken.code, broken.message),
                None => self.log(&broken.message),
            },
            Event::Closed => return Some(self.end()),
            Event::Checked(checked) => self.checked(checked),
            Event::Answer(response) => {
                // What was cancelled was answered then.
                if self.pending.remove(&response.id) {
                    self.said.push(response.into());
                }
            }
        }
        None
    }

    fn end(&self) -> Status {
        if self.stage == Stage::Done {
            Status::Fine
        } else {
            Status::CutOff
        }
    }

    fn answer(&mut self, id: RequestId, value: impl Serialize) {
        let value = serde_json::to_value(value).unwrap_or_default();
        self.said.push(Response::new_ok(id, value).into());
    }

    fn fail(&mut self, id: RequestId, code: ErrorCode, message: String) {
        self.said
            .push(Response::new_err(id, code as i32, message).into());
    }

    fn notify(&mut self, method: &str, params: impl Serialize) {
        let params = serde_json::to_value(params).unwrap_or_default();
        self.said
            .push(Notification::new(method.to_owned(), params).into());
    }

    fn log(&mut self, message: &str) {
        // 1 is an error.
        let params = json!({"type": 1, "message": format!("agentos: {message}")});
        self.notify("window/logMessage", params);
    }

    fn request(&mut self, request: Request) {
        let Request { id, method, params } = request;
        match (self.stage, method.as_str()) {
            (Stage::New, "initialize") => self.initialize(id, &params),
            (Stage::New, _) => {
                let message = "`initialize` comes first".to_owned();
                self.fail(id, ErrorCode::ServerNotInitialized, message);
            }
            (Stage::Done, _) => {
                let message = "after `shutdown` only `exit` may come".to_owned();
                self.fail(id, ErrorCode::InvalidRequest, message);
            }
            (Stage::Open, "initialize") => {
                let message = "`initialize` comes once".to_owned();
                self.fail(id, ErrorCode::InvalidRequest, message);
            }
            (Stage::Open, "shutdown") => {
                self.stage = Stage::Done;
                self.answer(id, Value::Null);
            }
            (Stage::Open, "textDocument/hover") => self.hover(id, params),
            (Stage::Open, "textDocument/definition") => self.definition(id, params),
            (Stage::Open, "textDocument/completion") => self.completion(id, params),
            (Stage::Open, "textDocument/formatting") => self.formatting(id, params),
            (Stage::Open, "textDocument/codeAction") => self.code_actions(id, params),
            (Stage::Open, _) => {
                let message = format!("nothing answers `{method}`");
                self.fail(id, ErrorCode::MethodNotFound, message);
            }
        }
    }

    fn initialize(&mut self, id: RequestId, params: &Value) {
        let has = |pointer: &str| params.pointer(pointer).and_then(Value::as_bool) == Some(true);
        self.has_versions = has("/capabilities/workspace/workspaceEdit/documentChanges");
        self.can_watch = has("/capabilities/workspace/didChangeWatchedFiles/dynamicRegistration");
        let encodings = params.pointer("/capabilities/general/positionEncodings");
        let encodings = encodings.and_then(Value::as_array);
        let mut encodings = encodings.into_iter().flatten();
        self.open.encoding = if encodings.any(|encoding| encoding == "utf-8") {
            Encoding::Utf8
        } else {
            Encoding::Utf16
        };
        self.stage = Stage::Open;
        let server = lsp::ServerInfo {
            name: "agentos".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        };
        let result = lsp::InitializeResult {
            capabilities: capabilities(self.open.encoding),
            server_info: Some(server),
        };
        self.answer(id, result);
    }

    fn notification(&mut self, Notification { method, params }: Notification) {
        match method.as_str() {
            "initialized" => self.watch(),
            "textDocument/didOpen" => {
                self.told::<lsp::DidOpenTextDocumentParams>(&method, params, |server, params| {
                    let uri = params.text_document.uri.clone();
                    server.open.open(params.text_document);
                    server.check(Some(&uri));
                });
            }
            "textDocument/didChange" => {
                self.told::<lsp::DidChangeTextDocumentParams>(&method, params, |server, params| {
                    let uri = params.text_document.text_document_identifier.uri;
                    let version = params.text_document.version;
                    server.open.change(&uri, version, params.content_changes);
                    server.check(Some(&uri));
                });
            }
            "textDocument/didClose" => {
                self.told::<lsp::DidCloseTextDocumentParams>(&method, params, |server, params| {
                    let uri = params.text_document.uri;
                    server.open.close(&uri);
                    server.told.remove(&uri.0);
                    server.publish(uri, None, Vec::new());
                    server.check(None);
                });
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => self.check(None),
            "$/cancelRequest" => {
                let id = params.get("id").cloned().unwrap_or_default();
                if let Ok(id) = serde_json::from_value::<RequestId>(id)
                    && self.pending.remove(&id)
                {
                    let message = "cancelled".to_owned();
                    self.fail(id, ErrorCode::RequestCanceled, message);
                }
            }
            // What needs no answer may be left alone.
            _ => {}
        }
    }

    /// Does what a notification says, when it says it well.
    fn told<P: DeserializeOwned>(
        &mut self,
        method: &str,
        params: Value,
        work: impl FnOnce(&mut Server, P),
    ) {
        match serde_json::from_value(params) {
            Ok(params) => work(self, params),
            Err(error) => self.log(&format!("`{method}`: {error}")),
        }
    }

    /// Asks the client to say when policy files change on the disk.
    fn watch(&mut self) {
        if !self.can_watch {
            return;
        }
        let glob = format!("**/*.{{{}}}", EXTENSIONS.join(","));
        let params = json!({"registrations": [{
            "id": "policy-files",
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": {"watchers": [{"globPattern": glob}]},
        }]});
        let id = RequestId::from("watch".to_owned());
        let request = Request::new(id, "client/registerCapability".to_owned(), params);
        self.said.push(request.into());
    }

    // ---- findings ----

    /// Has all that is open checked, this text first.
    fn check(&mut self, first: Option<&Uri>) {
        self.generation += 1;
        self.newest.store(self.generation, Ordering::Relaxed);
        for checks in &self.checks {
            let job = Job {
                generation: self.generation,
                open: self.open.clone(),
                first: first.cloned(),
            };
            // A thread that is gone is missed by its findings.
            let _ = checks.send(job);
        }
    }

    /// Tells what was found, unless something newer was told or the text is another.
    fn checked(&mut self, checked: Checked) {
        let Some(document) = self.open.get(&checked.uri) else {
            return;
        };
        if (document.opened, document.version) != (checked.opened, checked.version) {
            return;
        }
        let told = self.told.get(&checked.uri.0);
        let is_older = told.is_some_and(|told| {
            told.opened == checked.opened
                && (checked.generation, checked.is_proved) < (told.generation, told.is_proved)
        });
        if is_older {
            return;
        }
        let diagnostics = |shown: &[Shown]| -> Vec<lsp::Diagnostic> {
            let diagnostics = shown.iter().map(|shown| shown.diagnostic.clone());
            diagnostics.collect()
        };
        let found = diagnostics(&checked.shown);
        // Proofs mostly add nothing.
        let is_told = told.is_some_and(|told| {
            (told.opened, told.version) == (checked.opened, checked.version)
                && diagnostics(&told.shown) == found
        });
        if !is_told {
            self.publish(checked.uri.clone(), Some(checked.version), found);
        }
        let told = Told {
            generation: checked.generation,
            is_proved: checked.is_proved,
            opened: checked.opened,
            version: checked.version,
            shown: checked.shown,
        };
        self.told.insert(checked.uri.0, told);
    }

    fn publish(&mut self, uri: Uri, version: Option<i32>, diagnostics: Vec<lsp::Diagnostic>) {
        let params = lsp::PublishDiagnosticsParams {
            uri,
            version,
            diagnostics,
        };
        self.notify("textDocument/publishDiagnostics", params);
    }

    /// What was told of a text as it is now.
    fn shown(&self, document: &Document) -> Arc<Vec<Shown>> {
        let told = self
            .told
            .get(&document.uri.0)
            .filter(|told| (told.opened, told.version) == (document.opened, document.version));
        told.map(|told| Arc::clone(&told.shown)).unwrap_or_default()
    }

    // ---- requests ----

    /// The params of a request, or its answer that they are none.
    fn params<P: DeserializeOwned>(&mut self, id: &RequestId, params: Value) -> Option<P> {
        match serde_json::from_value(params) {
            Ok(params) => Some(params),
            Err(error) => {
                self.fail(id.clone(), ErrorCode::InvalidParams, error.to_string());
                None
            }
        }
    }

    /// The text that a request is about, or its answer that there is none.
    fn document(&mut self, id: &RequestId, uri: &Uri) -> Option<Arc<Document>> {
        let document = self.open.get(uri).cloned();
        if document.is_none() {
            let message = format!("`{uri}` is not open");
            self.fail(id.clone(), ErrorCode::InvalidParams, message);
        }
        document
    }

    /// Has a request answered with what is compiled with its text.
    fn ask<V: Serialize>(
        &mut self,
        desk: usize,
        id: RequestId,
        document: Arc<Document>,
        answer: impl FnOnce(&mut Desk, Project, &Document) -> V + Send + 'static,
    ) {
        let open = self.open.clone();
        let ask = Ask {
            id: id.clone(),
            answer: Box::new(move |desk| {
                let project = desk.disk.project(&open, &document);
                let answer = answer(desk, project, &document);
                serde_json::to_value(answer).unwrap_or_default()
            }),
        };
        if self.desks[desk].send(ask).is_ok() {
            self.pending.insert(id);
        } else {
            let message = "nobody is there to answer".to_owned();
            self.fail(id, ErrorCode::InternalError, message);
        }
    }

    fn hover(&mut self, id: RequestId, params: Value) {
        let Some(params) = self.params::<lsp::HoverParams>(&id, params) else {
            return;
        };
        let place = params.text_document_position_params;
        let Some(document) = self.document(&id, &place.text_document.uri) else {
            return;
        };
        let at = place.position;
        let shown = self.shown(&document);
        let there = shown.iter().filter(|shown| {
            let range = &shown.diagnostic.range;
            range.start <= at && at <= range.end
        });
        let mut found: Vec<_> = there.map(|shown| shown.lint).collect();
        found.dedup_by_key(|lint| lint.code);
        self.ask(1, id, document, move |desk, project, document| {
            let known = desk.known(&project);
            hover::hover(&mut desk.compiled, &known, &project, document, at, &found)
        });
    }

    fn definition(&mut self, id: RequestId, params: Value) {
        let Some(params) = self.params::<lsp::DefinitionParams>(&id, params) else {
            return;
        };
        let place = params.text_document_position_params;
        let Some(document) = self.document(&id, &place.text_document.uri) else {
            return;
        };
        let (encoding, shipped) = (self.open.encoding, Arc::clone(&self.shipped));
        self.ask(0, id, document, move |desk, project, document| {
            let known = desk.known(&project);
            let at = place.position;
            definition::definition(&known, &project, document, at, encoding, &shipped)
        });
    }

    fn completion(&mut self, id: RequestId, params: Value) {
        let Some(params) = self.params::<lsp::CompletionParams>(&id, params) else {
            return;
        };
        let place = params.text_document_position_params;
        let Some(document) = self.document(&id, &place.text_document.uri) else {
            return;
        };
        let open = self.open.clone();
        self.ask(0, id, document, move |desk, project, document| {
            let mut known = desk.known(&project);
            // YAML that does not read says nothing, and mostly the line is to blame that
            // is being written.
            if known.own().policies.is_empty() {
                let byte = document.byte(place.position);
                known = desk.known(&project.without_line(byte));
            }
            let beside = || desk.disk.names_beside(&open, document);
            completion::completion(&known, document, place.position, beside)
        });
    }

    fn formatting(&mut self, id: RequestId, params: Value) {
        let Some(params) = self.params::<lsp::DocumentFormattingParams>(&id, params) else {
            return;
        };
        let Some(document) = self.document(&id, &params.text_document.uri) else {
            return;
        };
        self.ask(0, id, document, move |_, _, document| {
            let edits = format::edits(document);
            (!edits.is_empty()).then_some(edits)
        });
    }

    fn code_actions(&mut self, id: RequestId, params: Value) {
        let Some(params) = self.params::<lsp::CodeActionParams>(&id, params) else {
            return;
        };
        let Some(document) = self.document(&id, &params.text_document.uri) else {
            return;
        };
        let kinds = params.context.only;
        let is_asked = kinds.is_none_or(|kinds| {
            let fixes = [lsp::CodeActionKind::Empty, lsp::CodeActionKind::QuickFix];
            kinds.iter().any(|kind| fixes.contains(kind))
        });
        if !is_asked {
            return self.answer(id, Value::Array(Vec::new()));
        }
        let (shown, has_versions) = (self.shown(&document), self.has_versions);
        self.ask(0, id, document, move |_, _, document| {
            actions::actions(document, &shown, &params.range, has_versions)
        });
    }
}

fn capabilities(encoding: Encoding) -> lsp::ServerCapabilities {
    lsp::ServerCapabilities {
        position_encoding: Some(match encoding {
            Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
            Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(
            lsp::TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(lsp::TextDocumentSyncKind::Incremental),
                save: Some(true.into()),
                ..lsp::TextDocumentSyncOptions::default()
            }
            .into(),
        ),
        hover_provider: Some(true.into()),
        definition_provider: Some(true.into()),
        document_formatting_provider: Some(true.into()),
        completion_provider: Some(lsp::CompletionOptions {
            trigger_characters: Some([".", "["].map(str::to_owned).to_vec()),
            ..lsp::CompletionOptions::default()
        }),
        code_action_provider: Some(
            lsp::CodeActionOptions {
                code_action_kinds: Some(vec![lsp::CodeActionKind::QuickFix]),
                ..lsp::CodeActionOptions::default()
            }
            .into(),
        ),
        ..lsp::ServerCapabilities::default()
    }
}
