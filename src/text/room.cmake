# Messages are made with fmt, which formats no floats here: its code for them would make every start load libm.
target_compile_definitions(godwit_text PRIVATE FMT_USE_FLOAT=0 FMT_USE_DOUBLE=0 FMT_USE_LONG_DOUBLE=0)
# The executable is to be small; texts are read seldom, and fast enough.
target_compile_options(godwit_text PRIVATE $<$<CONFIG:Release>:-Os>)
