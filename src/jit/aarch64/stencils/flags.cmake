# How stencils are compiled for aarch64, and which sources they have besides the common ones. Constants are addressed as
# lying near: they do, behind the function's code.
set(stencil_processor_flags -march=armv8-a -mcmodel=tiny -mno-outline-atomics)
set(stencil_processor_parts ${processor_dir}/stencils/calls.cc)
