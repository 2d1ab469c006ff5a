#pragma once

// The driver of Cassandra as the folder driver makes it of Rust. Every call may be made from any thread;
// what is handed in is copied before the call returns.

#include <cstddef>
#include <cstdint>

// NOLINTBEGIN(readability-identifier-naming): names as C has them
extern "C" {

struct kith_cassandra;

struct kith_cassandra_bytes {
  char const* data;
  std::size_t size;
};

struct kith_cassandra_options {
  char const* nodes;       // HOST:PORT, divided by commas
  char const* keyspace;    // whose replicas it should know
  char const* datacenter;  // to ask first; empty: any
  char const* user;
  char const* password_file;
  char const* authority;  // a file with certificates; empty: no TLS
  std::uint32_t deadline_ms;
};

struct kith_cassandra_request {
  std::uint32_t statement;
  kith_cassandra_bytes const* values;  // as the protocol writes them
  std::size_t values_count;
  std::int32_t page_rows;
  bool one_page;              // else all pages
  kith_cassandra_bytes page;  // where to go on; empty: from the beginning
};

enum kith_cassandra_kind : std::uint32_t {
  kith_cassandra_done,
  kith_cassandra_away,    // perhaps later
  kith_cassandra_refused  // not this, ever
};

// Of `done`, for each request: each row after a byte of 1, its cells as four bytes of size (-1: none) and the
// bytes, then a byte of 0, and where to go on as one more cell. Else: why.
struct kith_cassandra_answer {
  std::uint32_t kind;
  std::uint32_t retries;
  kith_cassandra_bytes bytes;
};

// Connects, and waits for it. Null: failed says why.
kith_cassandra* kith_cassandra_open(kith_cassandra_options const* options, kith_cassandra_answer** failed);
// Whoever waits is answered first.
void kith_cassandra_close(kith_cassandra* client);
// Both wait; the number of a prepared statement is for requests.
kith_cassandra_answer* kith_cassandra_define(kith_cassandra* client, kith_cassandra_bytes statement);
std::uint32_t kith_cassandra_prepare(kith_cassandra* client, kith_cassandra_bytes statement,
                                     kith_cassandra_answer** failed);
// `done` is called once, on a thread of the driver, and owns the answer.
void kith_cassandra_ask(kith_cassandra* client, kith_cassandra_request const* requests, std::size_t count,
                        void (*done)(void* context, kith_cassandra_answer* answer), void* context);
void kith_cassandra_free(kith_cassandra_answer* answer);
}
// NOLINTEND(readability-identifier-naming)
