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

        .globl  godwit_switch_stack
        .hidden godwit_switch_stack
        .type   godwit_switch_stack, %function
        .globl  godwit_begin_on_stack
        .hidden godwit_begin_on_stack
        .type   godwit_begin_on_stack, %function
        .p2align 4

// void godwit_switch_stack(void** from (x0), void* to (x1))
// Leaves what a function must preserve on the stack, and the stack pointer in *from; goes on with what lies at `to`:
//
//   to:  | x19 x20 | x21 x22 | x23 x24 | x25 x26 | x27 x28 | x29 x30 | d8 d9 | d10 d11 | d12 d13 | d14 d15 | fpcr, 0 |
godwit_switch_stack:
        .cfi_startproc
        sub     sp, sp, #176
        .cfi_def_cfa_offset 176
        stp     x19, x20, [sp]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mrs     x9, fpcr
        str     x9, [sp, #160]
        mov     x9, sp
        str     x9, [x0]
        mov     sp, x1
        ldr     x9, [sp, #160]
        msr     fpcr, x9
        ldp     d14, d15, [sp, #144]
        ldp     d12, d13, [sp, #128]
        ldp     d10, d11, [sp, #112]
        ldp     d8, d9, [sp, #96]
        ldp     x29, x30, [sp, #80]
        ldp     x27, x28, [sp, #64]
        ldp     x25, x26, [sp, #48]
        ldp     x23, x24, [sp, #32]
        ldp     x21, x22, [sp, #16]
        ldp     x19, x20, [sp]
        add     sp, sp, #176
        .cfi_def_cfa_offset 0
        ret
        .cfi_endproc
        .size   godwit_switch_stack, . - godwit_switch_stack

// What a new stack returns to first: calls x19(x20), which does not return. The outermost frame.
godwit_begin_on_stack:
        .cfi_startproc
        .cfi_undefined x30
        mov     x0, x20
        blr     x19
        brk     #1
        .cfi_endproc
        .size   godwit_begin_on_stack, . - godwit_begin_on_stack

#endif
#if defined(__ELF__)
        .section .note.GNU-stack, "", %progbits
#endif
