#include "base/curl.h"

namespace kith {
namespace {

std::size_t swallow(char*, std::size_t size, std::size_t count, void*) { return size * count; }

CURL* made() {
  static bool const begun = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  check(begun, "libcurl begins");
  CURL* const handle = curl_easy_init();
  check(handle != nullptr, "libcurl makes a handle");
  return handle;
}

}  // namespace

CurlCall::CurlCall(char const* protocols) : handle_(made()) {
  set(CURLOPT_PROTOCOLS_STR, protocols);
  set(CURLOPT_ERRORBUFFER, why_);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, "");
}

void CurlCall::header(char const* line) {
  headers_.reset(curl_slist_append(headers_.release(), line));
  set(CURLOPT_HTTPHEADER, headers_.get());
}

void CurlCall::forget_headers() {
  headers_.reset();
  set(CURLOPT_HTTPHEADER, headers_.get());
}

void CurlCall::swallow_answer() { set(CURLOPT_WRITEFUNCTION, &swallow); }

void CurlCall::begin() { why_[0] = '\0'; }

CURLcode CurlCall::perform() {
  begin();
  return curl_easy_perform(handle_.get());
}

std::string CurlCall::trouble(CURLcode code) const { return why_[0] != '\0' ? why_ : curl_easy_strerror(code); }

long CurlCall::status() const {
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  return status;
}

}  // namespace kith
