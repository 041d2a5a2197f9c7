# Boost.Beast's parser is all that is used of Boost, and only its headers.
find_path(GODWIT_BOOST_INCLUDE boost/beast/http/basic_parser.hpp PATHS /usr/include NO_CMAKE_FIND_ROOT_PATH)
if(NOT GODWIT_BOOST_INCLUDE)
  message(FATAL_ERROR "Boost 1.81's headers are missing (Debian's libboost1.81-dev). Run ./dev setup")
endif()
set_source_files_properties(${dir}/parser.cc PROPERTIES
  COMPILE_DEFINITIONS "BOOST_BEAST_USE_STD_STRING_VIEW")
