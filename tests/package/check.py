#!/usr/bin/env python3
"""Installs Godwit into a scratch directory and builds programs against that, with pkg-config and with find_package(godwit).

usage: check.py SOURCES BUILD C_COMPILER CXX_COMPILER [--full]
  --full   all examples of examples/embedding in both ways, and Debian packages; else one program in C, with pkg-config
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# What must be in the output of each example.
EXPECTED = {
    "hello": "Hello from C!",
    "host_functions": "the guest ended: ",
    "limits": "recurse: call stack exhausted",
    "threads": "the sum of the first 4000 numbers: 8002000",
    "async": "guests at a time: 3",
    "snapshot": "the last one was asked 3 times",
}


class Check:
    def __init__(self, sources, build, c_compiler, cxx_compiler):
        self.examples = sources / "examples" / "embedding"
        self.build = build
        self.compilers = {".c": [c_compiler, "-std=c11"], ".cc": [cxx_compiler, "-std=c++20"]}
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="godwit-package-"))
        self.prefix = self.scratch / "prefix"
        self.libraries = None

    def run(self, *command, **options):
        result = subprocess.run([str(part) for part in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                check=False, **options)  # fmt: skip
        if result.returncode:
            sys.exit(f"{' '.join(map(str, command))} ended with {result.returncode}:\n{result.stdout}")
        return result.stdout

    def install(self, components):
        for component in components:
            self.run("cmake", "--install", self.build, "--prefix", self.prefix, "--component", component)
        self.libraries = next(self.prefix.rglob("libgodwit.so")).parent
        soname = re.search(r"\[(libgodwit\.so\.[0-9.]+)\]", self.run("readelf", "-d", self.libraries / "libgodwit.so"))
        if not soname or not (self.libraries / soname[1]).exists():
            sys.exit("libgodwit.so has no soname, or nothing of that name was installed")

    def check_program(self, program, name):
        arguments = [self.build / "guests" / "hello-c.wasm", "you"] if name == "hello" else []
        output = self.run(program, *arguments, env=dict(os.environ, LD_LIBRARY_PATH=str(self.libraries)))
        if EXPECTED[name] not in output:
            sys.exit(f"{program} printed\n{output}\nwithout {EXPECTED[name]!r}")

    def with_pkg_config(self, source):
        environment = dict(os.environ, PKG_CONFIG_PATH=str(self.libraries / "pkgconfig"))
        flags = self.run("pkg-config", "--cflags", "--libs", "godwit", env=environment).split()
        if flags[0].startswith("-I") and str(self.prefix) not in os.path.normpath(flags[0]):
            sys.exit(f"pkg-config names {flags[0]}, not what was installed")
        program = self.scratch / source.name.replace(".", "_")
        self.run(*self.compilers[source.suffix], "-Wall", source, "-o", program, *flags, "-lpthread")
        self.check_program(program, source.stem)

    def with_cmake(self, sources):
        project = self.scratch / "project"
        project.mkdir()
        lines = ["cmake_minimum_required(VERSION 3.25)", "project(programs C CXX)", "set(CMAKE_CXX_STANDARD 20)",
                 "find_package(godwit 0.1 REQUIRED)", "find_package(Threads REQUIRED)"]  # fmt: skip
        for source in sources:
            target = source.name.replace(".", "_")
            lines += [f"add_executable({target} {source})",
                      f"target_link_libraries({target} PRIVATE godwit::godwit Threads::Threads)"]  # fmt: skip
        (project / "CMakeLists.txt").write_text("\n".join(lines) + "\n")
        self.run("cmake", "-S", project, "-B", project / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}",
                 f"-DCMAKE_C_COMPILER={self.compilers['.c'][0]}", f"-DCMAKE_CXX_COMPILER={self.compilers['.cc'][0]}")  # fmt: skip
        self.run("cmake", "--build", project / "build")
        for source in sources:
            self.check_program(project / "build" / source.name.replace(".", "_"), source.stem)

    def with_cpack(self):
        packages = self.scratch / "packages"
        self.run("cpack", "-G", "DEB", "-B", packages, "--config", self.build / "CPackConfig.cmake", cwd=self.build)
        found = {}
        for package in sorted(packages.glob("*.deb")):
            name = self.run("dpkg-deb", "--field", package, "Package").strip()
            found[name] = self.run("dpkg-deb", "--contents", package)
        wanted = {"godwit": r"\./usr/bin/godwit\n", "libgodwit-dev": r"\./usr/include/wasm\.h\n",
                  "godwit-plugins": r"\./usr/lib/godwit/godwit-\w+", r"libgodwit0.1": r"/libgodwit\.so\.0\.1"}  # fmt: skip
        for name, pattern in wanted.items():
            if not re.search(pattern, found.get(name, "")):
                sys.exit(f"the package {name} lacks {pattern}; there are {found}")
        # unpacked, the executable runs, and finds plug-ins beside it
        root = self.scratch / "root"
        for package in packages.glob("*.deb"):
            self.run("dpkg-deb", "--extract", package, root)
        if "Hello from C!" not in self.run(root / "usr/bin/godwit", "run", self.build / "guests" / "hello-c.wasm"):
            sys.exit("the executable of the package does not run")

    def all(self):
        self.install(["library", "dev", "cli"])
        sources = [source for source in sorted(self.examples.iterdir()) if source.suffix in self.compilers]
        for source in sources:
            self.with_pkg_config(source)
        self.with_cmake(sources)
        self.with_cpack()
        print(f"{len(sources)} programs built in two ways and run; 4 packages")


def main():
    arguments = sys.argv[1:]
    full = "--full" in arguments
    sources, build, *compilers = [argument for argument in arguments if argument != "--full"]
    check = Check(pathlib.Path(sources), pathlib.Path(build), *compilers)
    try:
        if full:
            check.all()
        else:
            check.install(["library", "dev"])
            check.with_pkg_config(check.examples / "host_functions.c")
            print("one program built and run")
    finally:
        shutil.rmtree(check.scratch)


if __name__ == "__main__":
    main()
