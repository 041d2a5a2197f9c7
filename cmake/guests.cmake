# Programs for WebAssembly: each becomes <build>/guests/<name>.wasm, all of them the target `guests`.
# The compilers are those of ./dev setup; the sysroots lie in third_party/.
option(GODWIT_BUILD_GUESTS "Build the guest programs of examples/ and tests/" ON)
set(GODWIT_THIRD_PARTY ${PROJECT_SOURCE_DIR}/third_party CACHE PATH "Where ./dev setup puts what it fetches")
set(GODWIT_GUEST_DIR ${PROJECT_BINARY_DIR}/guests)
set(GODWIT_WASI_SYSROOT ${GODWIT_THIRD_PARTY}/wasi-sysroot)

add_custom_target(guests ALL)
file(MAKE_DIRECTORY ${GODWIT_GUEST_DIR})

if(GODWIT_BUILD_GUESTS AND NOT EXISTS ${GODWIT_WASI_SYSROOT}/lib/wasm32-wasip1/libc.a)
  message(FATAL_ERROR "The guest sysroot is not in ${GODWIT_WASI_SYSROOT}. Run ./dev setup, "
                      "or configure with -DGODWIT_BUILD_GUESTS=OFF")
endif()
find_program(GODWIT_GUEST_CC NAMES clang-22 clang)
find_program(GODWIT_GUEST_CXX NAMES clang++-22 clang++)
find_program(GODWIT_GUEST_LD NAMES wasm-ld-22 wasm-ld)
find_program(GODWIT_GUEST_AR NAMES llvm-ar-22 llvm-ar)
# Debian's, by full path: the rlibs in the Rust sysroot belong to this one compiler
find_program(GODWIT_GUEST_CARGO NAMES cargo PATHS /usr/bin NO_DEFAULT_PATH)
find_program(GODWIT_GUEST_RUSTC NAMES rustc PATHS /usr/bin NO_DEFAULT_PATH)

# The target that others depend on is guest_<name>.
function(godwit_register_guest name wasm)
  add_custom_target(guest_${name} DEPENDS ${wasm})
  add_dependencies(guests guest_${name})
endfunction()

# godwit_add_guest_c(<name> SOURCES <file>... [INCLUDES <dir>...] [OPTIONS <compile option>...] [LINK <link option>...]
#                    [EXCEPTIONS legacy|exnref])
# A command program in C or C++, by the sources' extensions (.c, else C++20 without exceptions).
# EXCEPTIONS: C++ with exceptions, and setjmp, by the instructions that browsers had first or by WebAssembly 3.0's.
function(godwit_add_guest_c name)
  if(NOT GODWIT_BUILD_GUESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 guest "" "EXCEPTIONS" "SOURCES;INCLUDES;OPTIONS;LINK")
  set(target --target=wasm32-wasip1 --sysroot=${GODWIT_WASI_SYSROOT})
  set(linker ${GODWIT_GUEST_CC})
  set(objects)
  set(libraries ${GODWIT_WASI_SYSROOT}/lib/wasm32-wasip1/libc.a)
  set(exceptions -fno-exceptions)
  if(guest_EXCEPTIONS)
    set(eh_library ${GODWIT_THIRD_PARTY}/wasi-cxx/${guest_EXCEPTIONS}/libc++eh.a)
    if(NOT EXISTS ${eh_library})
      message(FATAL_ERROR "The C++ run-time library for guests is not in ${eh_library}. Run ./dev setup")
    endif()
    list(APPEND libraries ${eh_library})
    set(exceptions -fwasm-exceptions)
    list(APPEND guest_OPTIONS -mllvm -wasm-enable-sjlj)
    if(guest_EXCEPTIONS STREQUAL "exnref")
      list(APPEND guest_OPTIONS -mllvm -wasm-use-legacy-eh=false)
    endif()
    list(APPEND guest_LINK -nostdlib++ ${eh_library} -lc++ -lsetjmp)
  endif()
  list(TRANSFORM guest_INCLUDES PREPEND -I)
  foreach(source IN LISTS guest_SOURCES)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    cmake_path(GET source FILENAME file)
    set(object ${GODWIT_GUEST_DIR}/obj/${name}/${file}.o)
    if(file MATCHES "\\.c$")
      set(compiler ${GODWIT_GUEST_CC} -std=c11)
    else()
      set(compiler ${GODWIT_GUEST_CXX} -std=c++20 ${exceptions})
      set(linker ${GODWIT_GUEST_CXX})
    endif()
    add_custom_command(OUTPUT ${object}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${GODWIT_GUEST_DIR}/obj/${name}
      COMMAND ${compiler} ${target} -O2 -Wall -Wextra ${guest_INCLUDES} ${guest_OPTIONS}
              -MD -MF ${object}.d -c ${source} -o ${object}
      DEPENDS ${source} DEPFILE ${object}.d
      COMMENT "Compiling guest ${name}: ${file}" VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set(wasm ${GODWIT_GUEST_DIR}/${name}.wasm)
  # --no-wasm-opt: an old binaryen on the PATH breaks clang's link step
  add_custom_command(OUTPUT ${wasm}
    COMMAND ${linker} ${target} --no-wasm-opt ${objects} ${guest_LINK} -o ${wasm}
    DEPENDS ${objects} ${libraries}
    COMMENT "Linking guest ${name}.wasm" VERBATIM)
  godwit_register_guest(${name} ${wasm})
endfunction()

# What cargo and the build scripts of crates with C sources are told.
set(GODWIT_GUEST_RUST_ENV ${CMAKE_COMMAND} -E env
  RUSTC=${GODWIT_GUEST_RUSTC}
  "CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS=--sysroot=${GODWIT_THIRD_PARTY}/rust-sysroot -Clinker=${GODWIT_GUEST_LD}"
  "CC_wasm32_wasip1=${GODWIT_GUEST_CC}" "AR_wasm32_wasip1=${GODWIT_GUEST_AR}"
  "CFLAGS_wasm32_wasip1=--target=wasm32-wasip1 --sysroot=${GODWIT_WASI_SYSROOT}")

# godwit_add_guest_rust(<name> <crate directory>): a crate whose binary is called <name>.
function(godwit_add_guest_rust name crate)
  if(NOT GODWIT_BUILD_GUESTS)
    return()
  endif()
  cmake_path(ABSOLUTE_PATH crate BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${crate}/src/*.rs)
  set(rust_target_dir ${GODWIT_GUEST_DIR}/obj/${name})
  set(wasm ${GODWIT_GUEST_DIR}/${name}.wasm)
  add_custom_command(OUTPUT ${wasm}
    COMMAND ${GODWIT_GUEST_RUST_ENV} ${GODWIT_GUEST_CARGO} build --quiet --release --locked --target wasm32-wasip1
        --manifest-path ${crate}/Cargo.toml --target-dir ${rust_target_dir}
    COMMAND ${CMAKE_COMMAND} -E copy ${rust_target_dir}/wasm32-wasip1/release/${name}.wasm ${wasm}
    DEPENDS ${sources} ${crate}/Cargo.toml ${crate}/Cargo.lock
            ${GODWIT_THIRD_PARTY}/rust-sysroot/lib/rustlib/wasm32-wasip1/lib/self-contained/libc.a
    COMMENT "Building guest ${name}.wasm (Rust)" VERBATIM)
  godwit_register_guest(${name} ${wasm})
endfunction()

# godwit_add_guest_rust_library(<name> <crate directory> <other source directory>...): a crate of type cdylib, whose library
# is called <name> with '_' in place of '-'.
function(godwit_add_guest_rust_library name crate)
  if(NOT GODWIT_BUILD_GUESTS)
    return()
  endif()
  cmake_path(ABSOLUTE_PATH crate BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set(patterns ${crate}/src/*.rs)
  foreach(other IN LISTS ARGN)
    list(APPEND patterns ${other}/src/*.rs)
  endforeach()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${patterns})
  string(REPLACE "-" "_" library ${name})
  set(rust_target_dir ${GODWIT_GUEST_DIR}/obj/${name})
  set(wasm ${GODWIT_GUEST_DIR}/${name}.wasm)
  add_custom_command(OUTPUT ${wasm}
    COMMAND ${GODWIT_GUEST_RUST_ENV} ${GODWIT_GUEST_CARGO} build --quiet --release --locked --target wasm32-wasip1
        --manifest-path ${crate}/Cargo.toml --target-dir ${rust_target_dir}
    COMMAND ${CMAKE_COMMAND} -E copy ${rust_target_dir}/wasm32-wasip1/release/${library}.wasm ${wasm}
    DEPENDS ${sources} ${crate}/Cargo.toml ${crate}/Cargo.lock
            ${GODWIT_THIRD_PARTY}/rust-sysroot/lib/rustlib/wasm32-wasip1/lib/self-contained/libc.a
    COMMENT "Building guest ${name}.wasm (Rust)" VERBATIM)
  godwit_register_guest(${name} ${wasm})
endfunction()

# godwit_add_guests_rust(<target> <workspace directory> BINARIES <crate's binary>... [OUTSIDE] PACKAGES <package>...)
# Binaries of a workspace's packages, and of packages that it depends on, built together. Where they are built is shared by
# all builds of this checkout. <target> is part of `guests` unless it is OUTSIDE of it.
function(godwit_add_guests_rust target workspace)
  if(NOT GODWIT_BUILD_GUESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 2 guests "OUTSIDE" "" "BINARIES;PACKAGES")
  cmake_path(ABSOLUTE_PATH workspace BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${workspace}/*.rs ${workspace}/*.toml)
  cmake_path(GET workspace PARENT_PATH topic)
  cmake_path(GET topic FILENAME topic)
  set(rust_target_dir ${PROJECT_SOURCE_DIR}/build/rust-${topic})
  set(copies)
  set(wasms)
  foreach(binary IN LISTS guests_BINARIES)
    list(APPEND copies
      COMMAND ${CMAKE_COMMAND} -E copy ${rust_target_dir}/wasm32-wasip1/release/${binary}.wasm ${GODWIT_GUEST_DIR}/${binary}.wasm)
    list(APPEND wasms ${GODWIT_GUEST_DIR}/${binary}.wasm)
  endforeach()
  list(TRANSFORM guests_PACKAGES PREPEND "--package=")
  add_custom_command(OUTPUT ${wasms}
    COMMAND ${GODWIT_GUEST_RUST_ENV} ${GODWIT_GUEST_CARGO} build --quiet --release --locked --target wasm32-wasip1
      --manifest-path ${workspace}/Cargo.toml --target-dir ${rust_target_dir} ${guests_PACKAGES}
    ${copies}
    DEPENDS ${sources} ${workspace}/Cargo.lock
            ${GODWIT_THIRD_PARTY}/rust-sysroot/lib/rustlib/wasm32-wasip1/lib/self-contained/libc.a
    COMMENT "Building ${guests_BINARIES} (Rust)" VERBATIM)
  if(guests_OUTSIDE)
    add_custom_target(${target} DEPENDS ${wasms})
  else()
    godwit_register_guest(${target} "${wasms}")
  endif()
endfunction()

# godwit_add_guest_go(<name> <file>)
function(godwit_add_guest_go name source)
  if(NOT GODWIT_BUILD_GUESTS)
    return()
  endif()
  cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set(wasm ${GODWIT_GUEST_DIR}/${name}.wasm)
  add_custom_command(OUTPUT ${wasm}
    COMMAND ${CMAKE_COMMAND} -E env GOOS=wasip1 GOARCH=wasm GO111MODULE=off GOTOOLCHAIN=local GOFLAGS=
      ${GODWIT_THIRD_PARTY}/go/bin/go build "-ldflags=-s -w" -o ${wasm} ${source}
    DEPENDS ${source} ${GODWIT_THIRD_PARTY}/go/bin/go
    COMMENT "Building guest ${name}.wasm (Go)" VERBATIM)
  godwit_register_guest(${name} ${wasm})
endfunction()
