#pragma once

// One call of libcurl after another over the same lines, for the ports that speak HTTP or SMTP to a server. Only for
// their .cc files: no header of theirs names libcurl. One thread at a time.

#include <curl/curl.h>

#include <memory>
#include <string>

#include "base/check.h"

namespace kith {

class CurlCall {
 public:
  // "http,https". Ready for many threads, and deaf to the environment's proxies, which are for the web.
  explicit CurlCall(char const* protocols);
  CurlCall(CurlCall const&) = delete;
  CurlCall& operator=(CurlCall const&) = delete;

  template <class Value>
  void set(CURLoption option, Value value) {
    check(curl_easy_setopt(handle_.get(), option, value) == CURLE_OK, "libcurl knows its options");
  }
  // From the next call on, these lines and no others; none: forget them.
  void header(char const* line);
  void forget_headers();
  // Nobody reads what the server says beside its status.
  void swallow_answer();

  CURLcode perform();
  // Of the last call: what went wrong, in words for an operator; the server's status, 0 without an answer.
  std::string trouble(CURLcode code) const;
  long status() const;

  CURL* handle() { return handle_.get(); }
  // Before a call that is not made by `perform`.
  void begin();

 private:
  std::unique_ptr<CURL, decltype([](CURL* handle) { curl_easy_cleanup(handle); })> handle_;
  std::unique_ptr<curl_slist, decltype([](curl_slist* list) { curl_slist_free_all(list); })> headers_;
  char why_[CURL_ERROR_SIZE] = "";
};

}  // namespace kith
