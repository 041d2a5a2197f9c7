// The table of handlers: for each cell op, in the order of cells.def, how far its handler lies from the table's start,
// in bytes. Distances need no work when the program is loaded; addresses would cost a relocation each, at every start.
        .section .rodata.godwit_handler_distances, "a"
        .globl  godwit_handler_distances
        .hidden godwit_handler_distances
        .p2align 2
godwit_handler_distances:
#define GODWIT_CELL(name, ...) .long godwit_cell_##name - godwit_handler_distances;
#define GODWIT_CONTROL_CELL(name) GODWIT_CELL(name)
#include "code/cells.def"

        .section .note.GNU-stack, "", %progbits
