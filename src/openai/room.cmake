# Boost.JSON is compiled into the room (json.cc); nothing of Boost is linked.
find_package(Boost 1.81 REQUIRED)
