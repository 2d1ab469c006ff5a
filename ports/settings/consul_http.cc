#include "ports/settings/consul_http.h"

#include <algorithm>
#include <charconv>

#include "base/curl.h"
#include "base/password_file.h"
#include "base/text.h"

namespace kith {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t answer_max = std::size_t{4} << 20;  // more than all settings, or a thousand processes, take
constexpr std::size_t said_max = 200;                     // of what it says went wrong

std::size_t take(char const* bytes, std::size_t size, std::size_t count, void* into) {
  auto& body = *static_cast<std::string*>(into);
  if (body.size() + size * count > answer_max) return 0;
  body.append(bytes, size * count);
  return size * count;
}

std::string first_line(std::string_view text) {
  return as_text(text.substr(0, std::min(text.find_first_of("\r\n"), said_max)));
}

}  // namespace

bool is_consul_name(std::string_view text) {
  return !text.empty() && text.size() <= 100 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

struct ConsulHttp::Line {
  CurlCall call{"http,https"};
  std::unique_ptr<CURLM, decltype([](CURLM* calls) { curl_multi_cleanup(calls); })> calls{curl_multi_init()};
  std::string body = {};

  std::string_view said(char const* name) {
    curl_header* found = nullptr;
    return curl_easy_header(call.handle(), name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value : "";
  }
  std::uint64_t index() {
    std::uint64_t number = 0;
    std::string_view const text = said("X-Consul-Index");
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }
};

ConsulHttp::ConsulHttp(ConsulPlace place) : place_(std::move(place)), line_(std::make_unique<Line>()) {
  check(line_->calls != nullptr, "libcurl makes a handle");
  CurlCall& call = line_->call;
  call.set(CURLOPT_WRITEFUNCTION, &take);
  call.set(CURLOPT_WRITEDATA, static_cast<void*>(&line_->body));
  if (!place_.authority.empty()) call.set(CURLOPT_CAINFO, place_.authority.c_str());
}

ConsulHttp::~ConsulHttp() = default;

std::optional<ConsulHttp::Answer> ConsulHttp::get(std::string const& path, milliseconds within) {
  line_->call.set(CURLOPT_HTTPGET, 1L);
  line_->call.set(CURLOPT_CUSTOMREQUEST, static_cast<char const*>(nullptr));
  return ask(path, nullptr, within);
}

std::optional<ConsulHttp::Answer> ConsulHttp::put(std::string const& path, std::string const& body) {
  line_->call.set(CURLOPT_POST, 1L);
  line_->call.set(CURLOPT_CUSTOMREQUEST, "PUT");
  return ask(path, &body, {});
}

std::optional<ConsulHttp::Answer> ConsulHttp::ask(std::string const& path, std::string const* body,
                                                  milliseconds within) {
  Line& line = *line_;
  CurlCall& call = line.call;
  call.forget_headers();
  call.header("Expect:");
  if (!place_.token_file.empty())
    call.header(("X-Consul-Token: " + password_in(place_.token_file, "consul_token_file")).c_str());
  call.set(CURLOPT_URL, (place_.server + path).c_str());
  if (body != nullptr) {
    call.set(CURLOPT_POSTFIELDS, body->data());
    call.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
  }
  call.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(place_.deadline.count()));
  call.set(CURLOPT_TIMEOUT_MS, static_cast<long>((place_.deadline + within).count()));
  line.body.clear();

  call.begin();
  curl_multi_add_handle(line.calls.get(), call.handle());
  auto ended = CURLE_OK;
  for (int running = 1; running > 0 && !stopped_;) {
    curl_multi_perform(line.calls.get(), &running);
    // Woken by stop, and whenever there is something to read.
    if (running > 0) curl_multi_poll(line.calls.get(), nullptr, 0, 1'000, nullptr);
  }
  int left = 0;
  while (CURLMsg const* const message = curl_multi_info_read(line.calls.get(), &left))
    if (message->msg == CURLMSG_DONE) ended = message->data.result;
  long const status = call.status();
  Answer answer{.status = status, .index = line.index(), .body = std::move(line.body)};
  // What a token may not see is left out, as if it was not there.
  bool const left_out = line.said("X-Consul-Results-Filtered-By-ACLs") == "true";
  curl_multi_remove_handle(line.calls.get(), call.handle());
  if (stopped_) return std::nullopt;

  if (ended != CURLE_OK) throw failed(call.trouble(ended));
  if (status == 401 || status == 403 || left_out)
    throw Error{Code::unavailable, "Consul at " + place_.server + " does not allow this" +
                                       (place_.token_file.empty() ? ", and consul_token_file names no token: "
                                                                  : " with the token of consul_token_file: ") +
                                       (left_out ? "not all of it may be read" : first_line(answer.body))};
  if (status != 200 && status != 404) throw failed(std::to_string(status) + " " + first_line(answer.body));
  return answer;
}

Error ConsulHttp::failed(std::string const& why) const {
  return {Code::unavailable, "Consul cannot be asked at " + place_.server + " (consul_server): " + why};
}

void ConsulHttp::stop() {
  {
    std::lock_guard const lock(mutex_);
    stopped_ = true;
  }
  wake_.notify_all();
  curl_multi_wakeup(line_->calls.get());
}

bool ConsulHttp::pause(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopped_.load(); });
}

}  // namespace kith
