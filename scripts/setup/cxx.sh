#!/usr/bin/env bash
# What C++ guests with exceptions need in place of the sysroot's libc++abi, which aborts where it should throw: libc++abi,
# the unwinder, and those parts of libc++ that throw or catch, built from LLVM's sources with WebAssembly exceptions.
# Once with the instructions that browsers had first (legacy), once with those of WebAssembly 3.0 (exnref).
# makes: third_party/wasi-cxx/legacy/libc++eh.a
# makes: third_party/wasi-cxx/exnref/libc++eh.a
source "$(dirname "$0")/lib.sh"
readonly cc=clang-$APT_LLVM cxx=clang++-$APT_LLVM ar=llvm-ar-$APT_LLVM
if [ "${1:-}" = key ]; then
  grep ^SYSROOT_ scripts/setup/pins.sh
  "$cxx" --version 2>/dev/null | head -n 1
  exit
fi

# Only sources are used, so that one machine's wheel is good for all.
scratch_dir
echo "fetching $CXX_PACKAGE $CXX_VERSION"
pip_download "$CXX_PACKAGE" "$CXX_VERSION" "$CXX_SHA256" --platform "$CXX_PLATFORM"
unzip -q "$scratch"/wheel/*.whl 'ziglang/lib/libcxxabi/*' 'ziglang/lib/libunwind/*' 'ziglang/lib/libcxx/src/*' -d "$scratch"
readonly sources=$scratch/ziglang/lib

# Left out: demangling for messages is libc++abi's own, threads do not throw here.
abi=(abort_message cxa_aux_runtime cxa_default_handlers cxa_demangle cxa_exception cxa_exception_storage cxa_guard
     cxa_handlers cxa_personality cxa_vector cxa_virtual fallback_malloc private_typeinfo stdlib_exception
     stdlib_new_delete stdlib_stdexcept stdlib_typeinfo)
library=(any functional ios ios.instantiations locale memory memory_resource optional ostream regex string system_error
         valarray variant vector filesystem/directory_entry filesystem/directory_iterator filesystem/filesystem_clock
         filesystem/filesystem_error filesystem/operations filesystem/path)
options=(--target=wasm32-wasip1 "--sysroot=$third_party/wasi-sysroot" -O2 -DNDEBUG -w -fwasm-exceptions
         -D_LIBCPP_BUILDING_LIBRARY -D_LIBCXXABI_BUILDING_LIBRARY -DLIBCXX_BUILDING_LIBCXXABI
         -DLIBCXXABI_USE_LLVM_UNWINDER -D_LIBCXXABI_HAS_NO_THREADS -D_LIBUNWIND_HIDE_SYMBOLS
         "-I$sources/libcxx/src" "-I$sources/libcxxabi/include" "-I$sources/libcxxabi/src" "-I$sources/libunwind/include")

# It takes wasi-libc for musl, and that for one with copy_file_range.
sed -i 's/ || _LIBCPP_HAS_MUSL_LIBC//' "$sources/libcxx/src/filesystem/operations.cpp"

# The tag of all C++ exceptions, which the compiler only ever declares.
cat > "$scratch/tag.s" <<'ASM'
	.tagtype	__cpp_exception i32
	.globl	__cpp_exception
__cpp_exception:
ASM

commands() {     # one line for xargs per object of the encoding $1
  local encoding=() name
  [ "$1" = legacy ] || encoding=(-mllvm -wasm-use-legacy-eh=false)
  mkdir -p "$scratch/$1"
  for name in "${abi[@]}"; do
    echo "$cxx" -std=c++23 "${options[@]}" "${encoding[@]}" -c "$sources/libcxxabi/src/$name.cpp" -o "$scratch/$1/abi.$name.o"
  done
  for name in "${library[@]}"; do
    echo "$cxx" -std=c++23 "${options[@]}" "${encoding[@]}" -c "$sources/libcxx/src/$name.cpp" -o "$scratch/$1/${name//\//.}.o"
  done
  echo "$cc" -std=c17 "${options[@]}" "${encoding[@]}" -c "$sources/libunwind/src/Unwind-wasm.c" -o "$scratch/$1/unwind.o"
  echo "$cc" --target=wasm32-wasip1 -c "$scratch/tag.s" -o "$scratch/$1/tag.o"
}
{ commands legacy; commands exnref; } | xargs -P "$(jobs)" -L 1 nice

for encoding in legacy exnref; do
  mkdir -p "$scratch/made/$encoding"
  "$ar" rcs "$scratch/made/$encoding/libc++eh.a" "$scratch/$encoding"/*.o
done
replace_dir "$scratch/made" $third_party/wasi-cxx
