# Strict tables on PostgreSQL servers. Without it the program has the embedded engine alone.
option(KITH_POSTGRES "Build the engine for PostgreSQL (needs libpq)" ON)
if(KITH_POSTGRES)
  pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
  kith_library(kith_postgres
    SOURCES
      postgres.cc postgres_binary.cc postgres_columns.cc postgres_commit.cc postgres_connection.cc postgres_layout.cc
      postgres_setup.cc postgres_shard.cc postgres_strict.cc ../log/postgres_outbox.cc
    DEPS kith_table kith_log kith_clock PkgConfig::libpq)
  kith_test(kith_postgres_test
    SOURCES
      postgres_columns_test.cc postgres_fault_test.cc postgres_store_test.cc ../log/postgres_outbox_test.cc
    DEPS kith_postgres kith_contract
    LABELS contract
    TIMEOUT 300)
endif()
