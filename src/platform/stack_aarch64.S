// The switch to another native stack on aarch64.
#if defined(__aarch64__)

        .text
        .globl  godwit_call_on_stack
        .hidden godwit_call_on_stack
        .type   godwit_call_on_stack, %function
        .p2align 4

// void godwit_call_on_stack(void* argument (x0), void (*function)(void*) (x1), void* top (x2))
// The frame is found through x29, so that unwinders cross the switch.
godwit_call_on_stack:
        .cfi_startproc
        stp     x29, x30, [sp, #-16]!
        .cfi_def_cfa_offset 16
        .cfi_offset x29, -16
        .cfi_offset x30, -8
        mov     x29, sp
        .cfi_def_cfa x29, 16
        mov     sp, x2
        blr     x1
        mov     sp, x29
        .cfi_def_cfa sp, 16
        ldp     x29, x30, [sp], #16
        .cfi_def_cfa_offset 0
        .cfi_restore x29
        .cfi_restore x30
        ret
        .cfi_endproc
        .size   godwit_call_on_stack, . - godwit_call_on_stack

#endif
#if defined(__ELF__)
        .section .note.GNU-stack, "", %progbits
#endif
