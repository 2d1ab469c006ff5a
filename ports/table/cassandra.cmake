# Wide tables on Cassandra or ScyllaDB. The driver is Rust's, so this is there where cargo (1.88 or newer) and the
# crates are; without it the program has the embedded engine alone.
if(NOT DEFINED KITH_CASSANDRA)
  set(KITH_CARGO_FINDS 1)
  find_program(KITH_CARGO cargo)
  if(KITH_CARGO)
    execute_process(COMMAND ${KITH_CARGO} --version OUTPUT_VARIABLE KITH_CARGO_VERSION ERROR_QUIET)
    string(REGEX MATCH "[0-9]+\\.[0-9]+" KITH_CARGO_VERSION "${KITH_CARGO_VERSION}")
  endif()
  if(KITH_CARGO_VERSION VERSION_GREATER_EQUAL 1.88)
    execute_process(
      COMMAND ${KITH_CARGO} fetch --quiet --locked
      WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/cassandra_driver"
      RESULT_VARIABLE KITH_CARGO_FINDS OUTPUT_QUIET ERROR_QUIET)
  endif()
  # Where everything is to be tested it must be there, rather than be left out unnoticed.
  if(KITH_CARGO_FINDS EQUAL 0 OR DEFINED ENV{KITH_GATE})
    set(KITH_CASSANDRA_THERE ON)
  else()
    set(KITH_CASSANDRA_THERE OFF)
    message(STATUS "Without Cassandra: cargo 1.88 or newer, or a crate it should fetch, is not there")
  endif()
endif()
option(KITH_CASSANDRA "Build the engine for Cassandra (needs cargo)" ${KITH_CASSANDRA_THERE})

if(KITH_CASSANDRA)
  find_program(KITH_CARGO cargo REQUIRED)
  find_package(OpenSSL REQUIRED)
  # The same library for every preset.
  set(driver "${CMAKE_SOURCE_DIR}/build/cargo/libkith_cassandra.a")
  set(sources "${CMAKE_CURRENT_SOURCE_DIR}/cassandra_driver")
  add_custom_command(
    OUTPUT "${driver}"
    COMMAND "${CMAKE_SOURCE_DIR}/tools/dev/cassandra_driver.sh" "${KITH_CARGO}" "${driver}"
    DEPENDS "${sources}/driver.rs" "${sources}/Cargo.toml" "${sources}/Cargo.lock"
    COMMENT "Building the driver of Cassandra (Rust)"
    VERBATIM)
  add_custom_target(kith_cassandra_driver_built DEPENDS "${driver}")
  add_library(kith_cassandra_driver INTERFACE)
  add_dependencies(kith_cassandra_driver kith_cassandra_driver_built)
  target_link_libraries(kith_cassandra_driver INTERFACE "${driver}" OpenSSL::SSL OpenSSL::Crypto Threads::Threads ${CMAKE_DL_LIBS} m)

  kith_library(kith_cassandra
    SOURCES
      cassandra.cc cassandra_buckets.cc cassandra_layout.cc cassandra_session.cc cassandra_setup.cc cassandra_wide.cc
    DEPS kith_table kith_clock kith_cassandra_driver)
  kith_test(kith_cassandra_test
    SOURCES cassandra_buckets_test.cc cassandra_fault_test.cc cassandra_store_test.cc
    DEPS kith_cassandra kith_contract
    LABELS contract
    TIMEOUT 900)
endif()
