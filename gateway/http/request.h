#pragma once

// One request as a handler sees it: parsed, within its limits, its token checked. Parse, call, show:
//
//   Task<Response> show(PostsService& posts, Request request) {
//     auto const id = request.id<PostId>("id");          // /api/v1/statuses/:id
//     co_return Response::json(status_json(co_await posts.get(request.call(), id)));
//   }
//
// It owns all it shows; views into it live as long as it does.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/params.h"
#include "ports/rpc/call.h"

namespace kith {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options, other };
std::string_view name_of(Method method);

// What a token says, as the token check given to the Edge answers it.
struct TokenFacts {
  AccountId account = {};  // nobody: an app's own token (client credentials)
  Role role = Role::unspecified;
  std::uint64_t app = 0;
  std::uint64_t grant = 0;  // names the token among all, for limits and revoking
  std::string scopes = {};  // "read write:statuses follow"
  friend bool operator==(TokenFacts const&, TokenFacts const&) = default;
};

// True when one of the granted scopes is the wanted one or above it: "write" covers
// "write:statuses", "follow" covers read and write of blocks, follows and mutes.
bool covers(std::string_view granted, std::string_view wanted);

// A file of a multipart body. Its bytes are not kept: a handler can refuse it by name and size.
struct UploadedFile {
  std::string name;  // of the parameter
  std::string filename;
  std::string content_type;
  std::size_t size = 0;
};

struct RequestData;
using HeaderList = std::vector<std::pair<std::string, std::string>>;

class Request {
 public:
  explicit Request(std::shared_ptr<RequestData> data);
  Request(Request&&) noexcept;
  Request& operator=(Request&&) noexcept;
  ~Request();

  Method method() const;
  std::string_view path() const;   // decoded, without the query
  std::string_view query() const;  // as it came; may hold secrets, so never into a log
  std::string_view route() const;  // the pattern that matched, "/api/v1/statuses/:id"
  std::string_view body() const;   // as it came

  Call const& call() const;         // viewer, role, deadline, operation, trace
  TokenFacts const& token() const;  // all zero without a token
  bool signed_in() const { return static_cast<bool>(call().viewer); }
  std::string_view bearer() const;  // the token itself: header first, then parameter access_token

  // By name from the path, else from the parameters. An ill-formed id is not_found in a path and
  // invalid in a parameter.
  template <class AnId>
  AnId id(std::string_view name) const {
    return AnId{id_value(name)};
  }
  std::string text(std::string_view name) const;

  Params const& params() const;
  template <class AnId>
  std::optional<AnId> maybe_id(std::string_view name) const {
    return params().maybe_id<AnId>(name);
  }
  template <class AnId>
  std::vector<AnId> ids(std::string_view name) const {
    return params().ids<AnId>(name);
  }
  bool has(std::string_view name) const { return params().has(name); }
  std::optional<std::string> maybe_text(std::string_view name) const { return params().maybe_text(name); }
  std::vector<std::string> texts(std::string_view name) const { return params().texts(name); }
  bool flag(std::string_view name, bool otherwise = false) const { return params().flag(name, otherwise); }
  std::optional<bool> maybe_flag(std::string_view name) const { return params().maybe_flag(name); }
  std::int64_t number(std::string_view name) const { return params().number(name); }
  std::optional<std::int64_t> maybe_number(std::string_view name) const { return params().maybe_number(name); }
  std::vector<std::int64_t> numbers(std::string_view name) const { return params().numbers(name); }
  std::optional<Time> maybe_time(std::string_view name) const { return params().maybe_time(name); }
  std::vector<UploadedFile> const& files() const;
  UploadedFile const* file(std::string_view name) const;  // null: none of that name

  std::string_view header(std::string_view name) const;  // any case; "" when not sent
  std::string_view cookie(std::string_view name) const;  // "" when not sent
  std::string_view idempotency_key() const;              // at most 255 characters, else ""
  bool wants_html() const;                               // Accept prefers a page, as browsers do
  std::string_view client() const;                       // the address, behind trusted proxies the one they name
  std::string_view request_id() const;                   // also the answer's X-Request-Id
  std::string const& base_url() const;                   // "https://kith.example", no trailing slash
  bool secure() const;                                   // came by https

  std::shared_ptr<RequestData> const& shared() const { return data_; }  // for the edge

 private:
  std::uint64_t id_value(std::string_view name) const;
  std::shared_ptr<RequestData> data_;
};

// A request made by hand, for tests: make_request(Method::post, "/api/v1/statuses?x=1",
// {{"Authorization", "Bearer t"}, {"Content-Type", "application/json"}}, R"({"status":"Hi"})").
// Give it to Edge::answer(), which matches, checks and parses it as one from a socket.
Request make_request(Method method, std::string target, HeaderList headers = {}, std::string body = {});

}  // namespace kith
