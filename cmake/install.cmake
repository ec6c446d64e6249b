# What `cmake --install` puts where, so that find_package(tiebreak) works.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tiebreak)
install(TARGETS tiebreak EXPORT tiebreak-targets FILE_SET HEADERS)
install(EXPORT tiebreak-targets NAMESPACE tiebreak:: DESTINATION ${package_dir})
configure_package_config_file(cmake/tiebreak-config.cmake.in tiebreak-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(tiebreak-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tiebreak-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/tiebreak-config-version.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindMariaDBClient.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindHiredisClient.cmake
        DESTINATION ${package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(TARGET tiebreak_cli)
  install(TARGETS tiebreak_cli)
endif()
