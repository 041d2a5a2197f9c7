#!/usr/bin/env python3
"""Runs a WASI program on Wasmtime, as `godwit run` would run it: for the comparisons of compare.py.

    on_wasmtime.py --cache DIR [--dir HOST::GUEST[:ro]]... [--env NAME=VALUE]... FILE [arguments of the guest]

Exit status: the guest's own; 134 if it trapped. --cache is where compiled modules are kept for the next run.
"""
import argparse
import hashlib
import importlib.metadata
import os
import sys

import wasmtime


def engine():
    config = wasmtime.Config()
    config.cranelift_opt_level = "none"  # programs run once or twice: what counts is when they start
    config.wasm_exceptions = True
    return wasmtime.Engine(config)


def module(with_engine, path, cache):
    with open(path, "rb") as file:
        data = file.read()
    key = hashlib.sha256(data + importlib.metadata.version("wasmtime").encode()).hexdigest()
    kept = os.path.join(cache, key[:32] + ".cwasm")
    if not os.path.exists(kept):
        os.makedirs(cache, exist_ok=True)
        own = f"{kept}.{os.getpid()}"
        with open(own, "wb") as file:
            file.write(wasmtime.Module(with_engine, data).serialize())
        os.rename(own, kept)
    return wasmtime.Module.deserialize_file(with_engine, kept)


def wasi(options):
    config = wasmtime.WasiConfig()
    config.argv = [options.file] + options.arguments
    config.env = [pair.split("=", 1) for pair in options.env]
    for mapping in options.dir:
        host, guest = mapping.removesuffix(":ro").split("::")
        config.preopen_dir(host, guest, not mapping.endswith(":ro"))
    config.inherit_stdin()
    config.inherit_stdout()
    config.inherit_stderr()
    return config


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--cache", required=True)
    parser.add_argument("--dir", action="append", default=[])
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("file")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    with_engine = engine()
    guest = module(with_engine, options.file, options.cache)
    store = wasmtime.Store(with_engine)
    store.set_wasi(wasi(options))
    linker = wasmtime.Linker(with_engine)
    linker.define_wasi()
    instance = linker.instantiate(store, guest)
    try:
        instance.exports(store)["_start"](store)
    except wasmtime.ExitTrap as exit_trap:
        return exit_trap.code
    except (wasmtime.Trap, wasmtime.WasmtimeError) as trap:
        print(f"error: {trap}", file=sys.stderr)
        return 134
    return 0


if __name__ == "__main__":
    sys.exit(main())
