// Matrix product in float.
// bench: n=500
#include "kernel.h"

typedef float Real;
#include "matmul.inc"
