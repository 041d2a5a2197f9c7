# Manifests are read with toml++ (header-only), state is kept with SQLite, what sleeps is compressed by Zstandard.
if(CMAKE_CROSSCOMPILING)
  set_target_properties(godwit_agent PROPERTIES EXCLUDE_FROM_ALL ON)   # there is no SQLite for the other machine
else()
  find_package(SQLite3 3.40 REQUIRED)
  target_link_libraries(godwit_agent PUBLIC SQLite::SQLite3)
  find_library(GODWIT_ZSTD zstd REQUIRED)
  target_link_libraries(godwit_agent PUBLIC ${GODWIT_ZSTD})
endif()
# As in src/api/room.cmake: both the public names and those of `base` are used here.
target_compile_definitions(godwit_agent PUBLIC GODWIT_IMPLEMENTATION)
