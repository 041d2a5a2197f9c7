// A guest that knows of wasi_ephemeral_nn what its first drafts had: five functions, u8 = 2, no names. Its model is
// a TensorFlow Lite file, whose bytes it gives to the host.
// usage: five_functions MODEL PICTURE   (1024 bytes); prints what comes out, byte by byte
#include <stdint.h>
#include <stdio.h>

struct builder {
  const uint8_t* data;
  uint32_t size;
};
struct tensor {
  const uint32_t* dimensions;
  uint32_t dimension_count;
  uint32_t type;
  const uint8_t* data;
  uint32_t size;
};

#define IMPORT(name) __attribute__((import_module("wasi_ephemeral_nn"), import_name(name)))
uint32_t load(const struct builder*, uint32_t count, uint32_t encoding, uint32_t target, uint32_t* graph)
    IMPORT("load");
uint32_t init_execution_context(uint32_t graph, uint32_t* context) IMPORT("init_execution_context");
uint32_t set_input(uint32_t context, uint32_t index, const struct tensor*) IMPORT("set_input");
uint32_t compute(uint32_t context) IMPORT("compute");
uint32_t get_output(uint32_t context, uint32_t index, uint8_t* out, uint32_t size, uint32_t* written)
    IMPORT("get_output");

static uint32_t read_file(const char* path, uint8_t* to, uint32_t most) {
  FILE* file = fopen(path, "rb");
  if (!file) return 0;
  const uint32_t size = (uint32_t)fread(to, 1, most, file);
  fclose(file);
  return size;
}

int main(int argc, char** argv) {
  enum { kTensorFlowLite = 4, kCpu = 0, kOldU8 = 2 };
  static uint8_t model[65536], picture[1024];
  if (argc != 3) return 2;
  const struct builder builder = {model, read_file(argv[1], model, sizeof model)};
  if (read_file(argv[2], picture, sizeof picture) != sizeof picture) return 2;
  const uint32_t dimensions[] = {1, 32, 32, 1};
  const struct tensor tensor = {dimensions, 4, kOldU8, picture, sizeof picture};
  uint32_t graph, context, size = 0;
  uint8_t answer[64];
  uint32_t code = load(&builder, 1, kTensorFlowLite, kCpu, &graph);
  if (!code) code = init_execution_context(graph, &context);
  if (!code) code = set_input(context, 0, &tensor);
  if (!code) code = compute(context);
  if (!code) code = get_output(context, 0, answer, sizeof answer, &size);
  if (code) {
    fprintf(stderr, "error %u\n", code);
    return 1;
  }
  for (uint32_t i = 0; i < size; ++i) printf("%u ", answer[i]);
  printf("\n");
  return 0;
}
