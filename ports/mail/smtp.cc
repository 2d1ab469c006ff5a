#include "ports/mail/smtp.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/curl.h"
#include "base/error.h"

namespace kith {
namespace {

struct Upload {
  std::string_view left;
  bool ended = false;
};

std::size_t read_on(char* into, std::size_t size, std::size_t count, void* from) {
  auto& upload = *static_cast<Upload*>(from);
  std::size_t const bytes = std::min(size * count, upload.left.size());
  std::memcpy(into, upload.left.data(), bytes);
  upload.left.remove_prefix(bytes);
  upload.ended = upload.left.empty();
  return bytes;
}

// After the last byte left, only the server knows whether it took the mail.
Error failed(CURLcode code, CurlCall const& call, Upload const& upload) {
  long const answer = call.status();
  std::string detail = "smtp: " + call.trouble(code) + ", answer " + std::to_string(answer);
  bool const refused_for_ever = answer >= 500 && answer <= 599;
  if (code == CURLE_SEND_ERROR && refused_for_ever)
    return {Code::not_found, "The mail server does not accept this address", std::move(detail)};
  bool const perhaps = upload.ended && answer < 400 &&
                       (code == CURLE_RECV_ERROR || code == CURLE_OPERATION_TIMEDOUT || code == CURLE_GOT_NOTHING ||
                        code == CURLE_WEIRD_SERVER_REPLY);
  if (perhaps) return {Code::unknown, "It is not sure whether the mail was sent", std::move(detail)};
  return {Code::unavailable, "Mail cannot be sent right now", std::move(detail)};
}

}  // namespace

SmtpMail::SmtpMail(Server server, Needs needs) : server_(std::move(server)), needs_(std::move(needs)) {
  if (!is_address(needs_.from.address))
    throw Error{Code::invalid, "'" + needs_.from.address + "' is not an address that mail can come from"};
  if (server_.hello.empty()) server_.hello = needs_.from.address.substr(needs_.from.address.find('@') + 1);
  bool const odd = server_.host.empty() || server_.host.find_first_of("/@ \t\r\n?#") != std::string::npos;
  if (odd || server_.port == 0) throw Error{Code::invalid, "'" + server_.host + "' is not the name of a mail server"};
  if (server_.tls == Tls::none && !server_.user.empty())
    throw Error{Code::invalid,
                "The password of the mail server would go over the line in the clear: use starttls or implicit"};
}

Task<void> SmtpMail::send(Letter letter) {
  std::string const message = message_of(letter, needs_.from, needs_.clock.now(), needs_.random);
  co_await needs_.workers.run([this, &letter, &message] { deliver(letter.to, message); });
}

void SmtpMail::deliver(std::string const& to, std::string const& message) const {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  bool const v6 = server_.host.find(':') != std::string::npos && !server_.host.starts_with('[');
  std::string const url = std::string(server_.tls == Tls::implicit ? "smtps://" : "smtp://") +
                          (v6 ? '[' + server_.host + ']' : server_.host) + ':' + std::to_string(server_.port) + '/' +
                          server_.hello;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> const recipients(
      curl_slist_append(nullptr, ('<' + to + '>').c_str()), curl_slist_free_all);
  Upload upload{message};
  CurlCall call("smtp,smtps");
  call.set(CURLOPT_URL, url.c_str());
  call.set(CURLOPT_USE_SSL, static_cast<long>(server_.tls == Tls::none ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  call.set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!server_.authority.empty()) call.set(CURLOPT_CAINFO, server_.authority.c_str());
  if (!server_.user.empty()) {
    call.set(CURLOPT_USERNAME, server_.user.c_str());
    call.set(CURLOPT_PASSWORD, server_.password.c_str());
  }
  call.set(CURLOPT_MAIL_FROM, ('<' + needs_.from.address + '>').c_str());
  call.set(CURLOPT_MAIL_RCPT, recipients.get());
  call.set(CURLOPT_UPLOAD, 1L);
  call.set(CURLOPT_READFUNCTION, read_on);
  call.set(CURLOPT_READDATA, static_cast<void*>(&upload));
  call.swallow_answer();
  call.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(duration_cast<milliseconds>(server_.connect_within).count()));
  call.set(CURLOPT_TIMEOUT_MS, static_cast<long>(duration_cast<milliseconds>(server_.send_within).count()));

  if (auto const code = call.perform(); code != CURLE_OK) throw failed(code, call, upload);
}

}  // namespace kith
