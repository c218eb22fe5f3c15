//! Requests in, answers out, one after the other on a thread that has read what is on
//! the disk and compiled what was asked about last.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::mpsc::{Sender, channel},
    thread,
};

use lsp_server::{ErrorCode, RequestId, Response};
use serde_json::Value;

use super::{
    Event, hover,
    known::Known,
    project::{Disk, Project},
    work::STACK_BYTES,
};

/// What a thread that answers keeps.
#[derive(Default)]
pub(super) struct Desk {
    pub disk: Disk,
    pub compiled: hover::Compiled,
    read: Option<(Project, Rc<Known>)>,
}

impl Desk {
    /// What is declared in a project; of what was read last, only what changed since
    /// is read again.
    pub(super) fn known(&mut self, project: &Project) -> Rc<Known> {
        let known = Rc::new(match &self.read {
            Some((last, known)) => Known::after(project, last, known),
            None => Known::new(project),
        });
        self.read = Some((project.clone(), Rc::clone(&known)));
        known
    }
}

/// A request, and how it is answered.
pub(super) struct Ask {
    pub id: RequestId,
    pub answer: Box<dyn FnOnce(&mut Desk) -> Value + Send>,
}

/// Starts a thread that answers; it ends when nobody asks any more.
pub(super) fn start(name: &str, events: Sender<Event>) -> std::io::Result<Sender<Ask>> {
    let (sender, asked) = channel::<Ask>();
    let work = move || {
        let mut desk = Desk::default();
        for Ask { id, answer } in asked {
            let answered = catch_unwind(AssertUnwindSafe(|| answer(&mut desk)));
            let response = if let Ok(value) = answered {
                Response::new_ok(id, value)
            } else {
                desk = Desk::default();
                let message = "this cannot be answered; please report what it was asked of";
                Response::new_err(id, ErrorCode::InternalError as i32, message.to_owned())
            };
            if events.send(Event::Answer(response)).is_err() {
                return;
            }
        }
    };
    thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK_BYTES)
        .spawn(work)?;
    Ok(sender)
}
