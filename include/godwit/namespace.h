// The namespace of the public API: users write `godwit::Engine`, binaries carry `godwit::v1::Engine`.
#pragma once

// Godwit's own sources use some of the same names inside `godwit`; for them alone v1 is not inline, which changes
// no symbol.
#ifdef GODWIT_IMPLEMENTATION
#define GODWIT_V1 v1
#else
#define GODWIT_V1 inline v1
#endif
