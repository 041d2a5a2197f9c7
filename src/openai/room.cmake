# Boost.JSON is compiled into the room (json.cc); nothing of Boost is linked. The room net has looked for its headers.
if(NOT GODWIT_BOOST_INCLUDE)
  message(FATAL_ERROR "Boost 1.81's headers are missing (Debian's libboost1.81-dev). Run ./dev setup")
endif()
if(CMAKE_CROSSCOMPILING)
  set_target_properties(godwit_openai PROPERTIES EXCLUDE_FROM_ALL ON)   # there are no models for the other machine
endif()
