// C: jumping out of ten frames.
// bench: n=500000
#define DEPTH 10
#include "longjmp.inc"
