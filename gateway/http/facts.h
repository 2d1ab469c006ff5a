#pragma once

// What a head says about a request beyond its route: who sent it from where, under which id and
// trace, what it names itself to be repeated safely.

#include "gateway/http/edge.h"
#include "gateway/http/request_data.h"

namespace kith {

// Fills client, request id, base URL and the call's deadline, trace and operation.
void set_facts(RequestData& data, EdgeSettings const& settings, Time now);
// Decodes the path and what its pattern caught; an ill-formed path throws Malformed.
void set_path(RequestData& data);
// The token of the Authorization header, "" without one.
std::string_view bearer_of(RequestData const& data);
// After the token is known: one idempotency key of one person on one route is one operation.
void set_operation(RequestData& data);

}  // namespace kith
