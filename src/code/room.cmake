# dump() formats with fmt, without std::locale: its static initialisers would be paid for at every start.
target_compile_definitions(godwit_code PRIVATE "FMT_STATIC_THOUSANDS_SEPARATOR=','")
