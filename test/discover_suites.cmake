# Tests of ctest from the suites of a GoogleTest program, found when ctest runs: one for each suite,
# because starting an instrumented program takes longer than most single tests.
#
# Included by the test file of a folder, with `program`, `label`, `timeout`, `cost` and `asan_options`
# (more of them, after those of the environment) set.
if(NOT EXISTS "${program}")
  add_test("${label}.NOT_BUILT" "${program}")
  return()
endif()

execute_process(COMMAND "${program}" --gtest_list_tests
                OUTPUT_VARIABLE listed RESULT_VARIABLE failure ERROR_VARIABLE trouble)
if(failure)
  message(FATAL_ERROR "${program} --gtest_list_tests: ${failure}\n${trouble}")
endif()
# "Suite." stands in a line of its own, with "# TypeParam = …" behind it for typed suites
string(REGEX MATCHALL "(^|\n)[^ \n]+\\.( +#[^\n]*)?\n" heads "${listed}")
foreach(head IN LISTS heads)
  string(REGEX REPLACE "\n|\\.( +#[^\n]*)?\n" "" suite "${head}")
  if(suite MATCHES "^DISABLED_|/DISABLED_")
    continue()
  endif()
  add_test("${label}.${suite}" "${program}" "--gtest_filter=${suite}.*")
  set_tests_properties("${label}.${suite}" PROPERTIES LABELS "${label}" TIMEOUT "${timeout}"
                                                      COST "${cost}" WORKING_DIRECTORY "${folder}")
  if(asan_options)
    set_tests_properties("${label}.${suite}" PROPERTIES
                         ENVIRONMENT_MODIFICATION "ASAN_OPTIONS=string_append:${asan_options}")
  endif()
endforeach()
