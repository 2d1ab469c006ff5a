# The log on Kafka. Without it the program has the embedded log alone.
option(KITH_KAFKA "Build the engine for Kafka (needs librdkafka)" ON)
if(KITH_KAFKA)
  pkg_check_modules(rdkafka REQUIRED IMPORTED_TARGET rdkafka)
  kith_library(kith_kafka
    SOURCES kafka_client.cc kafka_consumer.cc kafka_delivery.cc kafka_group.cc kafka_log.cc kafka_producer.cc kafka_record.cc
    DEPS kith_log kith_clock PkgConfig::rdkafka)
endif()
