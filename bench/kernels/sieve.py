"""Sieve of Eratosthenes, as sieve.c."""
import sys

SIZE = 1000000


def kernel(n):
    count = 0
    for round_ in range(n):
        composite = bytearray(SIZE)
        for i in range(2, SIZE):
            if composite[i]:
                continue
            count += i ^ round_
            for j in range(i * 2, SIZE, i):
                composite[j] = 1
    return count & 0xFFFFFFFFFFFFFFFF


print(f"{kernel(int(sys.argv[1])):016x}")
