;; Four threads count in one shared memory; the first thread waits for them and prints what they counted.
;;   godwit run examples/text/count.wat
(module
  (import "wasi" "thread-spawn" (func $spawn (param $argument i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "env" "memory" (memory 1 1 shared))
  (export "memory" (memory 0))

  ;; In memory: at 0 the count, at 4 how many threads are at work, at 8 a part for fd_write, at 32 digits before a new line.
  (data (i32.const 63) "\n")
  (global $count i32 (i32.const 0))
  (global $at-work i32 (i32.const 4))

  ;; Each thread begins here.
  (func (export "wasi_thread_start") (param $thread i32) (param $rounds i32)
    (loop $again
      (drop (i32.atomic.rmw.add (global.get $count) (i32.const 1)))
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $again (local.get $rounds)))
    (drop (i32.atomic.rmw.sub (global.get $at-work) (i32.const 1)))
    (drop (memory.atomic.notify (global.get $at-work) (i32.const 1))))

  (func $start-thread
    (drop (i32.atomic.rmw.add (global.get $at-work) (i32.const 1)))
    (if (i32.lt_s (call $spawn (i32.const 1000)) (i32.const 0))
      (then (unreachable))))

  (func $wait
    (local $left i32)
    (loop $again
      (if (local.tee $left (i32.atomic.load (global.get $at-work)))
        (then
          (drop (memory.atomic.wait32 (global.get $at-work) (local.get $left) (i64.const -1)))
          (br $again)))))

  (func $print (param $number i32)
    (local $digit i32)
    (local.set $digit (i32.const 63))
    (loop $more
      (local.set $digit (i32.sub (local.get $digit) (i32.const 1)))
      (i32.store8 (local.get $digit) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (br_if $more (local.tee $number (i32.div_u (local.get $number) (i32.const 10)))))
    (i32.store (i32.const 8) (local.get $digit))
    (i32.store (i32.const 12) (i32.sub (i32.const 64) (local.get $digit)))
    (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16))))

  (func (export "_start")
    (call $start-thread)
    (call $start-thread)
    (call $start-thread)
    (call $start-thread)
    (call $wait)
    (call $print (i32.atomic.load (global.get $count)))))
