# Handlers need their registers and real tail calls in every build, and nothing between them and the guest's memory.
set_source_files_properties(
  ${dir}/handlers_plain.cc ${dir}/handlers_control.cc ${dir}/handlers_simd.cc
  PROPERTIES COMPILE_OPTIONS
  "-O2;-fno-math-errno;-fno-sanitize=all;-fno-omit-frame-pointer;-momit-leaf-frame-pointer;-fno-stack-protector;-fno-profile-instr-generate;-fno-coverage-mapping")
