// The switch to another native stack on x86-64.
#if defined(__x86_64__)

        .text
        .globl  godwit_call_on_stack
        .hidden godwit_call_on_stack
        .type   godwit_call_on_stack, @function
        .p2align 4

// void godwit_call_on_stack(void* argument (rdi), void (*function)(void*) (rsi), void* top (rdx))
// The frame is found through rbp, so that unwinders cross the switch.
godwit_call_on_stack:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        movq    %rdx, %rsp
        callq   *%rsi
        movq    %rbp, %rsp
        popq    %rbp
        .cfi_def_cfa %rsp, 8
        retq
        .cfi_endproc
        .size   godwit_call_on_stack, . - godwit_call_on_stack

        .globl  godwit_switch_stack
        .hidden godwit_switch_stack
        .type   godwit_switch_stack, @function
        .globl  godwit_begin_on_stack
        .hidden godwit_begin_on_stack
        .type   godwit_begin_on_stack, @function
        .p2align 4

// void godwit_switch_stack(void** from (rdi), void* to (rsi))
// Leaves what a function must preserve on the stack, and the stack pointer in *from; goes on with what lies at `to`:
//
//   to:  | mxcsr, x87 control word | r15 | r14 | r13 | r12 | rbx | rbp | return address |
godwit_switch_stack:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        subq    $8, %rsp
        .cfi_def_cfa_offset 64
        .cfi_offset %rbx, -24
        .cfi_offset %r12, -32
        .cfi_offset %r13, -40
        .cfi_offset %r14, -48
        .cfi_offset %r15, -56
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        ldmxcsr (%rsp)
        fldcw   4(%rsp)
        addq    $8, %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        .cfi_def_cfa_offset 8
        retq
        .cfi_endproc
        .size   godwit_switch_stack, . - godwit_switch_stack

// What a new stack returns to first: calls r12(r13), which does not return. The outermost frame.
godwit_begin_on_stack:
        .cfi_startproc
        .cfi_undefined %rip
        movq    %r13, %rdi
        callq   *%r12
        ud2
        .cfi_endproc
        .size   godwit_begin_on_stack, . - godwit_begin_on_stack

#endif
#if defined(__ELF__)
        .section .note.GNU-stack, "", %progbits
#endif
