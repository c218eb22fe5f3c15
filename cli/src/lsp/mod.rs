//! `agentos lsp`: messages of an editor in, findings and answers out.
//!
//! Here: the verb, what the server can do, and the one loop that all messages go
//! through. It never waits: findings come from [`work`], answers from [`desk`], both on
//! threads of their own, and what is told of a text that has changed since is dropped.
//! Nothing but the protocol goes to standard output.

mod actions;
mod completion;
mod definition;
mod desk;
mod diagnostics;
mod document;
mod format;
mod hover;
mod known;
mod position;
mod project;
mod server;
mod shipped;
mod uri;
mod wire;
mod words;
mod work;
mod yaml;

use std::{
    io,
    sync::{
        Arc,
        atomic::AtomicU64,
        mpsc::{Sender, channel},
    },
    thread,
    time::Duration,
};

use lsp_server::{Message, Response};

use crate::{
    Status,
    output::{self, Failure},
};
use server::Server;

/// Speaks the Language Server Protocol, for editors.
#[derive(clap::Args)]
#[command(after_help = "\
Editors start it and speak with it over standard input and output. It shows what
`agentos validate` finds while you type, says what a rule means with a request that
it decides, goes to definitions, completes, formats, and mends what can be mended.

Below `.agents` and `policies` all policy files are checked together, as `agentos
validate` does; elsewhere a file and those beside it that it extends.

How to set it up in VS Code, Neovim, Helix, Zed and Emacs: docs/editor.md

Ends with 0 after `shutdown` and `exit`, and with 1 when it is cut off, or when what
comes over standard input is none of the protocol's messages.")]
pub(crate) struct Lsp {
    /// Shows notes too, and everything as an error.
    #[arg(long)]
    strict: bool,
    /// Speaks over standard input and output, as it does anyway.
    #[arg(long)]
    stdio: bool,
}

/// So long nobody has to type before a text is checked, and before it is proved.
const QUIET: [Duration; 2] = [Duration::from_millis(40), Duration::from_millis(250)];

/// What the loop waits for.
enum Event {
    Message(Message),
    /// A frame without a message.
    Broken(wire::Broken),
    /// The client is gone.
    Closed,
    /// What was found in a text.
    Checked(work::Checked),
    /// The answer to a request.
    Answer(Response),
}

pub(crate) fn run(verb: &Lsp) -> Result<Status, Failure> {
    let failed = |error| Failure::Pipe("cannot start a thread", error);
    let (sender, events) = channel();
    let shipped = Arc::new(shipped::Shipped::default());
    let newest = Arc::new(AtomicU64::new(0));
    let start = |proves: bool| {
        let kind = work::Kind {
            proves,
            strict: verb.strict,
            quiet: QUIET[usize::from(proves)],
        };
        let (shipped, newest) = (Arc::clone(&shipped), Arc::clone(&newest));
        work::start(kind, shipped, newest, sender.clone())
    };
    let mut server = Server::new(
        [start(false).map_err(failed)?, start(true).map_err(failed)?],
        [
            desk::start("answers", sender.clone()).map_err(failed)?,
            desk::start("hovers", sender.clone()).map_err(failed)?,
        ],
        Arc::clone(&shipped),
        Arc::clone(&newest),
    );
    listen(sender).map_err(failed)?;
    let mut out = io::stdout().lock();
    for event in events {
        let ended = server.hear(event);
        for message in server.said.drain(..) {
            if message.write(&mut out).is_err() {
                // Whoever does not listen any more is gone.
                shipped.remove();
                return Ok(Status::CutOff);
            }
        }
        if let Some(status) = ended {
            shipped.remove();
            return Ok(status);
        }
    }
    Ok(Status::CutOff)
}

/// Reads messages on a thread of its own.
fn listen(events: Sender<Event>) -> io::Result<()> {
    let read = move || {
        let mut input = io::stdin().lock();
        loop {
            let event = match wire::read(&mut input) {
                Ok(Some(wire::Frame::Message(message))) => Event::Message(message),
                Ok(Some(wire::Frame::Broken(broken))) => Event::Broken(broken),
                Ok(None) => Event::Closed,
                Err(error) => {
                    output::report(&Failure::Pipe("standard input", error));
                    Event::Closed
                }
            };
            let is_last = matches!(event, Event::Closed);
            if events.send(event).is_err() || is_last {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("reader".to_owned())
        .spawn(read)
        .map(drop)
}
