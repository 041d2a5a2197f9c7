// Which file a path is, and what browsers are told about it.
#include "web/pages.h"

#include <span>
#include <tuple>

#include "web/page_files.h"

namespace godwit::web {
namespace {

struct File {
  std::string_view path;
  std::string_view name;
  std::string_view type;
};

constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kScript = "text/javascript; charset=utf-8";
constexpr std::string_view kStyle = "text/css; charset=utf-8";

constexpr File kShared[] = {
    {"/style.css", "style.css", kStyle},
    {"/elements.js", "elements.js", kScript},
    {"/icon.svg", "icon.svg", "image/svg+xml"},
};
constexpr File kChat[] = {
    {"/", "chat.html", kHtml},
    {"/chat.js", "chat.js", kScript},
    {"/conversations.js", "conversations.js", kScript},
    {"/markup.js", "markup.js", kScript},
};
constexpr File kDashboard[] = {
    {"/", "dashboard.html", kHtml},
    {"/dashboard.js", "dashboard.js", kScript},
};

// spec: https://www.w3.org/TR/CSP3/ and https://www.w3.org/TR/trusted-types/: neither inline nor foreign code runs, and
// assigning a text to innerHTML is an error.
constexpr std::string_view kFields[][2] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri "
     "'none'; "
     "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
    // the files are those of the program that runs now
    {"Cache-Control", "no-cache"},
};

const File* find(std::span<const File> files, std::string_view path) {
  for (const File& file : files)
    if (file.path == path) return &file;
  return nullptr;
}

}  // namespace

bool answer(Page page, net::Request& request, net::ResponseWriter& response) {
  if (request.method() != "GET" && request.method() != "HEAD") return false;
  const File* file = find(page == Page::Chat ? std::span<const File>(kChat) : kDashboard, request.path());
  if (!file) file = find(kShared, request.path());
  if (!file) return false;
  for (const auto& [name, value] : kFields) std::ignore = response.add_field(name, value);
  std::ignore = response.add_field("Content-Type", file->type);
  std::ignore = response.send(page_file(file->name));
  return true;
}

}  // namespace godwit::web
