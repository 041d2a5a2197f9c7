# Options, compiler checks and flags that every target shares.
option(GODWIT_BUILD_TESTS "Build unit tests and test programs" ON)
option(GODWIT_FUZZ "Build the programs of fuzz/ with libFuzzer instead of a main that replays inputs" OFF)
set(GODWIT_SANITIZE "" CACHE STRING "Sanitizers for every target: address, undefined, thread (comma-separated)")

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Godwit needs Clang 19 or later (musttail + preserve_none); "
                      "found ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}. Run ./dev setup, then use a preset: cmake --preset release")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)

add_library(godwit_flags INTERFACE)
target_compile_options(godwit_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Werror
  -fno-rtti $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>
  -ffunction-sections -fdata-sections)
target_include_directories(godwit_flags INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_link_options(godwit_flags INTERFACE -fuse-ld=lld -Wl,--gc-sections)
if(GODWIT_SANITIZE)
  target_compile_options(godwit_flags INTERFACE -fsanitize=${GODWIT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    -gline-tables-only)
  target_link_options(godwit_flags INTERFACE -fsanitize=${GODWIT_SANITIZE})
endif()

# What reads, validates and compiles modules is optimised by a profile (`./dev profile` makes it anew). A function that
# has changed since is compiled as if there were none.
set(GODWIT_PROFILED_ROOMS base wasm code jit)
set(GODWIT_PROFILE ${PROJECT_SOURCE_DIR}/cmake/release.profdata CACHE STRING "The profile of release builds; `generate`: measure for one")
set(GODWIT_PROFILE_FLAGS)
if(GODWIT_PROFILE STREQUAL "generate")
  set(GODWIT_PROFILE_FLAGS $<$<COMPILE_LANGUAGE:CXX>:-fprofile-generate>)
  target_link_options(godwit_flags INTERFACE -fprofile-generate)
elseif(GODWIT_PROFILE AND CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT GODWIT_SANITIZE)
  set(GODWIT_PROFILE_FLAGS "$<$<COMPILE_LANGUAGE:CXX>:-fprofile-use=${GODWIT_PROFILE};-Wno-profile-instr-out-of-date;-Wno-profile-instr-unprofiled;-Wno-backend-plugin>")
endif()

# Test code runs once and is compiled often: it is optimised little, and with sanitizers, which make it many times as large
# to the optimiser, not at all.
set(GODWIT_TEST_FLAGS $<$<CONFIG:Release>:-O1>)
if(GODWIT_SANITIZE)
  set(GODWIT_TEST_FLAGS -O0)
endif()
