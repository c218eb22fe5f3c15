//! Bytes of a client in, messages out, and back: the frames of the protocol.
//!
//! A frame that holds no message is told apart from a pipe that holds no frames: the
//! first is answered and the next one read, the second is an error, which ends the
//! server. Nothing is set aside for a length that somebody claims before the bytes are there.

use std::io::{self, BufRead, Read as _};

use agentos_compiler::finding::visible;
use lsp_server::{ErrorCode, Message, RequestId};

use crate::input::MAX_ALL_BYTES;

/// The longest line of a frame's head.
const LONGEST_HEAD: u64 = 4096;

/// The most characters of a line that an error shows.
const MOST_SHOWN: usize = 60;

/// What a frame held.
pub(super) enum Frame {
    Message(Message),
    /// Something else; the answer to it.
    Broken(Broken),
}

/// Why a frame held no message, and whom to tell.
pub(super) struct Broken {
    pub id: Option<RequestId>,
    pub code: ErrorCode,
    pub message: String,
}

/// The next frame; `None` where the input ends.
pub(super) fn read(from: &mut impl BufRead) -> io::Result<Option<Frame>> {
    let Some(length) = head(from)? else {
        return Ok(None);
    };
    let mut body = Vec::new();
    if length > MAX_ALL_BYTES {
        io::copy(&mut from.take(length as u64), &mut io::sink())?;
        return Ok(Some(broken(
            None,
            ErrorCode::InvalidRequest,
            format!(
                "a message of {length} bytes, over the limit of {MAX_ALL_BYTES} (MAX_ALL_BYTES)"
            ),
        )));
    }
    from.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        return Err(bad(format!(
            "a message of {length} bytes ends after {}",
            body.len()
        )));
    }
    Ok(Some(message(&body)))
}

/// The length that the head of a frame tells.
fn head(from: &mut impl BufRead) -> io::Result<Option<usize>> {
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = from.take(LONGEST_HEAD).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            match length {
                Some(length) => return Ok(Some(length)),
                // A line too many between frames harms nobody.
                None => continue,
            }
        }
        let (name, value) = text.split_once(':').ok_or_else(|| {
            bad(format!(
                "{} is no line of the head of a message, such as `Content-Length: 123`",
                shown(text)
            ))
        })?;
        if name.trim().eq_ignore_ascii_case("Content-Length") {
            let bytes = value.trim().parse();
            length = Some(bytes.map_err(|_| bad(format!("{} is no length", shown(value.trim()))))?);
        }
    }
}

fn bad(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// The beginning of what somebody sent, safe to print.
fn shown(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("`{}…`", visible(&text[..end])),
        None => format!("`{}`", visible(text)),
    }
}

fn message(body: &[u8]) -> Frame {
    let value: serde_json::Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => {
            return broken(None, ErrorCode::ParseError, format!("no JSON: {error}"));
        }
    };
    let id = value
        .get("id")
        .and_then(|id| serde_json::from_value(id.clone()).ok());
    match serde_json::from_value(value) {
        Ok(message) => Frame::Message(message),
        Err(_) => broken(
            id,
            ErrorCode::InvalidRequest,
            "neither a request nor a response nor a notification".to_owned(),
        ),
    }
}

fn broken(id: Option<RequestId>, code: ErrorCode, message: String) -> Frame {
    Frame::Broken(Broken { id, code, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(mut bytes: &[u8]) -> Vec<String> {
        let mut frames = Vec::new();
        while let Ok(Some(frame)) = read(&mut bytes) {
            frames.push(match frame {
                Frame::Message(Message::Request(request)) => request.method,
                Frame::Message(_) => "message".to_owned(),
                Frame::Broken(broken) => format!("{:?}", broken.code),
            });
        }
        frames
    }

    #[test]
    fn a_frame_without_a_message_does_not_end_the_rest() {
        let good = "Content-Length: 27\r\n\r\n{\"id\":1,\"method\":\"shutdown\"}";
        let good = good.replace("27", "28");
        let bytes = format!("Content-Length: 3\r\n\r\n{{x}}content-length:2\r\n\r\n[]{good}");
        assert_eq!(
            frames(bytes.as_bytes()),
            ["ParseError", "InvalidRequest", "shutdown"]
        );
    }

    #[test]
    fn what_is_no_frame_is_said() {
        for (bytes, message) in [
            (
                "hello\r\n\r\n{}",
                "`hello` is no line of the head of a message, such as `Content-Length: 123`",
            ),
            ("Content-Length: two\r\n\r\n{}", "`two` is no length"),
            ("Content-Length: -1\r\n\r\n{}", "`-1` is no length"),
            (
                "Content-Length: 30\r\n\r\n{}",
                "a message of 30 bytes ends after 2",
            ),
        ] {
            let error = read(&mut bytes.as_bytes())
                .err()
                .map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(message));
        }
        let long = "\u{1b}".repeat(LONGEST_HEAD as usize);
        let error = read(&mut long.as_bytes()).err().unwrap().to_string();
        assert!(error.len() < 1000 && !error.contains('\u{1b}'), "{error}");
    }

    #[test]
    fn what_is_cut_short_or_no_frame_ends_it() {
        assert_eq!(
            frames(b"Content-Length: 30\r\n\r\n{}"),
            Vec::<String>::new()
        );
        assert_eq!(frames(b"hello\r\n\r\n{}"), Vec::<String>::new());
        let far = format!("Content-Length: {}\r\n\r\n{{}}", usize::MAX);
        assert_eq!(frames(far.as_bytes()), ["InvalidRequest"]);
    }
}
