# The log on Kafka. Without it the program has the embedded log alone.
option(KITH_KAFKA "Build the engine for Kafka (needs librdkafka)" ON)
if(KITH_KAFKA)
  pkg_check_modules(rdkafka REQUIRED IMPORTED_TARGET rdkafka)
  kith_library(kith_kafka
    SOURCES kafka_client.cc kafka_consumer.cc kafka_delivery.cc kafka_group.cc kafka_log.cc kafka_producer.cc kafka_record.cc
    DEPS kith_log kith_clock PkgConfig::rdkafka)
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=thread")
    # As an object: nothing of ours asks for it, so a library would be left out.
    add_library(kith_kafka_threads OBJECT kafka_threads_tsan.cc)
    target_link_libraries(kith_kafka INTERFACE $<TARGET_OBJECTS:kith_kafka_threads>)
  endif()
endif()
