# How kith is built: one static library a folder, its tests beside it, its interface generated from
# its .proto. The functions here are the whole vocabulary of the CMakeLists.txt of the folders.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
add_compile_options(-Wall -Wextra -Werror -Wno-missing-designated-field-initializers)
# The same object for every checkout and build folder, so that a clean clone finds it in ccache.
add_compile_options("-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")

find_program(KITH_CCACHE ccache)
if(KITH_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${KITH_CCACHE})
endif()
find_program(KITH_MOLD mold)
if(KITH_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# What the program does most, for the compiler to lay it out by: `use` reads cmake/release.profdata, `make` builds the
# program that writes it (./dev profile).
set(KITH_PROFILE "" CACHE STRING "use, make or nothing")
if(KITH_PROFILE)
  # A function that only its file knows is written down with the file's name alone: with its path, no other clone finds it.
  add_compile_options("SHELL:-mllvm -static-func-full-module-prefix=false")
endif()
if(KITH_PROFILE STREQUAL "use")
  set(profile "${CMAKE_SOURCE_DIR}/cmake/release.profdata")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${profile}")
  file(SHA256 "${profile}" profile_sum)  # in the options, so that another profile builds anew
  file(RELATIVE_PATH profile "${CMAKE_BINARY_DIR}" "${profile}")  # so that all clones share their objects
  add_compile_options(-fprofile-use=${profile} -DKITH_PROFILE_SUM=${profile_sum}
    -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date -Wno-backend-plugin)  # changed since: not an error
elseif(KITH_PROFILE STREQUAL "make")
  add_compile_options(-fprofile-generate -fprofile-update=atomic -DKITH_PROFILED)
  add_link_options(-fprofile-generate)
endif()

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)

# Asio and Beast compiled once (base/asio.cc), not in every source.
add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_DATE_TIME)
add_compile_definitions(SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL)

option(KITH_TESTS "Build the tests with all; without it each by name" ON)

set(KITH_GENERATED "${CMAKE_BINARY_DIR}/generated")
include_directories("${CMAKE_SOURCE_DIR}" "${KITH_GENERATED}")

# Adds the folders that exist and hold a CMakeLists.txt; -DKITH_SKIP="gateway;search" leaves some out.
function(kith_add_every_folder)
  foreach(folder ${ARGN})
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt" AND NOT folder IN_LIST KITH_SKIP)
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()

# kith_library(kith_base SOURCES error.cc ... DEPS Threads::Threads)
function(kith_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC ${arg_DEPS})
endfunction()

# kith_test(kith_base_test SOURCES id_test.cc DEPS kith_base): a GoogleTest program run by ctest, in an
# empty folder of its own on disk that is also its TMPDIR; its cases are counted from build/results.
# LABELS names what a run may select (contract, slow, ...), TIMEOUT the seconds it may take.
function(kith_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} GTest::gmock GTest::gtest_main)
  if(NOT KITH_TESTS)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  add_test(NAME ${name}
           COMMAND "${CMAKE_SOURCE_DIR}/tools/dev/in_own_folder.sh" "${CMAKE_BINARY_DIR}" ${name} $<TARGET_FILE:${name}> --gtest_brief=1)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  set_tests_properties(${name} PROPERTIES COST ${arg_TIMEOUT}) # the longest first, or the last one runs alone
  if(KITH_SANITIZED)
    math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 5") # unoptimised and watched, on a busy machine
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "unit;${arg_LABELS}" ENVIRONMENT "${KITH_SANITIZER_OPTIONS}")
endfunction()

set(KITH_SYMBOLIZER /usr/bin/llvm-symbolizer-19)
set(KITH_SANITIZER_OPTIONS
  "ASAN_OPTIONS=external_symbolizer_path=${KITH_SYMBOLIZER}:detect_stack_use_after_return=1"
  "UBSAN_OPTIONS=external_symbolizer_path=${KITH_SYMBOLIZER}:print_stacktrace=1"
  "TSAN_OPTIONS=external_symbolizer_path=${KITH_SYMBOLIZER}:suppressions=${CMAKE_SOURCE_DIR}/tools/dev/tsan.supp:second_deadlock_stack=1")

# kith_fuzzer(kith_id_fuzz SOURCES id_fuzz.cc DEPS kith_base): a libFuzzer program, built in the asan
# preset. Seeds lie in <name>_seeds/ beside the source, words worth trying in <name>.dict.
function(kith_fuzzer name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  if(NOT CMAKE_CXX_FLAGS MATCHES "fsanitize=address")
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer-no-link -O1)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE ${arg_DEPS})
  set(seeds -)
  if(IS_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/${name}_seeds")
    set(seeds "${CMAKE_CURRENT_SOURCE_DIR}/${name}_seeds")
  endif()
  set(words -)
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${name}.dict")
    set(words "${CMAKE_CURRENT_SOURCE_DIR}/${name}.dict")
  endif()
  set_property(GLOBAL APPEND PROPERTY KITH_FUZZERS ${name})
  set_property(GLOBAL APPEND_STRING PROPERTY KITH_FUZZER_LIST "${name} $<TARGET_FILE:${name}> ${seeds} ${words}\n")
endfunction()

# Called last: lets the fuzzers see into the libraries they reach (and only those, because it makes
# objects twice as large) and gives these some optimisation, because a million runs take half the time then;
# and writes down the list that ./dev fuzz reads.
function(kith_list_fuzzers)
  get_property(fuzzers GLOBAL PROPERTY KITH_FUZZERS)
  get_property(list GLOBAL PROPERTY KITH_FUZZER_LIST)
  set(queue ${fuzzers})
  set(seen ${fuzzers})
  while(queue)
    list(POP_FRONT queue target)
    get_target_property(links ${target} LINK_LIBRARIES)
    foreach(link ${links})
      if(NOT TARGET "${link}" OR link IN_LIST seen)
        continue()
      endif()
      list(APPEND seen ${link})
      get_target_property(type ${link} TYPE)
      get_target_property(imported ${link} IMPORTED)
      if(type STREQUAL "STATIC_LIBRARY" AND NOT imported)
        target_compile_options(${link} PRIVATE -fsanitize=fuzzer-no-link -O1)
        list(APPEND queue ${link})
      endif()
    endforeach()
  endwhile()
  if(fuzzers)
    add_custom_target(kith_fuzzers DEPENDS ${fuzzers})
    file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/fuzzers.txt" CONTENT "${list}")
  endif()
endfunction()

# kith_proto(services/posts/posts.proto DEPS kith_graph_events_proto ...): generates <path>.kith.h and
# <path>.kith.cc below generated/ and makes the library kith_posts_proto of them (structs, tables,
# events, interface, its remote form). DEPS are the libraries of the .proto files it imports. Whoever
# links it also waits for the headers to be there. kith_generated makes all headers and compiles none.
function(kith_proto path)
  cmake_parse_arguments(arg "" "" "DEPS" ${ARGN})
  get_filename_component(stem "${path}" NAME_WE)
  get_filename_component(folder "${path}" DIRECTORY)
  if(TARGET kith_${stem}_proto)
    return()  # events are described once, before the services that follow them (services/CMakeLists.txt)
  endif()
  set(out "${KITH_GENERATED}/${folder}/${stem}.kith")
  file(MAKE_DIRECTORY "${KITH_GENERATED}/${folder}")
  # protoc says which files it read, so a change of an imported .proto makes the file anew.
  add_custom_command(
    OUTPUT "${out}.cc" "${out}.h"
    COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 "${CMAKE_SOURCE_DIR}/tools/protoc-gen-kith/protoc.sh"
            --plugin=protoc-gen-kith=$<TARGET_FILE:protoc-gen-kith> --kith_out=${KITH_GENERATED}
            --dependency_out=${out}.d -I "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/${path}"
    DEPENDS "${CMAKE_SOURCE_DIR}/${path}" protoc-gen-kith
    DEPFILE "${out}.d"
    COMMENT "Describing ${path}"
    VERBATIM)
  add_custom_target(kith_${stem}_generated DEPENDS "${out}.cc" "${out}.h")
  if(NOT TARGET kith_generated)
    add_custom_target(kith_generated)
  endif()
  add_dependencies(kith_generated kith_${stem}_generated)
  add_library(kith_${stem}_proto STATIC "${out}.cc" "${out}.h")
  target_link_libraries(kith_${stem}_proto PUBLIC kith_table kith_log kith_rpc ${arg_DEPS})
endfunction()
