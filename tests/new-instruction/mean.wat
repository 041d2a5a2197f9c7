;; The instruction of docs/adding-an-instruction.md: scripts/new_instruction.py runs this.
(module
  (func $mean (export "mean") (param i64 i64) (result i64)
    (i64.mean_u (local.get 0) (local.get 1)))
  ;; so often that it is compiled
  (func (export "mean_often") (param i64 i64) (result i64) (local i32 i64)
    (loop
      (local.set 3 (i64.mean_u (local.get 0) (local.get 1)))
      (br_if 0 (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (i32.const 100000))))
    (local.get 3)))
