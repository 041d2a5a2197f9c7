// A library (reactor): functions of several types for --invoke, and one that needs _initialize to have run.
#include <stdint.h>
#include <stdio.h>

#define EXPORT(name) __attribute__((export_name(name)))

static int is_initialized;
__attribute__((constructor)) static void initialize(void) { is_initialized = 1; }

EXPORT("add") int32_t add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
EXPORT("add64") int64_t add64(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }
EXPORT("half") float half(float a) { return a / 2; }
EXPORT("divide") double divide(double a, double b) { return a / b; }
EXPORT("integer-divide") int32_t integer_divide(int32_t a, int32_t b) { return a / b; }
EXPORT("is-initialized") int32_t get_initialized(void) { return is_initialized; }
EXPORT("greet") void greet(void) { puts("Hello from a library"); }
