#pragma once

// What is behind a Request. The server fills head and body, the edge the rest; handlers see it only
// through Request.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/client_address.h"
#include "gateway/http/params.h"
#include "gateway/http/request.h"
#include "gateway/http/router.h"

namespace kith {

struct RequestData {
  // As it came. The views below point into head and body, so neither changes after parsing.
  std::string head;
  std::string body;

  // Nothing where there is none.
  std::string_view header(std::string_view name) const;

  Method method = Method::get;
  std::string_view target;    // "/a/b?c=d", also of an absolute form
  std::string_view raw_path;  // not decoded
  std::string_view query;
  std::string_view host;  // checked
  std::vector<std::pair<std::string_view, std::string_view>> headers;

  bool secure = false;
  ClientAddress peer;    // of the socket
  ClientAddress client;  // of the person, as far as trusted proxies say
  std::string client_text;

  Router::Match match;
  std::string path;                                                   // decoded
  std::vector<std::pair<std::string_view, std::string>> path_params;  // decoded
  Params params{Params::Kind::map};
  std::vector<UploadedFile> files;
  bool parsed = false;  // into these, from query and body

  Call call;
  bool continues_trace = false;  // it came with the request
  TokenFacts token;
  std::string bearer;
  std::string request_id;
  std::string base_url;
};

// The sentence of a 404 that names what is not here.
std::string no_endpoint_said(RequestData const& data);

// Splits head.target into path and query.
void set_target(RequestData& data, std::string_view target);

}  // namespace kith
