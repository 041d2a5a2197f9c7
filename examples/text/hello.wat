;; Says hello by WASI: one write of the text that a data segment puts into memory.
;;   godwit run examples/text/hello.wat
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param $fd i32) (param $parts i32) (param $count i32) (param $written i32) (result i32)))

  (memory (export "memory") 1)
  (data (i32.const 16) "Hello from text!\n")

  (func (export "_start")
    ;; at 0: one part, its address and its length; at 8: how much was written
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const 17))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
