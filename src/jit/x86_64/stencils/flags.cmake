# How stencils are compiled for x86-64, and which sources they have besides the common ones.
set(stencil_processor_flags -march=x86-64-v2 -mcmodel=small)
set(stencil_processor_parts)
