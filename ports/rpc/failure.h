#pragma once

#include <exception>

#include "base/error.h"

namespace kith {

// Whatever a coroutine threw, as an Error.
inline Error error_of(std::exception_ptr const& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (Error const& error) {
    return error;
  } catch (std::exception const& other) {
    return {Code::internal, "Something went wrong on our side", other.what()};
  } catch (...) {
    return {Code::internal, "Something went wrong on our side", "something was thrown that is no exception"};
  }
}

}  // namespace kith
