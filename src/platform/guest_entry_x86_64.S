// Entering guest code and landing after a fault, on x86-64. See guest_entry.h for the registers.
#if defined(__x86_64__)

        .text
        .globl  godwit_enter_guest
        .hidden godwit_enter_guest
        .type   godwit_enter_guest, @function
        .globl  godwit_return_from_guest
        .hidden godwit_return_from_guest
        .type   godwit_return_from_guest, @function
        .globl  godwit_resume_guest
        .hidden godwit_resume_guest
        .type   godwit_resume_guest, @function
        .globl  godwit_land_after_fault
        .hidden godwit_land_after_fault
        .type   godwit_land_after_fault, @function
        .p2align 4

// uint32_t godwit_enter_guest(const GuestRegisters* (rdi), Activation* (rsi)): 0 returned, 1 faulted
//
//   frame:  rbp+8 return address | rbp | rbx r12 r13 r14 r15 (-8 … -40) | … | rsp = rbp-64: mxcsr, saved
//
// Handlers preserve rsp only (and rbp, but not when they fault): everything is found from rsp, which is the landing
// place: activation->landing_sp.
godwit_enter_guest:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        subq    $24, %rsp
        .cfi_def_cfa_offset 80
        .cfi_offset %rbx, -24
        .cfi_offset %r12, -32
        .cfi_offset %r13, -40
        .cfi_offset %r14, -48
        .cfi_offset %r15, -56
        // The guest computes with MXCSR 0x1F80; the flags it may have raised (low 6 bits) do not matter. What lies there
        // is taken for the address of a cell by machine code that returns: it is none.
        movq    $0, (%rsp)
        stmxcsr (%rsp)
        movl    (%rsp), %eax
        andl    $0xFFC0, %eax
        cmpl    $0x1F80, %eax
        jne     .Lset_mxcsr
.Lmxcsr_is_set:
        movq    %rsp, (%rsi)
.Lrun:
        movq    (%rdi), %r10
        movq    64(%rdi), %rbp
        movq    8(%rdi), %r12
        movq    16(%rdi), %r13
        movq    24(%rdi), %r14
        movq    32(%rdi), %r15
        movsd   48(%rdi), %xmm0
        movq    56(%rdi), %rsi
        movq    40(%rdi), %rdi
        callq   *%r10
        xorl    %edx, %edx
.Lleave:
        movl    (%rsp), %eax
        andl    $0xFFC0, %eax
        cmpl    $0x1F80, %eax
        jne     .Lrestore_mxcsr
.Lmxcsr_is_restored:
        movl    %edx, %eax
        .cfi_remember_state
        addq    $24, %rsp
        .cfi_adjust_cfa_offset -24
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        retq
        .cfi_restore_state
.Lset_mxcsr:
        movl    $0x1F80, 8(%rsp)
        ldmxcsr 8(%rsp)
        jmp     .Lmxcsr_is_set
.Lrestore_mxcsr:
        ldmxcsr (%rsp)
        jmp     .Lmxcsr_is_restored
// The signal handler returns to here with rsp = activation->landing_sp.
godwit_land_after_fault:
        cld
        movl    $1, %edx
        jmp     .Lleave
// void godwit_return_from_guest(Activation* (rdi)): as if the first handler had returned
godwit_return_from_guest:
        movq    (%rdi), %rsp
        cld
        xorl    %edx, %edx
        jmp     .Lleave
// void godwit_resume_guest(const GuestRegisters* (rdi), Activation* (rsi))
godwit_resume_guest:
        movq    (%rsi), %rsp
        jmp     .Lrun
        .cfi_endproc
        .size   godwit_return_from_guest, godwit_resume_guest - godwit_return_from_guest
        .size   godwit_resume_guest, . - godwit_resume_guest
        .size   godwit_land_after_fault, . - godwit_land_after_fault

// Machine code may have left return addresses on the native stack (see guest_entry.h).
        .globl  godwit_leave_guest
        .hidden godwit_leave_guest
        .type   godwit_leave_guest, @function
godwit_leave_guest:
        leaq    -8(%rdi), %rsp
        retq
        .size   godwit_leave_guest, . - godwit_leave_guest

        .globl  godwit_continue_guest
        .hidden godwit_continue_guest
        .type   godwit_continue_guest, @function
godwit_continue_guest:
        leaq    -8(%rdi), %rsp
        jmpq    *(%r12)
        .size   godwit_continue_guest, . - godwit_continue_guest
        .size   godwit_enter_guest, . - godwit_enter_guest

#endif
#if defined(__ELF__)
        .section .note.GNU-stack, "", %progbits
#endif
