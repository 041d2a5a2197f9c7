# fmt is used header-only, in cold code: nothing to link, nothing to load.
target_compile_definitions(godwit_base PUBLIC FMT_HEADER_ONLY=1)
