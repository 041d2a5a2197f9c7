# Handlers need their registers and real tail calls in every build, and nothing between them and the guest's memory.
set_source_files_properties(
  ${dir}/handlers_plain.cc ${dir}/handlers_control.cc ${dir}/handlers_simd.cc
  ${dir}/handlers_sequences_numbers.cc ${dir}/handlers_sequences_memory.cc ${dir}/handlers_sequences_branches.cc
  ${dir}/handlers_sequences_vectors.cc ${dir}/handlers_sequences_entering.cc
  PROPERTIES COMPILE_OPTIONS
  "-O2;-fno-math-errno;-fno-sanitize=all;-fno-omit-frame-pointer;-momit-leaf-frame-pointer;-fno-stack-protector;-fno-profile-instr-generate;-fno-coverage-mapping")
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")   # atomic instructions as they are, no calls: accesses of guests stay here
  set_property(SOURCE ${dir}/handlers_plain.cc ${dir}/handlers_control.cc APPEND_STRING PROPERTY COMPILE_OPTIONS
    ";-mno-outline-atomics")
endif()
# Handlers of several cells call nobody, so nobody unwinds through them.
set_property(SOURCE ${dir}/handlers_sequences_numbers.cc ${dir}/handlers_sequences_memory.cc
  ${dir}/handlers_sequences_branches.cc ${dir}/handlers_sequences_vectors.cc ${dir}/handlers_sequences_entering.cc
  APPEND_STRING PROPERTY COMPILE_OPTIONS ";-fno-asynchronous-unwind-tables;-fno-unwind-tables")
