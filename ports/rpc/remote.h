#pragma once

// What the generated remote forms are made of; only generated sources include it.

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/task.h"
#include "ports/log/dispatch.h"
#include "ports/rpc/channel.h"
#include "ports/rpc/methods.h"
#include "ports/rpc/wire.h"

namespace kith::remote {

template <class Response>
Task<Response> ask(Channel& channel, Call call, RpcMethod method, std::string request) {
  std::string const answer = co_await channel.call(call, method, std::move(request));
  if constexpr (!std::is_void_v<Response>) co_return decode<Response>(answer);
}

// A request that cannot be read is the caller's mistake, not ours.
template <class Request>
Request read(std::string_view bytes) {
  try {
    return decode<Request>(bytes);
  } catch (Error const& error) {
    throw Error{Code::invalid, "This request cannot be read", error.detail};
  }
}

template <class Service, class Response, class Request>
Task<std::string> run(Service& service, Task<Response> (Service::*method)(Call, Request), Call call,
                      std::string bytes) {
  Request request = read<Request>(bytes);
  if constexpr (std::is_void_v<Response>) {
    co_await (service.*method)(call, std::move(request));
    co_return std::string();
  } else {
    Response const response = co_await (service.*method)(call, std::move(request));
    co_return encode(response);
  }
}
template <class Service, class Response>
Task<std::string> run(Service& service, Task<Response> (Service::*method)(Call), Call call, std::string) {
  if constexpr (std::is_void_v<Response>) {
    co_await (service.*method)(call);
    co_return std::string();
  } else {
    Response const response = co_await (service.*method)(call);
    co_return encode(response);
  }
}

template <class Service, class Method>
void answer(Methods& methods, char const* name, Service& service, Method method) {
  methods.add(
      name, [&service, method](Call call, std::string bytes) { return run(service, method, call, std::move(bytes)); });
}

template <class Follower, class E>
Task<void> handle(Follower& follower, Task<void> (Follower::*method)(E), Event event) {
  co_await (follower.*method)(decode<E>(event.body));
}

template <class Follower, class E>
void follow(Dispatch& dispatch, char const* group, Follower& follower, Task<void> (Follower::*method)(E), bool echo) {
  dispatch.add({.group = group,
                .kind = std::string(E::kind),
                .schema = E::schema,
                .echo = echo,
                .handle = [&follower, method](Event event) { return handle(follower, method, std::move(event)); }});
}

}  // namespace kith::remote
