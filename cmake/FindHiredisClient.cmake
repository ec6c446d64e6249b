# Redis' client library (Debian: libhiredis-dev): the target HiredisClient::HiredisClient.
find_path(HiredisClient_INCLUDE_DIR hiredis/hiredis.h)
find_library(HiredisClient_LIBRARY hiredis)
mark_as_advanced(HiredisClient_INCLUDE_DIR HiredisClient_LIBRARY)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(HiredisClient
                                  REQUIRED_VARS HiredisClient_LIBRARY HiredisClient_INCLUDE_DIR)
if(HiredisClient_FOUND AND NOT TARGET HiredisClient::HiredisClient)
  add_library(HiredisClient::HiredisClient UNKNOWN IMPORTED)
  set_target_properties(HiredisClient::HiredisClient PROPERTIES
                        IMPORTED_LOCATION "${HiredisClient_LIBRARY}"
                        INTERFACE_INCLUDE_DIRECTORIES "${HiredisClient_INCLUDE_DIR}")
endif()
