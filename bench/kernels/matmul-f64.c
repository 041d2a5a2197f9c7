// Matrix product in double.
// bench: n=250
#include "kernel.h"

typedef double Real;
#include "matmul.inc"
