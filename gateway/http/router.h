#pragma once

// Routes are data: what answers, who may ask, how often, how much, and what it means. From them
// come look-up, the checks at the edge, `kith routes` and the OpenAPI document.
//
//   void polls_api(Router& router, PollsService& polls) {
//     router.add({.method = Method::post,
//                 .path = "/api/v1/polls/:id/votes",
//                 .access = Access::user,
//                 .scope = "write:statuses",
//                 .summary = "Votes in a poll",
//                 .params = {{"choices[]", "[integer]", "places of the choices, from 0", required}}},
//                std::bind_front(vote, std::ref(polls)));
//   }
//
// A path is segments, ":name" for one of any text, "@:name" for one that begins with @, "*name" at the
// end for all the rest; a fixed segment goes before a named one. GET answers HEAD, PUT and PATCH answer each other,
// OPTIONS is answered by the edge.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "gateway/http/request.h"
#include "gateway/http/response.h"

namespace kith {

enum class Access : std::uint8_t {
  none,  // pages and hooks: a token is not even looked at
  open,  // everybody; a token, when given, must be valid and hold the scope
  app,   // any valid token, an app's own included
  user,  // the token of a person
};

// How often, beside the general 300 in 5 minutes per token (or address without one) and 1,500 per
// person. Addresses of IPv6 count by /64.
enum class LimitClass : std::uint8_t {
  general,
  media,    // 30 in 30 minutes
  deletes,  // 30 in 30 minutes
  sign_up,  // 5 in 30 minutes per address
  log_in,   // 25 in 5 minutes per address: passwords and codes must not be guessed
  none,     // not counted at all: health, metrics
};

inline constexpr std::size_t body_max_default = std::size_t{1} << 20;
inline constexpr bool required = true;

// One parameter, for the OpenAPI document and `kith routes`. Path parameters need no entry.
struct ParamDoc {
  std::string_view name;     // "status", "poll[options][]"
  std::string_view type;     // "string", "integer", "boolean", "id", "time", "file", "[id]", "[string]" ...
  std::string_view meaning;  // a few words
  bool is_required = false;
};

struct Route {
  Method method = Method::get;
  std::string_view path;  // texts of a route are constants
  Access access = Access::user;
  std::string_view scope = "";  // "read:statuses", "follow"; "" asks for none
  LimitClass limit = LimitClass::general;
  std::size_t body_max = body_max_default;
  bool oauth_errors = false;  // refusals as {"error": "invalid_request", "error_description": ...}
  std::string_view summary;
  std::vector<ParamDoc> params = {};
};

using Handler = std::function<Task<Response>(Request)>;

class Router {
 public:
  Router();
  ~Router();
  Router(Router const&) = delete;

  // Two routes of the same method and path are a programmer's error.
  void add(Route route, Handler handler);

  struct Entry {
    Route route;
    Handler handler;
    std::size_t number;  // its place in routes()
  };
  struct Match {
    Entry const* entry = nullptr;  // null: `allow` names the methods of the path, empty when there is no such path
    std::vector<std::pair<std::string_view, std::string_view>> path_params = {};  // name, segment not yet decoded
    std::string allow = {};
  };
  Match match(Method method, std::string_view raw_path) const;

  std::vector<std::unique_ptr<Entry>> const& routes() const { return entries_; }

 private:
  struct Node;
  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Entry>> entries_;
};

// The lines of `kith routes`: method, path, access and scope, summary, sorted by path.
std::string routes_text(Router const& router);
// OpenAPI 3.1, as served at /api/openapi.json.
std::string openapi(Router const& router, std::string_view version);

}  // namespace kith
