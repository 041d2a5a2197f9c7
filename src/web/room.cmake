# The pages' files are part of the program: each becomes a text in a generated source.
set(page_dir ${PROJECT_BINARY_DIR}/pages)
file(GLOB page_files CONFIGURE_DEPENDS ${dir}/pages/*)
list(SORT page_files)
add_custom_command(
  OUTPUT ${page_dir}/page_files.cc
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${page_dir}/page_files.cc "-DFILES=${page_files}" -P ${dir}/embed.cmake
  DEPENDS ${page_files} ${dir}/embed.cmake
  VERBATIM)
target_sources(godwit_web PRIVATE ${page_dir}/page_files.cc)
