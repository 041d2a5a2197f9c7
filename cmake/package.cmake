# libgodwit.so, made of the rooms' objects, and what `cmake --install` and CPack put where: in components, each of which
# becomes a Debian package.
include(GNUInstallDirs)

# While the major version is 0, a minor version may take symbols away: both numbers make the soname.
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(GODWIT_SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
else()
  set(GODWIT_SOVERSION ${PROJECT_VERSION_MAJOR})
endif()

add_library(godwit_shared SHARED $<TARGET_OBJECTS:godwit_api> $<TARGET_OBJECTS:godwit_capi>)
add_library(godwit::godwit ALIAS godwit_shared)
set_target_properties(godwit_shared PROPERTIES
  OUTPUT_NAME godwit EXPORT_NAME godwit LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${GODWIT_SOVERSION}
  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
  LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/libgodwit.map)
target_include_directories(godwit_shared INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(godwit_shared PRIVATE godwit_api)   # for the rooms below
target_link_options(godwit_shared PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/libgodwit.map
                    -Wl,--as-needed -Wl,-O2 -Wl,--hash-style=gnu)

# The executable; the plug-ins that there are; the library; what programs are built with.
set(GODWIT_PLUGIN_DIR lib/godwit)   # where executable and library look: not a directory of one processor's
install(TARGETS godwit RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT cli)
foreach(plugin godwit-llvm godwit-net godwit-nn-ggml)
  if(TARGET ${plugin})
    install(TARGETS ${plugin} LIBRARY DESTINATION ${GODWIT_PLUGIN_DIR} COMPONENT plugins)
  endif()
endforeach()
if(TARGET godwit-serve)
  install(TARGETS godwit-serve RUNTIME DESTINATION libexec/godwit COMPONENT plugins)   # where `godwit serve` looks for it
endif()
if(TARGET godwit-openai)
  install(TARGETS godwit-openai RUNTIME DESTINATION libexec/godwit COMPONENT plugins)  # and `godwit serve --model`, `godwit chat`
endif()
install(TARGETS godwit_shared EXPORT godwit-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT dev)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev
        FILES_MATCHING PATTERN *.h)
install(EXPORT godwit-targets NAMESPACE godwit:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/godwit COMPONENT dev)
include(CMakePackageConfigHelpers)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/godwit-config.cmake.in ${PROJECT_BINARY_DIR}/godwit-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/godwit)
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatibility SameMinorVersion)
else()
  set(compatibility SameMajorVersion)
endif()
write_basic_package_version_file(${PROJECT_BINARY_DIR}/godwit-config-version.cmake COMPATIBILITY ${compatibility})
configure_file(${CMAKE_CURRENT_LIST_DIR}/godwit.pc.in ${PROJECT_BINARY_DIR}/godwit.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/godwit-config.cmake ${PROJECT_BINARY_DIR}/godwit-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/godwit COMPONENT dev)
install(FILES ${PROJECT_BINARY_DIR}/godwit.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
foreach(component cli plugins library dev)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/godwit-${component}
          COMPONENT ${component} RENAME copyright)
endforeach()

# Debian packages: `cpack -G DEB` in the build directory. Libraries that they need are found by dpkg-shlibdeps.
set(CPACK_PACKAGE_NAME godwit)
set(CPACK_PACKAGE_VENDOR "The Godwit authors")
set(CPACK_PACKAGE_CONTACT "The Godwit authors <noreply@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "WebAssembly runtime for language-model applications")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL cli plugins library dev)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/lib)
set(CPACK_DEBIAN_CLI_PACKAGE_NAME godwit)
set(CPACK_DEBIAN_CLI_PACKAGE_RECOMMENDS godwit-plugins)
set(CPACK_DEBIAN_PLUGINS_PACKAGE_NAME godwit-plugins)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libgodwit${GODWIT_SOVERSION})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_RECOMMENDS godwit-plugins)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libgodwit-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libgodwit${GODWIT_SOVERSION} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_SHLIBDEPS OFF)
set(CPACK_COMPONENT_CLI_DESCRIPTION "The command godwit, which runs, compiles, prints and checks WebAssembly modules")
set(CPACK_COMPONENT_PLUGINS_DESCRIPTION "What godwit uses if it is there: the optimising compiler, language models, TLS, the agent server")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "The shared library for programs that embed Godwit")
set(CPACK_COMPONENT_DEV_DESCRIPTION "Headers, pkg-config and CMake files for programs that embed Godwit")
include(CPack)
