// A flow of flows.network without its crates: the same imports, called as they do. It sends what it is sent to the host that its
// path names, by one way of TLS or the other, and answers with what came back.
#include <cstdint>
#include <string>

#define ENV(name) extern "C" __attribute__((import_module("env"), import_name(#name)))
#define TLS(name) extern "C" __attribute__((import_module("rustls_client"), import_name(#name)))
#define HTTPS(name) extern "C" __attribute__((import_module("wasmedge_httpsreq"), import_name(#name)))
ENV(get_flows_user) int32_t get_flows_user(char*);
ENV(get_flow_id) int32_t get_flow_id(char*);
ENV(get_event_body_length) int32_t get_event_body_length();
ENV(get_event_body) int32_t get_event_body(char*);
ENV(get_event_headers_length) int32_t get_event_headers_length();
ENV(get_event_headers) int32_t get_event_headers(char*);
ENV(get_event_query_length) int32_t get_event_query_length();
ENV(get_event_query) int32_t get_event_query(char*);
ENV(get_event_subpath_length) int32_t get_event_subpath_length();
ENV(get_event_subpath) int32_t get_event_subpath(char*);
ENV(set_response) void set_response(const char*, int32_t);
ENV(set_response_headers) void set_response_headers(const char*, int32_t);
ENV(set_response_status) void set_response_status(int32_t);
ENV(set_output) void set_output(const char*, int32_t);
TLS(default_config) int32_t default_config();
TLS(new_codec) int32_t new_codec(int32_t, const char*, int32_t);
TLS(codec_is_handshaking) int32_t codec_is_handshaking(int32_t);
TLS(write_raw) int32_t write_raw(int32_t, const char*, int32_t);
TLS(read_raw) int32_t read_raw(int32_t, char*, int32_t);
TLS(delete_codec) int32_t delete_codec(int32_t);
HTTPS(wasmedge_httpsreq_send_data) void send_data(const char*, uint32_t, uint32_t, const char*, uint32_t);
HTTPS(wasmedge_httpsreq_get_rcv_len) uint32_t get_rcv_len();
HTTPS(wasmedge_httpsreq_get_rcv) void get_rcv(char*);

namespace {

std::string text_of(int32_t (*length)(), int32_t (*get)(char*)) {
  std::string text(static_cast<size_t>(length()), '\0');
  if (get(text.data()) != static_cast<int32_t>(text.size())) __builtin_trap();
  return text;
}

std::string short_text(int32_t (*get)(char*)) {
  char text[100];
  return {text, static_cast<size_t>(get(text))};
}

std::string by_request(const std::string& host, const std::string& request) {
  send_data(host.data(), host.size(), 443, request.data(), request.size());
  std::string answer(get_rcv_len(), '\0');
  get_rcv(answer.data());
  return answer;
}

std::string by_codec(const std::string& host, const std::string& request) {
  const int32_t codec = new_codec(default_config(), host.data(), static_cast<int32_t>(host.size()));
  if (codec < 0 || codec_is_handshaking(codec) != 0) return "no codec";
  for (size_t at = 0; at < request.size();) {
    const int32_t size = write_raw(codec, request.data() + at, static_cast<int32_t>(request.size() - at));
    if (size < 0) return "not written";
    at += static_cast<size_t>(size);
  }
  std::string answer;
  char piece[100];
  for (int32_t size; (size = read_raw(codec, piece, sizeof piece)) > 0;)
    answer.append(piece, static_cast<size_t>(size));
  delete_codec(codec);
  return answer;
}

std::string path_of(const std::string& what) {
  return "/api/" + short_text(get_flows_user) + "/" + short_text(get_flow_id) + "/" + what;
}

std::string post(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace

extern "C" __attribute__((export_name("on_deploy"))) void on_deploy() {
  const std::string answer =
      by_codec("webhook.flows.network", "GET " + path_of("listen?handler_fn=__webhook__on_request_received") +
                                            " HTTP/1.1\r\nHost: x\r\n\r\n");
  set_output(answer.data(), static_cast<int32_t>(answer.size()));
}

extern "C" __attribute__((export_name("__webhook__on_request_received"))) void on_request() {
  const std::string body = text_of(get_event_body_length, get_event_body);
  const std::string subpath = text_of(get_event_subpath_length, get_event_subpath);
  std::string answer;
  if (subpath.starts_with("/a/")) answer = by_request(subpath.substr(3), body);
  else if (subpath.starts_with("/b/")) answer = by_codec(subpath.substr(3), body);
  else
    answer = subpath + "|" + text_of(get_event_query_length, get_event_query) + "|" +
             text_of(get_event_headers_length, get_event_headers) + "|" + body;
  const std::string headers = R"([["X-Flow","yes"],["Access-Control-Allow-Origin","*"]])";
  set_response_status(201);
  set_response_headers(headers.data(), static_cast<int32_t>(headers.size()));
  set_response(answer.data(), static_cast<int32_t>(answer.size()));
}

extern "C" __attribute__((export_name("__schedule__on_triggered"))) void on_triggered() {
  by_request("store.flows.network",
             post(path_of("set"),
                  "{\"key\":\"rang\",\"value\":\"" + text_of(get_event_body_length, get_event_body) + "\"}"));
}
