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

#endif
#if defined(__ELF__)
        .section .note.GNU-stack, "", %progbits
#endif
