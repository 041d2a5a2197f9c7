# fmt then formats without std::locale, whose static initialisers and tables every start of the program would pay for.
target_compile_definitions(godwit_code PRIVATE "FMT_STATIC_THOUSANDS_SEPARATOR=','")
