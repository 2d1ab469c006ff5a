#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace kith {

// One vocabulary of refusals, the same between processes and at the edge.
enum class Code {
  invalid,          // the request cannot be right: 400 or 422
  unauthenticated,  // nobody, or a token that is not valid: 401
  forbidden,        // you see it, but may not do this: 403
  not_found,        // it is not there, or not for you: 404
  conflict,         // it changed under you, or is there already: 409 or 422
  exhausted,        // a limit of yours is used up: 429
  unavailable,      // surely not done; try later: 503
  unknown,          // perhaps done; repeat with the same operation id: 503
  internal,         // our mistake: 500
};

// What a function throws when it cannot give its value. Only the edge, rpc, event dispatch and
// whoever can really do something about it catch it.
struct Error : std::exception {
  Code code = Code::internal;
  std::string say;     // shown to the client; never holds internals
  std::string detail;  // written to the log; never leaves the process
  std::string fields;  // a JSON object, field by field what is wrong: `details` of a 422; often empty

  Error(Code code, std::string say, std::string detail = {}, std::string fields = {})
      : code(code), say(std::move(say)), detail(std::move(detail)), fields(std::move(fields)) {}
  char const* what() const noexcept override { return say.c_str(); }
};

std::string_view name_of(Code code);

}  // namespace kith
