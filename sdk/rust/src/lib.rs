//! Agents for Godwit's server. A crate of type `cdylib` exports `on_http`, `on_event`, `on_tool` or several of them:
//!
//! ```ignore
//! #[no_mangle]
//! pub extern "C" fn on_http() {
//!     godwit_agent::response::write(b"Hello").unwrap();
//! }
//! ```
pub mod raw;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// -1 not found, -2 not granted, -3 invalid, -4 too large or too many, -5 failed, -6 timed out, -7 the client has left.
    pub code: i32,
    pub message: String,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

pub type Result<T> = std::result::Result<T, Error>;

fn fill(mut give: impl FnMut(*mut u8, usize) -> i32) -> std::result::Result<Vec<u8>, i32> {
    let mut bytes = vec![0; 256];
    loop {
        let needed = give(bytes.as_mut_ptr(), bytes.len());
        if needed < 0 {
            return Err(needed);
        }
        let fits = needed as usize <= bytes.len();
        bytes.resize(needed as usize, 0);
        if fits {
            return Ok(bytes);
        }
    }
}

fn message() -> String {
    let bytes = fill(|to, room| unsafe { raw::error_message(to, room) }).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn check(code: i32) -> Result<i32> {
    if code < 0 { Err(Error { code, message: message() }) } else { Ok(code) }
}

fn text(give: impl FnMut(*mut u8, usize) -> i32) -> String {
    String::from_utf8_lossy(&fill(give).unwrap_or_default()).into_owned()
}

fn optional(give: impl FnMut(*mut u8, usize) -> i32) -> Result<Option<Vec<u8>>> {
    match fill(give) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(-1) => Ok(None),
        Err(code) => check(code).map(|_| None),
    }
}

fn read_all(mut read: impl FnMut(*mut u8, usize) -> i32) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let size = check(read(piece.as_mut_ptr(), piece.len()))? as usize;
        if size == 0 {
            return Ok(all);
        }
        all.extend_from_slice(&piece[..size]);
    }
}

/// This run has failed: a request is answered with 500, an event comes again later.
pub fn fail(why: &str) {
    unsafe { raw::fail(why.as_ptr(), why.len()) };
}

/// Levels: 0 debug, 1 info, 2 warning, 3 error.
pub fn log(level: u32, message: &str) {
    unsafe { raw::log(level, message.as_ptr(), message.len()) };
}

pub mod event {
    use super::*;
    /// "http", "webhook", "timer", "cron", "queue", "tool", "websocket-open", "websocket-text", "websocket-binary" or
    /// "websocket-close".
    pub fn kind() -> String {
        text(|to, room| unsafe { raw::event_kind(to, room) })
    }
    /// The same when an event comes once more.
    pub fn id() -> String {
        text(|to, room| unsafe { raw::event_id(to, room) })
    }
    pub fn payload() -> Result<Vec<u8>> {
        request::body()
    }
}

/// In `on_tool`, which writes its answer by `response::write`; what it says by `fail` is told to who has called.
pub mod tool {
    use super::*;
    pub fn name() -> String {
        event::id()
    }
    /// JSON, an object, that fits the tool's schema.
    pub fn arguments() -> Result<String> {
        Ok(String::from_utf8_lossy(&request::body()?).into_owned())
    }
}

/// Tools of the MCP servers that the manifest grants.
pub mod mcp {
    use super::*;
    fn take(handle: i32) -> Result<String> {
        let handle = check(handle)?;
        let text = text(|to, room| unsafe { raw::sql_result(handle, to, room) });
        unsafe { raw::sql_close(handle) };
        Ok(text)
    }
    /// `arguments`: JSON, an object. The result: `{"content":[{"type":"text","text":…}],"isError":…}`.
    pub fn call(server: &str, tool: &str, arguments: &str) -> Result<String> {
        take(unsafe {
            raw::tool_call(server.as_ptr(), server.len(), tool.as_ptr(), tool.len(), arguments.as_ptr(), arguments.len())
        })
    }
    /// `[{"name":…,"description":…,"inputSchema":…}]`
    pub fn list(server: &str) -> Result<String> {
        take(unsafe { raw::tool_list(server.as_ptr(), server.len()) })
    }
}

pub mod request {
    use super::*;
    pub fn method() -> String {
        text(|to, room| unsafe { raw::request_method(to, room) })
    }
    pub fn path() -> String {
        text(|to, room| unsafe { raw::request_path(to, room) })
    }
    pub fn query() -> String {
        text(|to, room| unsafe { raw::request_query(to, room) })
    }
    pub fn header(name: &str) -> Option<String> {
        let value = optional(|to, room| unsafe { raw::request_header(name.as_ptr(), name.len(), to, room) }).ok()??;
        Some(String::from_utf8_lossy(&value).into_owned())
    }
    pub fn body() -> Result<Vec<u8>> {
        read_all(|to, room| unsafe { raw::request_read(to, room) })
    }
}

pub mod response {
    use super::*;
    pub fn status(status: u32) -> Result<()> {
        check(unsafe { raw::response_status(status) }).map(|_| ())
    }
    pub fn header(name: &str, value: &str) -> Result<()> {
        check(unsafe { raw::response_header(name.as_ptr(), name.len(), value.as_ptr(), value.len()) }).map(|_| ())
    }
    pub fn write(bytes: &[u8]) -> Result<()> {
        check(unsafe { raw::response_write(bytes.as_ptr(), bytes.len()) }).map(|_| ())
    }
    /// Sends what was written; what is written later follows piece by piece.
    pub fn flush() -> Result<()> {
        check(unsafe { raw::response_flush() }).map(|_| ())
    }
}

/// A response to a request of ours.
pub struct Response(i32);

impl Response {
    pub fn status(&self) -> u32 {
        unsafe { raw::http_status(self.0) as u32 }
    }
    pub fn header(&self, name: &str) -> Option<String> {
        let value = optional(|to, room| unsafe { raw::http_header(self.0, name.as_ptr(), name.len(), to, room) }).ok()??;
        Some(String::from_utf8_lossy(&value).into_owned())
    }
    /// The next piece; empty at the end.
    pub fn read(&mut self) -> Result<Vec<u8>> {
        let mut piece = vec![0; 4096];
        let size = check(unsafe { raw::http_read(self.0, piece.as_mut_ptr(), piece.len()) })?;
        piece.truncate(size as usize);
        Ok(piece)
    }
    pub fn body(&mut self) -> Result<Vec<u8>> {
        read_all(|to, room| unsafe { raw::http_read(self.0, to, room) })
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        unsafe { raw::http_close(self.0) };
    }
}

pub mod http {
    use super::*;
    /// `headers`: lines of "Name: value".
    pub fn send(method: &str, url: &str, headers: &str, body: &[u8]) -> Result<Response> {
        let handle = unsafe {
            raw::http_send(method.as_ptr(), method.len(), url.as_ptr(), url.len(), headers.as_ptr(), headers.len(), body.as_ptr(), body.len())
        };
        check(handle).map(Response)
    }
}

pub mod llm {
    use super::*;
    /// Asks a model that the manifest grants. `path`: chat/completions, completions, embeddings or responses; `body`: JSON.
    pub fn send(model: &str, path: &str, body: &str) -> Result<Response> {
        let handle = unsafe { raw::llm_send(model.as_ptr(), model.len(), path.as_ptr(), path.len(), body.as_ptr(), body.len()) };
        check(handle).map(Response)
    }

    /// Asks for one answer and waits for all of it. `schema`: JSON Schema of the answer; empty: it is free text.
    pub fn ask(model: &str, system: &str, user: &str, schema: &str, max_tokens: u32) -> Result<String> {
        let format = if schema.is_empty() {
            String::new()
        } else {
            format!(r#","response_format":{{"type":"json_schema","json_schema":{{"name":"answer","strict":true,"schema":{schema}}}}}"#)
        };
        let body = format!(
            r#"{{"model":{},"max_tokens":{max_tokens},"messages":[{{"role":"system","content":{}}},{{"role":"user","content":{}}}]{format}}}"#,
            json::quote(model),
            json::quote(system),
            json::quote(user)
        );
        let mut response = send(model, "chat/completions", &body)?;
        let status = response.status();
        let text = String::from_utf8_lossy(&response.body()?).into_owned();
        match json::find(&text, &["choices", "0", "message", "content"]) {
            Some(content) if status == 200 => Ok(json::text_of(content)),
            _ => Err(Error { code: -5, message: format!("the model's server answers {status}: {text}") }),
        }
    }
}

/// As much of JSON as agents need that ask models.
pub mod json {
    pub fn quote(text: &str) -> String {
        let mut quoted = String::from("\"");
        for c in text.chars() {
            match c {
                '"' | '\\' => quoted.extend(['\\', c]),
                c if (c as u32) < 0x20 => quoted.push_str(&format!("\\u{:04x}", c as u32)),
                c => quoted.push(c),
            }
        }
        quoted + "\""
    }

    fn skip_spaces(text: &[u8], mut at: usize) -> usize {
        while at < text.len() && text[at].is_ascii_whitespace() {
            at += 1;
        }
        at
    }

    // One past the value that begins at `at`.
    fn end_of_value(text: &[u8], mut at: usize) -> usize {
        let (mut depth, mut is_string) = (0, false);
        while at < text.len() {
            match text[at] {
                b'\\' if is_string => at += 1,
                b'"' => {
                    is_string = !is_string;
                    if !is_string && depth == 0 {
                        return at + 1;
                    }
                }
                _ if is_string => {}
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 0 => return at,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        return at + 1;
                    }
                }
                b',' | b':' | b' ' | b'\n' if depth == 0 => return at,
                _ => {}
            }
            at += 1;
        }
        text.len()
    }

    /// The value at a path of names, and of numbers in lists, as it is written: `find(text, &["choices", "0", "message"])`.
    pub fn find<'a>(text: &'a str, path: &[&str]) -> Option<&'a str> {
        let mut text = text;
        'steps: for step in path {
            let bytes = text.as_bytes();
            let mut at = skip_spaces(bytes, 0);
            let is_list = *bytes.get(at)? == b'[';
            if !is_list && bytes[at] != b'{' {
                return None;
            }
            at = skip_spaces(bytes, at + 1);
            for index in 0.. {
                if matches!(bytes.get(at)?, b'}' | b']') {
                    return None;
                }
                let mut is_it = is_list && index.to_string() == *step;
                if !is_list {
                    let end = end_of_value(bytes, at);
                    is_it = text.get(at..end)? == quote(step);
                    at = skip_spaces(bytes, end);
                    if *bytes.get(at)? != b':' {
                        return None;
                    }
                    at = skip_spaces(bytes, at + 1);
                }
                let end = end_of_value(bytes, at);
                if is_it {
                    text = text.get(at..end)?;
                    continue 'steps;
                }
                at = skip_spaces(bytes, end);
                if bytes.get(at) == Some(&b',') {
                    at = skip_spaces(bytes, at + 1);
                }
            }
        }
        Some(text)
    }

    /// What a JSON string says; other values as they are written.
    pub fn text_of(value: &str) -> String {
        let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return value.to_string() };
        let mut units: Vec<u16> = Vec::new();
        let mut chars = inner.chars();
        let mut buffer = [0; 2];
        while let Some(c) = chars.next() {
            let meant = match c {
                '\\' => match chars.next().unwrap_or('\\') {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'u' => {
                        let digits: String = chars.by_ref().take(4).collect();
                        units.push(u16::from_str_radix(&digits, 16).unwrap_or(0xfffd));
                        continue;
                    }
                    other => other,
                },
                other => other,
            };
            units.extend_from_slice(meant.encode_utf16(&mut buffer));
        }
        String::from_utf16_lossy(&units)
    }
}

pub mod kv {
    use super::*;
    pub fn get(key: &str) -> Result<Option<Vec<u8>>> {
        optional(|to, room| unsafe { raw::kv_get(key.as_ptr(), key.len(), to, room) })
    }
    pub fn set(key: &str, value: &[u8]) -> Result<()> {
        check(unsafe { raw::kv_set(key.as_ptr(), key.len(), value.as_ptr(), value.len()) }).map(|_| ())
    }
    /// Whether it was there.
    pub fn delete(key: &str) -> Result<bool> {
        check(unsafe { raw::kv_delete(key.as_ptr(), key.len()) }).map(|known| known == 1)
    }
    /// A hundred keys at most, in order, after `after`.
    pub fn list(prefix: &str, after: &str) -> Result<Vec<String>> {
        let bytes = fill(|to, room| unsafe { raw::kv_list(prefix.as_ptr(), prefix.len(), after.as_ptr(), after.len(), to, room) });
        let bytes = bytes.or_else(|code| check(code).map(|_| Vec::new()))?;
        Ok(bytes.split_terminator_nul())
    }

    trait SplitNul {
        fn split_terminator_nul(&self) -> Vec<String>;
    }
    impl SplitNul for Vec<u8> {
        fn split_terminator_nul(&self) -> Vec<String> {
            let keys = self.split(|byte| *byte == 0).map(|key| String::from_utf8_lossy(key).into_owned());
            let mut keys: Vec<String> = keys.collect();
            keys.pop(); // what follows the last NUL
            keys
        }
    }
}

pub mod sql {
    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    pub enum Value {
        Null,
        Integer(i64),
        Real(f64),
        Text(String),
        Blob(Vec<u8>),
    }

    #[derive(Debug, Clone, PartialEq, Default)]
    pub struct Rows {
        pub columns: Vec<String>,
        pub rows: Vec<Vec<Value>>,
        pub changes: i64,
        pub last_row_id: i64,
    }

    fn put(bytes: &mut Vec<u8>, value: &Value) {
        let (tag, payload): (u8, &[u8]) = match value {
            Value::Null => return bytes.push(0),
            Value::Integer(value) => {
                bytes.push(1);
                return bytes.extend_from_slice(&value.to_le_bytes());
            }
            Value::Real(value) => {
                bytes.push(2);
                return bytes.extend_from_slice(&value.to_le_bytes());
            }
            Value::Text(text) => (3, text.as_bytes()),
            Value::Blob(blob) => (4, blob),
        };
        bytes.push(tag);
        bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        bytes.extend_from_slice(payload);
    }

    // The server's bytes are well-formed.
    struct Reader<'a>(&'a [u8]);
    impl<'a> Reader<'a> {
        fn take(&mut self, size: usize) -> &'a [u8] {
            let (front, rest) = self.0.split_at(size);
            self.0 = rest;
            front
        }
        fn u32(&mut self) -> usize {
            u32::from_le_bytes(self.take(4).try_into().unwrap()) as usize
        }
        fn i64(&mut self) -> i64 {
            i64::from_le_bytes(self.take(8).try_into().unwrap())
        }
        fn text(&mut self) -> Vec<u8> {
            let size = self.u32();
            self.take(size).to_vec()
        }
        fn value(&mut self) -> Value {
            match self.take(1)[0] {
                1 => Value::Integer(self.i64()),
                2 => Value::Real(f64::from_le_bytes(self.take(8).try_into().unwrap())),
                3 => Value::Text(String::from_utf8_lossy(&self.text()).into_owned()),
                4 => Value::Blob(self.text()),
                _ => Value::Null,
            }
        }
    }

    pub(crate) fn encode(values: &[Value]) -> Vec<u8> {
        let mut bytes = (values.len() as u32).to_le_bytes().to_vec();
        values.iter().for_each(|value| put(&mut bytes, value));
        bytes
    }

    pub(crate) fn take_rows(handle: i32) -> Result<Rows> {
        let handle = check(handle)?;
        let result = fill(|to, room| unsafe { raw::sql_result(handle, to, room) });
        unsafe { raw::sql_close(handle) };
        let result = result.or_else(|code| check(code).map(|_| Vec::new()))?;
        let mut reader = Reader(&result);
        let mut rows = Rows::default();
        for _ in 0..reader.u32() {
            rows.columns.push(String::from_utf8_lossy(&reader.text()).into_owned());
        }
        for _ in 0..reader.u32() {
            rows.rows.push(rows.columns.iter().map(|_| reader.value()).collect());
        }
        rows.changes = reader.i64();
        rows.last_row_id = reader.i64();
        Ok(rows)
    }

    /// Runs one statement; `?` in it stand for the values.
    pub fn run(statement: &str, values: &[Value]) -> Result<Rows> {
        let bytes = encode(values);
        take_rows(unsafe { raw::sql_run(statement.as_ptr(), statement.len(), bytes.as_ptr(), bytes.len()) })
    }
}

pub mod postgres {
    use super::sql::{encode, take_rows, Rows, Value};
    use super::*;
    /// Runs one statement of the PostgreSQL that the manifest calls `name`; `$1`, `$2` … stand for the values. Integers, reals,
    /// booleans (as 0 and 1) and bytea come as such, all else as text.
    pub fn run(name: &str, statement: &str, values: &[Value]) -> Result<Rows> {
        let bytes = encode(values);
        take_rows(unsafe {
            raw::postgres_run(name.as_ptr(), name.len(), statement.as_ptr(), statement.len(), bytes.as_ptr(), bytes.len())
        })
    }
}

pub mod redis {
    use super::sql::{encode, take_rows, Value};
    use super::*;
    /// A command of the Redis that the manifest calls `name`, its name first. A list in a list is its size and then its values.
    pub fn call(name: &str, command: &[Value]) -> Result<Vec<Value>> {
        let bytes = encode(command);
        let rows = take_rows(unsafe { raw::redis_call(name.as_ptr(), name.len(), bytes.as_ptr(), bytes.len()) })?;
        Ok(rows.rows.into_iter().map(|mut row| row.remove(0)).collect())
    }
}

pub mod timer {
    use super::*;
    /// Rings once after `delay_ms`, at least once whatever happens: `on_event`, of kind "timer", with `name` as its id.
    pub fn set(name: &str, delay_ms: u64, payload: &[u8]) -> Result<()> {
        check(unsafe { raw::timer_set(name.as_ptr(), name.len(), delay_ms, payload.as_ptr(), payload.len()) }).map(|_| ())
    }
    pub fn cancel(name: &str) -> Result<bool> {
        check(unsafe { raw::timer_cancel(name.as_ptr(), name.len()) }).map(|known| known == 1)
    }
}

pub mod queue {
    use super::*;
    /// Tells another agent, at least once; events of the same key within a day are one. Whether it is new.
    pub fn send(agent: &str, key: &str, payload: &[u8]) -> Result<bool> {
        let sent = unsafe { raw::queue_send(agent.as_ptr(), agent.len(), key.as_ptr(), key.len(), payload.as_ptr(), payload.len()) };
        check(sent).map(|new| new == 1)
    }
}

/// WebSockets, on routes that `websockets` of the manifest names. Events tell of them; any run of the agent may send.
pub mod websocket {
    use super::*;
    /// Does not wait for the client. Code -4 where more than 1 MiB would wait for it.
    pub fn send(id: &str, text: &str) -> Result<()> {
        check(unsafe { raw::websocket_send(id.as_ptr(), id.len(), 1, text.as_ptr(), text.len()) }).map(|_| ())
    }
    pub fn send_binary(id: &str, bytes: &[u8]) -> Result<()> {
        check(unsafe { raw::websocket_send(id.as_ptr(), id.len(), 0, bytes.as_ptr(), bytes.len()) }).map(|_| ())
    }
    /// Ends it when what was sent has gone. `code`: 1000, or 3000 to 4999.
    pub fn close(id: &str, code: u32, why: &str) -> Result<()> {
        check(unsafe { raw::websocket_close(id.as_ptr(), id.len(), code, why.as_ptr(), why.len()) }).map(|_| ())
    }
}
