//! The functions of `godwit:agent/v1` as they are; sdk/wit/agent.wit describes them.
#[link(wasm_import_module = "godwit:agent/v1")]
extern "C" {
    pub fn event_kind(to: *mut u8, room: usize) -> i32;
    pub fn event_id(to: *mut u8, room: usize) -> i32;
    pub fn request_method(to: *mut u8, room: usize) -> i32;
    pub fn request_path(to: *mut u8, room: usize) -> i32;
    pub fn request_query(to: *mut u8, room: usize) -> i32;
    pub fn request_header(name: *const u8, name_size: usize, to: *mut u8, room: usize) -> i32;
    pub fn request_headers(to: *mut u8, room: usize) -> i32;
    pub fn request_read(to: *mut u8, room: usize) -> i32;
    pub fn response_status(status: u32) -> i32;
    pub fn response_header(name: *const u8, name_size: usize, value: *const u8, value_size: usize) -> i32;
    pub fn response_write(bytes: *const u8, size: usize) -> i32;
    pub fn response_flush() -> i32;
    pub fn fail(why: *const u8, size: usize) -> i32;
    pub fn error_message(to: *mut u8, room: usize) -> i32;
    pub fn log(level: u32, text: *const u8, size: usize) -> i32;
    pub fn http_send(
        method: *const u8, method_size: usize, url: *const u8, url_size: usize, headers: *const u8, headers_size: usize,
        body: *const u8, body_size: usize,
    ) -> i32;
    pub fn llm_send(
        model: *const u8, model_size: usize, path: *const u8, path_size: usize, body: *const u8, body_size: usize,
    ) -> i32;
    pub fn http_status(handle: i32) -> i32;
    pub fn http_header(handle: i32, name: *const u8, name_size: usize, to: *mut u8, room: usize) -> i32;
    pub fn http_headers(handle: i32, to: *mut u8, room: usize) -> i32;
    pub fn http_read(handle: i32, to: *mut u8, room: usize) -> i32;
    pub fn http_close(handle: i32) -> i32;
    pub fn kv_get(key: *const u8, key_size: usize, to: *mut u8, room: usize) -> i32;
    pub fn kv_set(key: *const u8, key_size: usize, value: *const u8, value_size: usize) -> i32;
    pub fn kv_delete(key: *const u8, key_size: usize) -> i32;
    pub fn kv_list(prefix: *const u8, prefix_size: usize, after: *const u8, after_size: usize, to: *mut u8, room: usize) -> i32;
    pub fn sql_run(statement: *const u8, statement_size: usize, values: *const u8, values_size: usize) -> i32;
    pub fn redis_call(redis: *const u8, redis_size: usize, command: *const u8, command_size: usize) -> i32;
    pub fn postgres_run(
        postgres: *const u8, postgres_size: usize, statement: *const u8, statement_size: usize, values: *const u8, values_size: usize,
    ) -> i32;
    pub fn tool_call(
        server: *const u8, server_size: usize, tool: *const u8, tool_size: usize, arguments: *const u8, arguments_size: usize,
    ) -> i32;
    pub fn tool_list(server: *const u8, server_size: usize) -> i32;
    pub fn sql_result(handle: i32, to: *mut u8, room: usize) -> i32;
    pub fn sql_close(handle: i32) -> i32;
    pub fn timer_set(name: *const u8, name_size: usize, delay_ms: u64, payload: *const u8, size: usize) -> i32;
    pub fn timer_cancel(name: *const u8, name_size: usize) -> i32;
    pub fn queue_send(
        agent: *const u8, agent_size: usize, key: *const u8, key_size: usize, payload: *const u8, size: usize,
    ) -> i32;
    pub fn websocket_send(id: *const u8, id_size: usize, is_text: u32, bytes: *const u8, size: usize) -> i32;
    pub fn websocket_close(id: *const u8, id_size: usize, code: u32, why: *const u8, size: usize) -> i32;
}
