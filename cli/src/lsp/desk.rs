//! Requests in, answers out, one after the other on a thread that has read what is on
//! the disk and compiled what was asked about last.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Sender, channel},
    thread,
};

use lsp_server::{ErrorCode, RequestId, Response};
use serde_json::Value;

use super::{Event, hover, project::Disk, work::STACK_BYTES};

/// What a thread that answers keeps.
#[derive(Default)]
pub(super) struct Desk {
    pub disk: Disk,
    pub compiled: hover::Compiled,
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
            let response = match answered {
                Ok(value) => Response::new_ok(id, value),
                Err(_) => {
                    desk = Desk::default();
                    let message = "this cannot be answered; please report what it was asked of";
                    Response::new_err(id, ErrorCode::InternalError as i32, message.to_owned())
                }
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
