// Entering guest code and landing after a fault, on aarch64. See guest_entry.h for the registers.
#if defined(__aarch64__)

        .text
        .globl  godwit_enter_guest
        .hidden godwit_enter_guest
        .type   godwit_enter_guest, %function
        .globl  godwit_land_after_fault
        .hidden godwit_land_after_fault
        .type   godwit_land_after_fault, %function
        .p2align 4

// uint32_t godwit_enter_guest(const GuestRegisters* (x0), Activation* (x1)): 0 returned, 1 faulted
//
//   frame:  sp: x29 x30 | x19 … x28 | d8 … d15 | fpcr (at 160)
//
// Handlers preserve sp only (and x29, but not when they fault): everything is found from sp, which is the landing place:
// activation->landing_sp.
godwit_enter_guest:
        .cfi_startproc
        sub     sp, sp, #176
        .cfi_def_cfa_offset 176
        stp     x29, x30, [sp]
        stp     x19, x20, [sp, #16]
        stp     x21, x22, [sp, #32]
        stp     x23, x24, [sp, #48]
        stp     x25, x26, [sp, #64]
        stp     x27, x28, [sp, #80]
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        .cfi_offset x29, -176
        .cfi_offset x30, -168
        .cfi_offset x19, -160
        .cfi_offset x20, -152
        .cfi_offset x21, -144
        .cfi_offset x22, -136
        .cfi_offset x23, -128
        .cfi_offset x24, -120
        .cfi_offset x25, -112
        .cfi_offset x26, -104
        .cfi_offset x27, -96
        .cfi_offset x28, -88
        .cfi_offset d8, -80
        .cfi_offset d9, -72
        .cfi_offset d10, -64
        .cfi_offset d11, -56
        .cfi_offset d12, -48
        .cfi_offset d13, -40
        .cfi_offset d14, -32
        .cfi_offset d15, -24
        // The guest computes with FPCR 0.
        mrs     x9, fpcr
        str     x9, [sp, #160]
        cbz     x9, 1f
        msr     fpcr, xzr
1:
        mov     x9, sp
        str     x9, [x1]
.Lrun:
        ldp     x9, x20, [x0]
        ldp     x21, x22, [x0, #16]
        ldp     x23, x24, [x0, #32]
        ldr     d0, [x0, #48]
        ldr     x25, [x0, #56]
        ldr     x29, [x0, #64]
        blr     x9
        mov     w0, #0
.Lleave:
        ldr     x9, [sp, #160]
        cbz     x9, 2f
        msr     fpcr, x9
2:
        ldp     d14, d15, [sp, #144]
        ldp     d12, d13, [sp, #128]
        ldp     d10, d11, [sp, #112]
        ldp     d8, d9, [sp, #96]
        ldp     x27, x28, [sp, #80]
        ldp     x25, x26, [sp, #64]
        ldp     x23, x24, [sp, #48]
        ldp     x21, x22, [sp, #32]
        ldp     x19, x20, [sp, #16]
        ldp     x29, x30, [sp]
        add     sp, sp, #176
        .cfi_remember_state
        .cfi_def_cfa_offset 0
        ret
        .cfi_restore_state
// The signal handler returns to here with sp = activation->landing_sp.
godwit_land_after_fault:
        mov     w0, #1
        b       .Lleave
        .globl  godwit_return_from_guest
        .hidden godwit_return_from_guest
        .type   godwit_return_from_guest, %function
        .globl  godwit_resume_guest
        .hidden godwit_resume_guest
        .type   godwit_resume_guest, %function
// void godwit_return_from_guest(Activation* (x0)): as if the first handler had returned
godwit_return_from_guest:
        ldr     x9, [x0]
        mov     sp, x9
        mov     w0, #0
        b       .Lleave
// void godwit_resume_guest(const GuestRegisters* (x0), Activation* (x1))
godwit_resume_guest:
        ldr     x9, [x1]
        mov     sp, x9
        b       .Lrun
        .cfi_endproc
        .size   godwit_return_from_guest, godwit_resume_guest - godwit_return_from_guest
        .size   godwit_resume_guest, . - godwit_resume_guest
        .size   godwit_land_after_fault, . - godwit_land_after_fault

// Nothing of the guest's lies on the native stack here: machine code calls through cells only.
        .globl  godwit_leave_guest
        .hidden godwit_leave_guest
        .type   godwit_leave_guest, %function
godwit_leave_guest:
        ret
        .size   godwit_leave_guest, . - godwit_leave_guest

        .globl  godwit_continue_guest
        .hidden godwit_continue_guest
        .type   godwit_continue_guest, %function
godwit_continue_guest:
        ldr     x9, [x20]
        br      x9
        .size   godwit_continue_guest, . - godwit_continue_guest
        .size   godwit_enter_guest, . - godwit_enter_guest

#endif
#if defined(__ELF__)
        .section .note.GNU-stack, "", %progbits
#endif
