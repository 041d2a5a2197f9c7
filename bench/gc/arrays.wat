;; Byte arrays of 16 bytes to 128 KiB, as strings and buffers are: 1,024 of them live at any time, and each of four
;; million takes the place of another.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (type $bytes (array (mut i8)))
  (type $table (array (mut (ref null $bytes))))
  (func (export "_start")
    (local $table (ref null $table)) (local $n i32) (local $x i32) (local $size i32) (local $sum i32)
    (local.set $table (array.new_default $table (i32.const 1024)))
    (local.set $x (i32.const 12345))
    (loop $l
      (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
      ;; most are small: a power of two, the larger the rarer
      (local.set $size
        (i32.shl (i32.const 16)
          (i32.ctz (i32.or (i32.const 8192) (i32.shr_u (local.get $x) (i32.const 18))))))
      (array.set $table (local.get $table)
        (i32.and (i32.shr_u (local.get $x) (i32.const 8)) (i32.const 1023))
        (array.new $bytes (i32.const 1) (local.get $size)))
      (local.set $sum (i32.add (local.get $sum) (local.get $size)))
      (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 4_000_000))))
    (if (i32.ne (local.get $sum) (i32.const 479761536))
      (then (call $exit (i32.const 3))))))
