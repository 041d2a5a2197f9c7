;; A linked list on the garbage-collected heap: `sum` makes one of the numbers from 1 to n and adds them up. Nothing holds
;; a list afterwards, so that lists of any number of calls fit.
;;   godwit run --invoke sum examples/text/list.wat 1000
(module
  (type $list (struct (field $head i64) (field $tail (ref null $list))))

  (func $numbers (param $n i64) (result (ref null $list))
    (local $list (ref null $list))
    (loop $more
      (if (i64.eqz (local.get $n))
        (then (return (local.get $list))))
      (local.set $list (struct.new $list (local.get $n) (local.get $list)))
      (local.set $n (i64.sub (local.get $n) (i64.const 1)))
      (br $more))
    (unreachable))

  (func (export "sum") (param $n i64) (result i64)
    (local $rest (ref null $list))
    (local $sum i64)
    (local.set $rest (call $numbers (local.get $n)))
    (block $end
      (loop $more
        (br_if $end (ref.is_null (local.get $rest)))
        (local.set $sum (i64.add (local.get $sum) (struct.get $list $head (local.get $rest))))
        (local.set $rest (struct.get $list $tail (local.get $rest)))
        (br $more)))
    (local.get $sum)))
