# The tables of stencils: the op bodies compiled once more, with holes, and cut out of the object files. What differs
# between processors lies in a folder of each; this build's is CMAKE_SYSTEM_PROCESSOR's.
set(processor_dir ${dir}/${CMAKE_SYSTEM_PROCESSOR})
include(${processor_dir}/stencils/flags.cmake)   # stencil_processor_flags, stencil_processor_parts
set(stencil_flags
  -O2 ${stencil_processor_flags} -fno-pic -fomit-frame-pointer -fno-asynchronous-unwind-tables -fno-stack-protector
  -ffunction-sections -fno-math-errno -fno-exceptions -fno-rtti -fno-sanitize=all -fno-profile-instr-generate
  -fno-coverage-mapping "SHELL:-Xclang -no-enable-noundef-analysis")   # results that nobody reads need no value
set(stencil_dir ${PROJECT_BINARY_DIR}/stencils)
set(stencil_inputs)
set(stencil_files)
foreach(source ${dir}/stencils/plain.cc ${dir}/stencils/simd.cc ${dir}/stencils/control.cc ${stencil_processor_parts})
  cmake_path(GET source STEM part)
  add_library(godwit_stencils_${part} OBJECT ${source})
  set_target_properties(godwit_stencils_${part} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(godwit_stencils_${part} PRIVATE ${stencil_flags})
  target_include_directories(godwit_stencils_${part} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_definitions(godwit_stencils_${part} PRIVATE
    GODWIT_STENCIL_MACHINE="jit/${CMAKE_SYSTEM_PROCESSOR}/stencils/machine.h")
  add_custom_command(
    OUTPUT ${stencil_dir}/${part}.dis
    COMMAND llvm-objdump-22 -d --no-show-raw-insn $<TARGET_OBJECTS:godwit_stencils_${part}>
            > ${stencil_dir}/${part}.dis
    DEPENDS godwit_stencils_${part} $<TARGET_OBJECTS:godwit_stencils_${part}>)
  list(APPEND stencil_inputs $<TARGET_OBJECTS:godwit_stencils_${part}> ${stencil_dir}/${part}.dis)
  list(APPEND stencil_files ${stencil_dir}/${part}.dis)
endforeach()
file(MAKE_DIRECTORY ${stencil_dir})

file(GLOB tool_sources CONFIGURE_DEPENDS ${dir}/tool/*.cc ${processor_dir}/tool/*.cc)
add_executable(make_stencils ${tool_sources})
target_include_directories(make_stencils PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
add_custom_command(
  OUTPUT ${stencil_dir}/stencil_table.cc
  COMMAND make_stencils ${stencil_dir}/stencil_table.cc ${stencil_inputs}
  DEPENDS make_stencils ${stencil_files}
  COMMAND_EXPAND_LISTS)
target_sources(godwit_jit PRIVATE ${stencil_dir}/stencil_table.cc)
