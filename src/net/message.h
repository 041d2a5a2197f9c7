// What HTTP messages consist of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::net {

struct Field {
  std::string name;
  std::string value;
};

// The header fields of a message, in their order. Names are compared without regard to case.
class Fields final {
 public:
  // The first of that name; null if there is none.
  const std::string* find(std::string_view name) const;
  size_t count(std::string_view name) const;
  void add(std::string_view name, std::string_view value);
  // In place of all of that name.
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  void clear() { fields_.clear(); }

  size_t size() const { return fields_.size(); }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

// What comes before a message's body.
struct Head {
  std::string method;          // of a request
  std::string target;          // of a request, as it was sent
  uint32_t status = 0;         // of a response
  uint32_t minor_version = 1;  // HTTP/1.0 or HTTP/1.1
  Fields fields;
};

// Without regard to the case of ASCII letters.
bool equals_ignoring_case(std::string_view a, std::string_view b);

// What a header field's name, or a method, may be. spec: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
bool is_token(std::string_view text);
// What a header field's value may be: no line ends, no other control characters, no spaces around it.
// spec: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
bool is_field_value(std::string_view text);
// What a request's target may be: visible ASCII without spaces.
bool is_target(std::string_view text);

// The words after a status, for people; never empty.
std::string_view reason_of(uint32_t status);

}  // namespace godwit::net
