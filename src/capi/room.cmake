# Callbacks written in C++ may throw; what calls them stops that.
set_source_files_properties(${dir}/callback.cc PROPERTIES COMPILE_OPTIONS "-fexceptions")
