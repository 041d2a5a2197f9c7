// A guest that has a WAV file written down.
// usage: hear MODEL OPTIONS FILE   prints output 0, and output 1 on a line of its own
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct tensor {
  const uint32_t* dimensions;
  uint32_t dimension_count;
  uint32_t type;
  const uint8_t* data;
  uint32_t size;
};

#define IMPORT(name) __attribute__((import_module("wasi_ephemeral_nn"), import_name(name)))
uint32_t load_by_name_with_config(const char* name, uint32_t name_size, const char* config,
                                  uint32_t config_size, uint32_t* graph) IMPORT("load_by_name_with_config");
uint32_t init_execution_context(uint32_t graph, uint32_t* context) IMPORT("init_execution_context");
uint32_t set_input(uint32_t context, uint32_t index, const struct tensor*) IMPORT("set_input");
uint32_t compute(uint32_t context) IMPORT("compute");
uint32_t get_output(uint32_t context, uint32_t index, uint8_t* out, uint32_t size, uint32_t* written)
    IMPORT("get_output");

int main(int argc, char** argv) {
  enum { kU8 = 3 };
  static uint8_t sound[1 << 20], answer[1 << 16];
  if (argc != 4) return 2;
  FILE* file = fopen(argv[3], "rb");
  if (!file) return 2;
  const uint32_t dimensions[] = {1};  // as some guests have it, whatever the size is
  const struct tensor tensor = {dimensions, 1, kU8, sound, (uint32_t)fread(sound, 1, sizeof sound, file)};
  uint32_t graph, context, size = 0;
  uint32_t code = load_by_name_with_config(argv[1], (uint32_t)strlen(argv[1]), argv[2],
                                           (uint32_t)strlen(argv[2]), &graph);
  if (!code) code = init_execution_context(graph, &context);
  if (!code) code = set_input(context, 0, &tensor);
  if (!code) code = compute(context);
  for (uint32_t index = 0; !code && index < 2; ++index) {
    code = get_output(context, index, answer, sizeof answer, &size);
    if (!code) printf("%.*s\n", (int)size, (const char*)answer);
  }
  if (code) fprintf(stderr, "error %u\n", code);
  return code != 0;
}
