// C++: throwing to the caller.
// bench: n=300000
#define DEPTH 1
#include "throw.inc"
