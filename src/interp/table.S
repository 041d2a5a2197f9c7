// The table of handlers: for each cell op, in the order of cells.def, then for each sequence of sequences.def, how far its handler lies from the table's start,
// in bytes. Distances need no work when the program is loaded; addresses would cost a relocation each, at every start.
#include "interp/sequence_name.h"

        .section .rodata.godwit_handler_distances, "a"
        .globl  godwit_handler_distances
        .hidden godwit_handler_distances
        .p2align 2
godwit_handler_distances:
#define GODWIT_CELL(name, ...) .long godwit_cell_##name - godwit_handler_distances;
#define GODWIT_CONTROL_CELL(name) GODWIT_CELL(name)
#include "code/cells.def"
#define GODWIT_SEQUENCE_ENTRY(name) GODWIT_NAMED_ENTRY(name)
#define GODWIT_NAMED_ENTRY(name) .long godwit_cell_##name - godwit_handler_distances;
#define GODWIT_SEQUENCE(...) GODWIT_SEQUENCE_ENTRY(GODWIT_SEQUENCE_NAME(__VA_ARGS__))
#define GODWIT_SEQUENCE_INTO(...) GODWIT_SEQUENCE(__VA_ARGS__)
#define GODWIT_SEQUENCE_FROM(...) GODWIT_SEQUENCE(__VA_ARGS__)
#include "code/sequences.def"

        .section .note.GNU-stack, "", %progbits
