# The public names live in v1 here, apart from those of `base`; see include/godwit/namespace.h.
target_compile_definitions(godwit_api PRIVATE GODWIT_IMPLEMENTATION GODWIT_VERSION="${GODWIT_VERSION}")
# What the headers of include/godwit declare is what libgodwit.so exports (cmake/libgodwit.map); the room's own headers hide
# what they declare.
set_target_properties(godwit_api PROPERTIES CXX_VISIBILITY_PRESET default VISIBILITY_INLINES_HIDDEN ON)
