//! An editor, as far as a server sees it: starts the command that was built, frames
//! JSON over its pipes, and waits for what it says, with a bound.

use std::{
    collections::VecDeque,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Client {
    server: Child,
    input: Option<ChildStdin>,
    said: Receiver<Value>,
    /// Notifications and requests that came while something else was waited for.
    waiting: VecDeque<Value>,
    next: i64,
    pub(crate) folder: TempDir,
    pub(crate) capabilities: Value,
}

impl Client {
    /// Starts a server that is ready to work.
    pub(crate) fn start() -> Client {
        Client::with(&json!({}))
    }

    /// The same for a client that can do this.
    pub(crate) fn with(can: &Value) -> Client {
        let mut client = Client::silent();
        let result = client.request(
            "initialize",
            &json!({"processId": null, "rootUri": null, "capabilities": can}),
        );
        client.capabilities = result["capabilities"].clone();
        client.notify("initialized", &json!({}));
        client
    }

    /// Starts a server and says nothing to it.
    pub(crate) fn silent() -> Client {
        let mut server = Command::new(env!("CARGO_BIN_EXE_agentos"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the command was built");
        let mut output = BufReader::new(server.stdout.take().expect("it is piped"));
        let (sender, said) = channel();
        thread::spawn(move || {
            loop {
                let mut length = None;
                loop {
                    let mut line = String::new();
                    if output.read_line(&mut line).unwrap_or(0) == 0 {
                        return;
                    }
                    assert!(line.ends_with("\r\n"), "no head: {line:?}");
                    match line.trim_end() {
                        "" => break,
                        head => {
                            let value = head.strip_prefix("Content-Length: ");
                            length = Some(value.expect(head).parse().expect(head));
                        }
                    }
                }
                let mut body = vec![0; length.expect("a length")];
                output.read_exact(&mut body).expect("a body");
                let message = serde_json::from_slice(&body).expect("JSON");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Client {
            input: server.stdin.take(),
            server,
            said,
            waiting: VecDeque::new(),
            next: 0,
            folder: TempDir::new().expect("a folder"),
            capabilities: Value::Null,
        }
    }

    // ---- sending ----

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("it is open");
        input.write_all(bytes).expect("the server reads");
        input.flush().expect("the server reads");
    }

    pub(crate) fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let frame = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.send_bytes(frame.as_bytes());
    }

    pub(crate) fn notify(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Sends a request, and gives its number.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> i64 {
        self.next += 1;
        let id = self.next;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        id
    }

    // ---- hearing ----

    /// The next message of the server.
    pub(crate) fn hear(&mut self) -> Value {
        let message = self.said.recv_timeout(PATIENCE);
        message.expect("the server says something")
    }

    /// The whole response with this number.
    pub(crate) fn response(&mut self, id: i64) -> Value {
        loop {
            let message = self.hear();
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
            self.waiting.push_back(message);
        }
    }

    /// The result of a request.
    pub(crate) fn request(&mut self, method: &str, params: &Value) -> Value {
        let id = self.ask(method, params);
        let mut response = self.response(id);
        assert!(response.get("error").is_none(), "{method}: {response}");
        response["result"].take()
    }

    /// All that was said and not heard, once the server has ended.
    pub(crate) fn rest(&mut self) -> Vec<Value> {
        self.waiting.drain(..).chain(self.said.iter()).collect()
    }

    /// The first notification or request of this kind that is as it should be.
    pub(crate) fn wait(&mut self, method: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = match self.waiting.pop_front() {
                Some(message) => message,
                None => self.hear(),
            };
            if message["method"] == method && is_it(&message["params"]) {
                return message;
            }
        }
    }

    /// What is found in a text at a version, once its codes are these.
    pub(crate) fn found(&mut self, uri: &str, version: i64, codes: &[&str]) -> Vec<Value> {
        let own = |params: &Value| params["uri"] == uri && params["version"] == version;
        let has = |params: &Value| {
            let found = params["diagnostics"].as_array().expect("a list");
            let all: Vec<&str> = found
                .iter()
                .map(|one| one["code"].as_str().unwrap())
                .collect();
            all == codes
        };
        let message = self.wait("textDocument/publishDiagnostics", |params| {
            own(params) && has(params)
        });
        message["params"]["diagnostics"].as_array().unwrap().clone()
    }

    // ---- texts ----

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn uri(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    /// Writes a file, and opens nothing.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Opens a text as version 1, and gives its address.
    pub(crate) fn open(&mut self, name: &str, text: &str) -> String {
        let uri = self.uri(name);
        let language = if name.ends_with(".policy") {
            "agentos-policy"
        } else {
            "yaml"
        };
        self.notify(
            "textDocument/didOpen",
            &json!({"textDocument": {"uri": uri, "languageId": language, "version": 1, "text": text}}),
        );
        uri
    }

    /// Replaces a whole text.
    pub(crate) fn replace(&mut self, uri: &str, version: i64, text: &str) {
        self.change(uri, version, &json!([{"text": text}]));
    }

    pub(crate) fn change(&mut self, uri: &str, version: i64, changes: &Value) {
        self.notify(
            "textDocument/didChange",
            &json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}),
        );
    }

    /// A request about a place in a text, given as the text with a `|` there.
    pub(crate) fn at(&mut self, method: &str, uri: &str, marked: &str) -> Value {
        let place = place(marked);
        self.request(
            method,
            &json!({"textDocument": {"uri": uri}, "position": place}),
        )
    }

    /// What a hover says.
    pub(crate) fn hover(&mut self, uri: &str, marked: &str) -> String {
        let hover = self.at("textDocument/hover", uri, marked);
        hover["contents"]["value"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// The labels of what may be written at a place.
    pub(crate) fn complete(&mut self, uri: &str, marked: &str) -> Vec<String> {
        let items = self.at("textDocument/completion", uri, marked);
        let items = items.as_array().expect("a list").iter();
        items
            .map(|item| item["label"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The first way to mend what stands at a diagnostic.
    pub(crate) fn fix(&mut self, uri: &str, diagnostic: &Value) -> Option<Value> {
        let actions = self.request(
            "textDocument/codeAction",
            &json!({"textDocument": {"uri": uri}, "range": diagnostic["range"],
                    "context": {"diagnostics": [diagnostic]}}),
        );
        actions.as_array().expect("a list").first().cloned()
    }

    // ---- the end ----

    pub(crate) fn hang_up(&mut self) {
        self.input = None;
    }

    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.server.wait().expect("it ends")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Where a test failed, the server is still there.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Line and column, in units of UTF-16, of the `|` in a text.
pub(crate) fn place(marked: &str) -> Value {
    let before = marked.split_once('|').expect("a `|` marks the place").0;
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap().encode_utf16().count();
    json!({"line": line, "character": column})
}

/// The text with edits done, whose columns are in units of UTF-16.
pub(crate) fn edited(text: &str, edits: &Value) -> String {
    let byte = |at: &Value| {
        let line = usize::try_from(at["line"].as_u64().unwrap()).unwrap();
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let mut left = at["character"].as_u64().unwrap();
        let rest = text[start..].char_indices().find(|(_, c)| {
            let is_there = left == 0 || *c == '\n';
            left = left.saturating_sub(c.len_utf16() as u64);
            is_there
        });
        rest.map_or(text.len(), |(at, _)| start + at)
    };
    let mut edits: Vec<(usize, usize, &str)> = edits
        .as_array()
        .expect("a list")
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (
                byte(&range["start"]),
                byte(&range["end"]),
                edit["newText"].as_str().unwrap(),
            )
        })
        .collect();
    edits.sort_unstable();
    let mut done = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        done.replace_range(start..end, new);
    }
    done
}
