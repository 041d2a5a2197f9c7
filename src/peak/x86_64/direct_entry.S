// Calls from outside into guests, on x86-64 (runtime/direct_entry.h has the offsets).
        .text
        .globl  godwit_enter_directly
        .hidden godwit_enter_directly
        .type   godwit_enter_directly, @function
        .globl  godwit_enter_cells_directly
        .hidden godwit_enter_cells_directly
        .type   godwit_enter_cells_directly, @function
        .globl  godwit_leave_directly
        .hidden godwit_leave_directly
        .type   godwit_leave_directly, @function
        .p2align 5

#define RECORD_NATIVE 8
#define RECORD_VMCTX 24
#define CONTEXT_MEMORY 0
#define CONTEXT_STORE 16
#define STORE_ENTRY_LIMIT 48
#define STORE_PENDING 80
#define STORE_TRAP 88
#define STORE_DIRECT 200
#define STORE_OUTCOME 208
#define ENTRY_SAVED 24
#define ENTRY_OUTER_STACK 80
#define ENTRY_STORE 88
#define ENTRY_CTX 112
#define ENTRY_ACTIVATION 136
#define ENTRY_OUTER_ACTIVATION 144
#define ENTRY_RETURN_CELL 240
#define THREAD_IS_PREPARED 8

// R godwit_enter_directly(FuncRecord* (rdi), parameters of the function)
// All registers of parameters stay as they are: only rax, r10 and r11 are free. The caller's stack pointer waits in rbx.
godwit_enter_directly:
        .cfi_startproc
        stmxcsr -8(%rsp)
        movl    $0xFFC0, %eax
        andl    -8(%rsp), %eax
        movq    RECORD_VMCTX(%rdi), %r10
        movq    CONTEXT_STORE(%r10), %r10
        cmpl    $0x1F80, %eax
        jne     .Lnot_entered
        movq    STORE_DIRECT(%r10), %rax
        testq   %rax, %rax
        jz      .Lnot_entered
        cmpq    $0, STORE_ENTRY_LIMIT(%r10)
        je      .Lnot_entered
        cmpq    $0, RECORD_NATIVE(%rdi)
        je      .Lnot_entered
        movq    godwit_thread_state@gottpoff(%rip), %r11
        cmpb    $0, %fs:THREAD_IS_PREPARED(%r11)
        je      .Lnot_entered
        movq    $0, STORE_DIRECT(%r10)
        // Mostly there is no other guest on the thread, and the same instance is entered as before. What is not written need
        // not be waited for on the way back.
        cmpq    $0, %fs:(%r11)
        jne     .Lnested
.Lnested_is_noted:
        leaq    ENTRY_ACTIVATION(%rax), %r10
        movq    %r10, %fs:(%r11)
        // Compiled code preserves them, unless it is left in the middle.
        movq    %r15, ENTRY_SAVED(%rax)
        movq    %r14, ENTRY_SAVED+8(%rax)
        movq    %r13, ENTRY_SAVED+16(%rax)
        movq    %r12, ENTRY_SAVED+24(%rax)
        movq    %rbx, ENTRY_SAVED+32(%rax)
        movq    %rbp, ENTRY_SAVED+40(%rax)
        movq    %rsp, ENTRY_OUTER_STACK(%rax)
        movq    %rsp, %rbx
        movq    RECORD_NATIVE(%rdi), %r11
        movq    RECORD_VMCTX(%rdi), %rdi
        cmpq    %rdi, ENTRY_CTX(%rax)
        jne     .Lother_instance
.Lctx_is_noted:
        movq    %rax, %rsp
        .cfi_undefined %rip
        callq   *%r11
        movq    ENTRY_STORE(%rsp), %r11
        cmpq    $0, STORE_PENDING(%r11)
        jne     .Lended
.Lback:
        movq    godwit_thread_state@gottpoff(%rip), %r10
        movq    ENTRY_OUTER_ACTIVATION(%rsp), %rcx
        movq    %rcx, %fs:(%r10)
        testq   %rcx, %rcx
        jne     .Lforget_outer
.Louter_is_forgotten:
        movq    %rsp, STORE_DIRECT(%r11)
        movq    %rbx, %rcx
        movq    ENTRY_SAVED+32(%rsp), %rbx
        movq    %rcx, %rsp
        retq
.Lnested:
        movq    %fs:(%r11), %r10
        movq    %r10, ENTRY_OUTER_ACTIVATION(%rax)
        jmp     .Lnested_is_noted
.Lother_instance:
        movq    %rdi, ENTRY_CTX(%rax)
        jmp     .Lctx_is_noted
.Lforget_outer:
        movq    $0, ENTRY_OUTER_ACTIVATION(%rsp)
        jmp     .Louter_is_forgotten
.Lended:
        movq    $2, STORE_OUTCOME(%r11)
        jmp     .Lback
.Lnot_entered:
        movq    $1, STORE_OUTCOME(%r10)
        retq
        .cfi_endproc
        .size   godwit_enter_directly, . - godwit_enter_directly

// void godwit_enter_cells_directly(const Cell* (rdi), Slot* fp (rsi), VmContext* (rdx), DirectEntry* (rcx))
// Handlers want what platform/guest_entry.h says, and preserve rsp only.
godwit_enter_cells_directly:
        .cfi_startproc
        movq    ENTRY_STORE(%rcx), %r10
        stmxcsr -8(%rsp)
        movl    -8(%rsp), %eax
        andl    $0xFFC0, %eax
        cmpl    $0x1F80, %eax
        jne     .Lnot_entered
        cmpq    $0, STORE_ENTRY_LIMIT(%r10)
        je      .Lnot_entered
        movq    godwit_thread_state@gottpoff(%rip), %r11
        cmpb    $0, %fs:THREAD_IS_PREPARED(%r11)
        je      .Lnot_entered
        movq    $0, STORE_DIRECT(%r10)
        movq    %fs:(%r11), %rax
        testq   %rax, %rax
        jne     .Lcells_are_nested
.Lcells_outer_is_noted:
        leaq    ENTRY_ACTIVATION(%rcx), %rax
        movq    %rax, %fs:(%r11)
        movq    %r15, ENTRY_SAVED(%rcx)
        movq    %r14, ENTRY_SAVED+8(%rcx)
        movq    %r13, ENTRY_SAVED+16(%rcx)
        movq    %r12, ENTRY_SAVED+24(%rcx)
        movq    %rbx, ENTRY_SAVED+32(%rcx)
        movq    %rbp, ENTRY_SAVED+40(%rcx)
        movq    %rsp, ENTRY_OUTER_STACK(%rcx)
        movq    %rcx, %rsp
        .cfi_undefined %rip
        movq    %rdi, %r12
        movq    %rsi, %r13
        movq    %rdx, %r14
        movq    CONTEXT_MEMORY(%rdx), %r15
        movq    %r10, %rbp
        leaq    ENTRY_RETURN_CELL(%rcx), %rdi
        movq    %rdx, %rsi
        callq   *(%r12)
        movq    ENTRY_STORE(%rsp), %r11
        movq    ENTRY_SAVED(%rsp), %r15
        movq    ENTRY_SAVED+8(%rsp), %r14
        movq    ENTRY_SAVED+16(%rsp), %r13
        movq    ENTRY_SAVED+24(%rsp), %r12
        movq    ENTRY_OUTER_STACK(%rsp), %rbx
        movq    ENTRY_SAVED+40(%rsp), %rbp
        cmpq    $0, STORE_TRAP(%r11)
        je      .Lback
        jmp     .Lended
.Lcells_are_nested:
        movq    %rax, ENTRY_OUTER_ACTIVATION(%rcx)
        jmp     .Lcells_outer_is_noted
        .cfi_endproc
        .size   godwit_enter_cells_directly, . - godwit_enter_cells_directly

// Where godwit_return_from_guest (platform/guest_entry_x86_64.S) returns to, the caller's registers restored; eax: 1 after
// a fault in register code, else 0.
godwit_leave_directly:
        subq    $ENTRY_OUTER_STACK, %rsp
        movq    ENTRY_STORE(%rsp), %r11
        leal    2(%rax), %eax
        movq    %rax, STORE_OUTCOME(%r11)
        movq    ENTRY_OUTER_STACK(%rsp), %rbx
        jmp     .Lback
        .size   godwit_leave_directly, . - godwit_leave_directly

        .section .note.GNU-stack, "", %progbits
