// C++: throwing through ten frames, each with a destructor.
// bench: n=100000
#define DEPTH 10
#include "throw.inc"
