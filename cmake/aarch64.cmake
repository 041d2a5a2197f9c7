# The cross build for Linux on aarch64, on a machine of another kind: ./dev setup aarch64 installs the C library and its
# like, and the emulator that runs what is built.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER clang-22)
set(CMAKE_CXX_COMPILER clang++-22)
foreach(language C CXX ASM)
  set(CMAKE_${language}_COMPILER_TARGET aarch64-linux-gnu)
endforeach()
foreach(kind EXE SHARED MODULE)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT -fuse-ld=lld)
endforeach()
set(godwit_root ${CMAKE_CURRENT_LIST_DIR}/..)
set(CMAKE_CROSSCOMPILING_EMULATOR ${godwit_root}/third_party/qemu/qemu-aarch64 -L /usr/aarch64-linux-gnu)

# Debian has its GoogleTest for this machine only; its sources are there, too.
include(FetchContent)
set(INSTALL_GTEST OFF CACHE BOOL "")
set(BUILD_GMOCK OFF CACHE BOOL "")
FetchContent_Declare(GTest SOURCE_DIR /usr/src/googletest SYSTEM OVERRIDE_FIND_PACKAGE)
