// /v1/files
#include <algorithm>
#include <charconv>
#include <tuple>

#include "openai/asker.h"
#include "openai/multipart.h"
#include "openai/transfer.h"

namespace godwit::openai {
namespace {

constexpr std::string_view kPath = "/v1/files";
constexpr size_t kMostFilenameBytes = 255;
constexpr int64_t kMostListed = 10'000;
constexpr std::string_view kPurposes[] = {"assistants", "batch", "fine-tune", "vision", "user_data", "evals"};

json::object shown(const KeptFile& file) {
  return {{"id", file.id},
          {"object", "file"},
          {"bytes", file.bytes},
          {"created_at", file.created_s},
          {"filename", file.filename},
          {"purpose", file.purpose},
          {"status", "processed"}};
}

std::unexpected<ApiError> no_file() {
  return not_found("there is no file of that id", "file_not_found", "file_id");
}

// A name to show to people: what comes after the last slash, without what would end a header's line.
std::string plain_name(std::string_view name) {
  name = name.substr(name.find_last_of("/\\") + 1);
  std::string plain(name.substr(0, kMostFilenameBytes));
  std::erase_if(plain, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  return plain;
}

// "a=b&c=d" without escapes, which none of the values has.
std::string_view query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
  }
  return {};
}

}  // namespace

Outcome<> Service::upload_file(Asker& asker) {
  const Transfer transfer(transfers_);
  OPENAI_CHECK(transfer.begin());
  OPENAI_TRY(const std::string body, read_bytes(asker.request, config_.most_file_bytes));
  const std::string* type = asker.request.field("content-type");
  OPENAI_TRY(const std::vector<FormPart> parts, parse_form(type ? *type : std::string(), body));
  const auto part = [&](std::string_view name) {
    const auto found = std::ranges::find(parts, name, &FormPart::name);
    return found == parts.end() ? nullptr : &*found;
  };
  const FormPart* const content = part("file");
  const FormPart* const purpose = part("purpose");
  if (!content) return bad_field("file", "is missing: the bytes, with a file name");
  if (plain_name(content->filename).empty()) return bad_field("file", "must have a file name");
  if (!purpose || std::ranges::find(kPurposes, purpose->content) == std::end(kPurposes))
    return bad_field("purpose", "must be user_data, assistants, batch, fine-tune, vision or evals");
  if (part("expires_after[anchor]") || part("expires_after[seconds]") || part("expires_after"))
    return bad_field("expires_after", "is not supported here: files stay until they are deleted");
  auto kept = files_.put({.id = new_id("file-"),
                          .owner = asker.owner,
                          .filename = plain_name(content->filename),
                          .purpose = std::string(purpose->content),
                          .created_s = seconds_since_1970()},
                         content->content);
  if (!kept) {
    const bool is_full = kept.error().kind() == ErrorKind::Exhausted;
    return std::unexpected<ApiError>(ApiError{.status = is_full ? 413u : 500u,
                                              .type = is_full ? "invalid_request_error" : "server_error",
                                              .code = is_full ? "storage_full" : "",
                                              .field = {},
                                              .message = kept.error().message()});
  }
  asker.send(shown(*kept));
  return {};
}

Outcome<> Service::files(Asker& asker) {
  const std::string_view path = asker.request.path();
  const std::string& method = asker.request.method();
  if (path == kPath) {
    if (method == "POST") return upload_file(asker);
    if (method == "GET") return list_files(asker);
    return not_found("files are asked with GET and POST", "unknown_url");
  }
  std::string_view id = path.substr(kPath.size() + 1);
  constexpr std::string_view kContent = "/content";
  const bool wants_content = id.ends_with(kContent);
  if (wants_content) id.remove_suffix(kContent.size());
  if (method == "DELETE" && !wants_content) {
    if (!files_.remove(id, asker.owner)) return no_file();
    asker.send({{"id", id}, {"object", "file"}, {"deleted", true}});
    return {};
  }
  if (method != "GET") return not_found("a file is asked with GET and DELETE", "unknown_url");
  const auto file = files_.find(id, asker.owner);
  if (!file) return no_file();
  if (!wants_content) return asker.send(shown(*file)), Outcome<>();
  const Transfer transfer(transfers_);
  OPENAI_CHECK(transfer.begin());
  const auto content = files_.read(id, asker.owner);
  if (!content) return no_file();
  // what somebody uploaded must not come to be a page of this server's
  std::ignore = asker.response.add_field("Content-Type", "application/octet-stream");
  std::ignore = asker.response.add_field("Content-Disposition", "attachment");
  std::ignore = asker.response.add_field("X-Content-Type-Options", "nosniff");
  std::ignore = asker.response.send(*content);
  return {};
}

Outcome<> Service::list_files(Asker& asker) {
  const std::string_view query = asker.request.query();
  std::vector<KeptFile> files = files_.list(asker.owner);
  const std::string_view order = query_value(query, "order");
  if (order != "asc") std::ranges::reverse(files);
  if (const std::string_view purpose = query_value(query, "purpose"); !purpose.empty())
    std::erase_if(files, [&](const KeptFile& file) { return file.purpose != purpose; });
  if (const std::string_view after = query_value(query, "after"); !after.empty()) {
    const auto found = std::ranges::find(files, after, &KeptFile::id);
    if (found == files.end()) return bad_field("after", "must be the id of a file in the list");
    files.erase(files.begin(), found + 1);
  }
  int64_t limit = kMostListed;
  if (const std::string_view text = query_value(query, "limit"); !text.empty()) {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (code != std::errc() || end != text.data() + text.size() || limit < 1 || limit > kMostListed)
      return bad_field("limit", "must be a whole number from 1 to 10000");
  }
  const bool has_more = files.size() > static_cast<size_t>(limit);
  if (has_more) files.resize(static_cast<size_t>(limit));
  json::array list;
  for (const KeptFile& file : files) list.push_back(shown(file));
  json::object answer{{"object", "list"}, {"data", std::move(list)}, {"has_more", has_more}};
  answer["first_id"] = files.empty() ? json::value(nullptr) : json::value(std::string_view(files.front().id));
  answer["last_id"] = files.empty() ? json::value(nullptr) : json::value(std::string_view(files.back().id));
  asker.send(answer);
  return {};
}

}  // namespace godwit::openai
