# Writes a C++ source that holds files, so that the program needs none beside it; page.css becomes
# page_css(): cmake -DOUTPUT=… -DFILES=openapi.json,page.css -P embed.cmake. Run at build time by
# ../CMakeLists.txt.
set(source "// Made by embed.cmake.
#include \"service/api/embedded.hpp\"

namespace tiebreak::service::api {
")
string(REPLACE "," ";" FILES "${FILES}")
foreach(name IN LISTS FILES)
  file(READ ${CMAKE_CURRENT_LIST_DIR}/${name} text)
  if("${text}" MATCHES "\\)embedded\"")
    message(FATAL_ERROR "${name}: contains the end of a raw literal")
  endif()
  string(REPLACE "." "_" function "${name}")
  string(APPEND source "
std::string_view ${function}() noexcept { return R\"embedded(${text})embedded\"; }
")
endforeach()
string(APPEND source "
}  // namespace tiebreak::service::api
")
file(WRITE ${OUTPUT} "${source}")
