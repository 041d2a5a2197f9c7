;; Binary trees: one of depth 20 lives all the time, while 400 of depth 14 are made, walked and dropped.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree))))
  (func $make (param $depth i32) (result (ref $tree))
    (if (result (ref $tree)) (local.get $depth)
      (then
        (struct.new $tree
          (call $make (i32.sub (local.get $depth) (i32.const 1)))
          (call $make (i32.sub (local.get $depth) (i32.const 1)))))
      (else (struct.new $tree (ref.null $tree) (ref.null $tree)))))
  (func $count (param $tree (ref null $tree)) (result i32)
    (if (result i32) (ref.is_null (local.get $tree))
      (then (i32.const 0))
      (else
        (i32.add (i32.const 1)
          (i32.add
            (call $count (struct.get $tree $left (local.get $tree)))
            (call $count (struct.get $tree $right (local.get $tree))))))))
  (func (export "_start")
    (local $long (ref null $tree)) (local $round i32) (local $sum i32)
    (local.set $long (call $make (i32.const 20)))
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (call $count (call $make (i32.const 14)))))
      (br_if $l (i32.lt_u (local.tee $round (i32.add (local.get $round) (i32.const 1))) (i32.const 400))))
    (if (i32.ne (i32.add (local.get $sum) (call $count (local.get $long))) (i32.const 15203951))
      (then (call $exit (i32.const 3))))))
