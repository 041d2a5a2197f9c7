# Boost.Beast's parser is all that is used of Boost, and only its headers.
find_package(Boost 1.81 REQUIRED)
set_source_files_properties(${dir}/parser.cc PROPERTIES
  COMPILE_DEFINITIONS "BOOST_BEAST_USE_STD_STRING_VIEW")
