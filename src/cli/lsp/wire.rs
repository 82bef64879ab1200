//! Messages on standard input and output: a header with a length, then JSON.
//!
//! What is no message is told apart from the end of the stream, so that one bad message ends nothing. What messages say goes to
//! nobody else.

use lsp_server::Message;
use serde_json::{Value, json};
use std::io::{self, BufRead, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Longest message that is read; a rule text takes 64 KiB.
const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What came.
#[derive(Debug)]
pub enum Incoming {
    /// A request, a notification or an answer.
    Message(Message),
    /// Bytes that are no JSON.
    NotJson,
    /// JSON that is no message; with its id, where it has one.
    NotAMessage(Value),
}

/// The next message; `None` at the end of the stream.
///
/// # Errors
/// Where the stream fails, or a header cannot be read: then nobody knows where the next message begins.
pub fn read(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let Some(length) = header(input)? else { return Ok(None) };
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    let Ok(value) = serde_json::from_slice::<Value>(&body) else { return Ok(Some(Incoming::NotJson)) };
    let id = value.get("id").cloned().unwrap_or(Value::Null);
    Ok(Some(match serde_json::from_value(value) {
        Ok(message) => Incoming::Message(message),
        Err(_) => Incoming::NotAMessage(id),
    }))
}

/// The length that a header says; `None` at the end of the stream.
fn header(input: &mut impl BufRead) -> io::Result<Option<usize>> {
    let invalid = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let mut length = None;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return if length.is_none() { Ok(None) } else { Err(invalid("the stream ends inside of a header")) };
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            return match length {
                Some(length) if length <= MESSAGE_BYTES_MAX => Ok(Some(length)),
                Some(_) => Err(invalid("a message is too long")),
                None => Err(invalid("a header without a length")),
            };
        }
        let (name, value) = line.split_once(':').ok_or_else(|| invalid("a header line without a colon"))?;
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse().map_err(|_| invalid("a length that is no number"))?);
        }
    }
}

/// The way out, which several threads share.
#[derive(Clone)]
pub struct Out(Arc<Mutex<dyn Write + Send>>);

impl Out {
    pub fn new(stream: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(stream)))
    }

    /// Sends a message.
    pub fn send(&self, message: impl Into<Message>) {
        let mut body = serde_json::to_value(message.into()).expect("a message is JSON");
        if let Some(members) = body.as_object_mut() {
            members.insert("jsonrpc".to_owned(), "2.0".into());
        }
        self.write(&body);
    }

    /// Says that something was no message. Its id may be of any shape, or unknown.
    pub fn refuse(&self, id: &Value, code: i32, message: &str) {
        let id = if id.is_string() || id.is_number() { id.clone() } else { Value::Null };
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } }));
    }

    /// A client that is gone reads nothing, and the end of the input says that it is gone.
    fn write(&self, body: &Value) {
        let body = body.to_string();
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = write!(stream, "Content-Length: {}\r\n\r\n{body}", body.len()).and_then(|()| stream.flush());
    }
}
