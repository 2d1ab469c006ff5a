# What the embedded engine costs by itself.
add_executable(storage_engine storage_engine.cc)
target_link_libraries(storage_engine PRIVATE kith_rocksdb)
