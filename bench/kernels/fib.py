"""Naive Fibonacci, as fib.c."""
import sys


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


n = int(sys.argv[1])
print(f"{fib(n) if n else 0:016x}")
