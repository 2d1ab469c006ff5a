#include "gateway/http/tls.h"

#include <filesystem>
#include <string_view>

#include "base/error.h"

namespace kith {
namespace {

// What a client offers must hold http/1.1; one that offers only h2 would not understand us.
int choose_protocol(SSL*, unsigned char const** chosen, unsigned char* size, unsigned char const* offered,
                    unsigned int offered_size, void*) {
  constexpr std::string_view wanted = "http/1.1";
  for (unsigned int at = 0; at < offered_size;) {
    unsigned int const length = offered[at];
    if (at + 1 + length > offered_size) break;
    if (std::string_view(reinterpret_cast<char const*>(offered) + at + 1, length) == wanted) {
      *chosen = offered + at + 1;
      *size = static_cast<unsigned char>(length);
      return SSL_TLSEXT_ERR_OK;
    }
    at += 1 + length;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void must_exist(std::string const& file, std::string_view what) {
  std::error_code failure;
  if (!std::filesystem::is_regular_file(file, failure))
    throw Error{Code::invalid, "The " + std::string(what) + " file " + file + " does not exist or cannot be read"};
}

}  // namespace

std::unique_ptr<TlsContext> tls_context(std::string const& certificate, std::string const& key) {
  namespace ssl = boost::asio::ssl;
  if (certificate.empty() || key.empty())
    throw Error{Code::invalid, "TLS needs both a certificate file and a key file"};
  must_exist(certificate, "certificate");
  must_exist(key, "key");
  auto context = std::make_unique<TlsContext>(ssl::context::tls_server);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 |
                       ssl::context::no_compression);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);  // 34 KiB less per idle connection
  SSL_CTX_set_alpn_select_cb(context->native_handle(), choose_protocol, nullptr);
  boost::system::error_code failure;
  context->use_certificate_chain_file(certificate, failure);
  if (failure)
    throw Error{Code::invalid, "The certificate file " + certificate + " holds no valid PEM certificate",
                failure.message()};
  context->use_private_key_file(key, ssl::context::pem, failure);
  if (failure)
    throw Error{Code::invalid, "The key file " + key + " holds no key that fits the certificate", failure.message()};
  return context;
}

}  // namespace kith
