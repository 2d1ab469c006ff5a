// Page parameters and the Link header made from them: absolute, one line, no raw comma in a URL.

#include <algorithm>

#include "base/check.h"
#include "gateway/http/body.h"
#include "gateway/http/paging.h"
#include "gateway/http/request_data.h"

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* bytes, std::size_t size) {
  using namespace kith;
  std::string const text(reinterpret_cast<char const*>(bytes), size);
  if (auto const id = parse_id(text)) check(std::to_string(*id) == text && *id <= id_max, "an id has one form");

  auto data = std::make_shared<RequestData>();
  std::string const target = "/api/v1/timelines/home?" + text;
  set_target(*data, target);
  data->path = std::string(data->raw_path);
  data->base_url = "https://kith.example";
  Form form{data->params};
  try {
    parse_urlencoded(form, data->query);
    Request const request(data);
    auto const paging = paging_of(request);
    check(paging.limit >= 1 && paging.limit <= 40, "a page has a limit");
    check(std::max({paging.max_id, paging.since_id, paging.min_id}) <= id_max, "a cursor is an id");
    auto response = Response::nothing();
    link_pages(response, request, 9, 3);
    auto const& lines = response.headers.lines();
    check(std::count(lines.begin(), lines.end(), ',') == 1 && std::count(lines.begin(), lines.end(), '\n') == 1,
          "a link is one line without a comma in its URLs");
    check(lines.starts_with("Link: <https://kith.example/api/v1/timelines/home?") &&
              lines.find("max_id=3>; rel=\"next\"") != std::string::npos &&
              lines.find("min_id=9>; rel=\"prev\"") != std::string::npos,
          "a link names the next and the previous page");
    check(std::count(lines.begin(), lines.end(), '<') == 2, "a query cannot end a link");
  } catch (Error const& error) {
    check(error.code == Code::invalid, "input is refused as invalid");
  }
  return 0;
}
