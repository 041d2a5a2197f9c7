// C: jumping to the caller.
// bench: n=1000000
#define DEPTH 1
#include "longjmp.inc"
