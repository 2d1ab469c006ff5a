#pragma once

// Pages by id: max_id older than, since_id newer than (the newest page of them), min_id just above.
// The Link header takes the client on: absolute URLs, the query kept, and no comma in them, since
// masto.js loses the page at one.

#include <optional>
#include <string>

#include "gateway/http/request.h"
#include "gateway/http/response.h"

namespace kith {

struct Paging {
  std::uint64_t max_id = 0;  // zero: not asked
  std::uint64_t since_id = 0;
  std::uint64_t min_id = 0;
  std::size_t limit = 20;
};

// From max_id, since_id, min_id and limit; a limit above `most` is `most`, below 1 is 1. An
// ill-formed id is invalid.
Paging paging_of(Request const& request, std::size_t limit_default = 20, std::size_t limit_most = 40);

// Adds Link to an answer: rel="next" with max_id = the oldest of the page, rel="prev" with min_id =
// the newest, by the ids the list is sorted by. Nothing for an empty page (newest zero).
void link_pages(Response& response, Request const& request, std::uint64_t newest, std::uint64_t oldest);

// For lists of another order, such as search: next by offset.
void link_next_offset(Response& response, Request const& request, std::size_t offset);

}  // namespace kith
