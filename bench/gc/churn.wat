;; 100 million objects of 16 bytes that die at once, in pairs that refer to each other.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (type $node (struct
    (field $next (mut (ref null $node))) (field $prev (mut (ref null $node))) (field $value (mut i32))))
  (func $ring (param $n i32) (result i32)
    (local $a (ref null $node)) (local $b (ref null $node)) (local $sum i32)
    (loop $l
      (local.set $a (struct.new $node (ref.null $node) (ref.null $node) (local.get $n)))
      (local.set $b (struct.new $node (local.get $a) (local.get $a) (i32.const 1)))
      (struct.set $node $next (local.get $a) (local.get $b))
      (struct.set $node $prev (local.get $a) (local.get $b))
      (local.set $sum
        (i32.add (local.get $sum)
          (struct.get $node $value (struct.get $node $next (struct.get $node $prev (local.get $a))))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func (export "_start")
    (if (i32.ne (call $ring (i32.const 50_000_000)) (i32.const 1333106752))
      (then (call $exit (i32.const 3))))))
