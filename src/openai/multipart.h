// Forms with files, as browsers and clients send them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "openai/error.h"

namespace godwit::openai {

struct FormPart {
  std::string name;
  std::string filename;      // empty: none is given
  std::string_view content;  // @lifetime the body's
};

// @param content_type the request's: "multipart/form-data; boundary=…"
// @errors 400: it is no form, has no end, or more than 64 parts.
// spec: https://www.rfc-editor.org/rfc/rfc7578 and https://www.rfc-editor.org/rfc/rfc2046#section-5.1
Outcome<std::vector<FormPart>> parse_form(std::string_view content_type, std::string_view body);

}  // namespace godwit::openai
