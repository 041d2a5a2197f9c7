# dump() formats with fmt, without std::locale: its static initialisers would be paid for at every start.
target_compile_definitions(godwit_code PRIVATE "FMT_STATIC_THOUSANDS_SEPARATOR=','")
# Its tables are built by looking names up while compiling.
set_source_files_properties(${dir}/cell_op.cc PROPERTIES COMPILE_OPTIONS "-fconstexpr-steps=20000000")
