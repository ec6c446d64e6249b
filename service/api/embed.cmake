# Writes a C++ source that holds openapi.json, so that the program needs no file beside it:
# cmake -DOUTPUT=… -DTEXT=openapi.json -P embed.cmake. Run at build time by ../CMakeLists.txt.
file(READ ${TEXT} text)
if("${text}" MATCHES "\\)embedded\"")
  message(FATAL_ERROR "${TEXT}: contains the end of a raw literal")
endif()
file(WRITE ${OUTPUT} "// Made by embed.cmake.
#include \"service/api/openapi_text.hpp\"

namespace tiebreak::service::api {

std::string_view openapi_text() noexcept { return R\"embedded(${text})embedded\"; }

}  // namespace tiebreak::service::api
")
