// A JSON parser that builds a tree in an arena and writes it out again: branches, byte loads, pointers. n: repetitions.
// bench: n=150
#include "kernel.h"

typedef enum { Null, False, True, Number, String, Array, Object } Kind;
typedef struct Value {
  Kind kind;
  uint32_t length;   // of text, or number of children
  const char* text;  // String: without quotes
  double number;
  struct Value* child;  // first child; of an object: key, value, key, value …
  struct Value* next;
} Value;

static char source[200000], output[400000];
static Value arena[60000];
static uint32_t used;
static const char *cursor, *limit;

static Value* new_value(Kind kind) {
  if (used == sizeof arena / sizeof arena[0]) abort();
  Value* value = &arena[used++];
  memset(value, 0, sizeof *value);
  value->kind = kind;
  return value;
}

static void skip_space(void) {
  while (cursor < limit && (*cursor == ' ' || *cursor == '\n' || *cursor == '\t' || *cursor == '\r'))
    ++cursor;
}

static Value* parse_string(void) {
  Value* value = new_value(String);
  value->text = ++cursor;
  while (*cursor != '"') cursor += *cursor == '\\' ? 2 : 1;
  value->length = (uint32_t)(cursor - value->text);
  ++cursor;
  return value;
}

static Value* parse_number(void) {
  Value* value = new_value(Number);
  double sign = 1, number = 0, scale = 1;
  if (*cursor == '-') {
    sign = -1;
    ++cursor;
  }
  while (*cursor >= '0' && *cursor <= '9') number = number * 10 + (*cursor++ - '0');
  if (*cursor == '.') {
    ++cursor;
    while (*cursor >= '0' && *cursor <= '9') {
      number = number * 10 + (*cursor++ - '0');
      scale *= 10;
    }
  }
  value->number = sign * number / scale;
  return value;
}

static Value* parse_value(void) {
  skip_space();
  switch (*cursor) {
    case '"': return parse_string();
    case 't': cursor += 4; return new_value(True);
    case 'f': cursor += 5; return new_value(False);
    case 'n': cursor += 4; return new_value(Null);
    case '[':
    case '{': {
      const int is_object = *cursor == '{';
      Value* value = new_value(is_object ? Object : Array);
      Value** tail = &value->child;
      ++cursor;
      skip_space();
      while (*cursor != ']' && *cursor != '}') {
        if (is_object) {
          skip_space();
          *tail = parse_string();
          tail = &(*tail)->next;
          skip_space();
          ++cursor;
        }
        *tail = parse_value();
        tail = &(*tail)->next;
        ++value->length;
        skip_space();
        if (*cursor == ',') ++cursor;
        skip_space();
      }
      ++cursor;
      return value;
    }
    default: return parse_number();
  }
}

static char* put(char* out, const char* text, uint32_t length) {
  for (uint32_t i = 0; i < length; ++i) *out++ = text[i];
  return out;
}

static char* print_number(char* out, double number) {
  if (number < 0) {
    *out++ = '-';
    number = -number;
  }
  uint64_t scaled = (uint64_t)(number * 1000 + 0.5);
  char digits[24];
  int count = 0;
  do {
    digits[count++] = (char)('0' + scaled % 10);
    scaled /= 10;
  } while (scaled || count < 4);
  while (count) {
    *out++ = digits[--count];
    if (count == 3) *out++ = '.';
  }
  return out;
}

static char* print_value(char* out, const Value* value) {
  switch (value->kind) {
    case Null: return put(out, "null", 4);
    case True: return put(out, "true", 4);
    case False: return put(out, "false", 5);
    case Number: return print_number(out, value->number);
    case String:
      *out++ = '"';
      out = put(out, value->text, value->length);
      *out++ = '"';
      return out;
    case Array:
    case Object:
      *out++ = value->kind == Array ? '[' : '{';
      for (const Value* child = value->child; child; child = child->next) {
        out = print_value(out, child);
        if (value->kind == Object) {
          *out++ = ':';
          child = child->next;
          out = print_value(out, child);
        }
        if (child->next) *out++ = ',';
      }
      *out++ = value->kind == Array ? ']' : '}';
      return out;
  }
  return out;
}

static uint32_t make_source(void) {
  uint64_t state = 3;
  uint32_t length = 0;
  source[length++] = '[';
  for (int i = 0; i < 1000; ++i) {
    const uint64_t r = next_random(&state);
    length += (uint32_t)snprintf(source + length, sizeof source - length,
                                 "%s{ \"id\": %d, \"name\": \"agent %llx\", \"scores\": [%u.%02u, -%u, %u], "
                                 "\"alive\": %s, \"next\": null,"
                                 " \"text\": \"some \\\"quoted\\\" words\" }",
                                 i ? ",\n  " : "", i, (unsigned long long)r, (unsigned)(r & 1023),
                                 (unsigned)(r >> 12 & 63), (unsigned)(r >> 20 & 4095),
                                 (unsigned)(r >> 40 & 7), r >> 60 & 1 ? "true" : "false");
  }
  source[length++] = ']';
  return length;
}

static uint64_t kernel(uint32_t n) {
  const uint32_t length = make_source();
  uint64_t sum = 0;
  for (uint32_t round = 0; round < n; ++round) {
    used = 0;
    cursor = source;
    limit = source + length;
    const char* end = print_value(output, parse_value());
    for (const char* p = output; p < end; p += 61) sum = sum * 31 + (uint8_t)*p;
    sum += (uint64_t)(end - output);
  }
  return sum;
}
