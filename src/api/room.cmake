# The public names live in v1 here, apart from those of `base`; see include/godwit/namespace.h.
target_compile_definitions(godwit_api PRIVATE GODWIT_IMPLEMENTATION GODWIT_VERSION="${GODWIT_VERSION}")
