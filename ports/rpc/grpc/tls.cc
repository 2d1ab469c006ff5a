#include "ports/rpc/grpc/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/buffer.hpp>
#include <string_view>

namespace kith {
namespace {

using TlsContext = ByteStream::TlsContext;

constexpr unsigned char protocols[] = {2, 'h', '2'};

int choose_protocol(SSL*, unsigned char const** chosen, unsigned char* size, unsigned char const* offered,
                    unsigned int offered_size, void*) {
  unsigned char* found = nullptr;
  int const how = SSL_select_next_proto(&found, size, protocols, sizeof(protocols), offered, offered_size);
  *chosen = found;
  return how == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::shared_ptr<TlsContext> context(TlsContext::method method, Identity const& identity) {
  auto made = std::make_shared<TlsContext>(method);
  made->set_options(TlsContext::default_workarounds | TlsContext::no_tlsv1 | TlsContext::no_tlsv1_1 |
                    TlsContext::no_compression);
  made->use_certificate_chain(boost::asio::buffer(identity.certificate));
  made->use_private_key(boost::asio::buffer(identity.key), TlsContext::pem);
  made->add_certificate_authority(boost::asio::buffer(identity.authority));
  made->set_verify_mode(boost::asio::ssl::verify_peer | boost::asio::ssl::verify_fail_if_no_peer_cert);
  // Whoever comes back is judged anew, by the authority of that moment.
  SSL_CTX_set_session_cache_mode(made->native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(made->native_handle(), SSL_OP_NO_TICKET);
  return made;
}

}  // namespace

std::shared_ptr<TlsContext> server_tls(Identity const& identity) {
  auto made = context(TlsContext::tls_server, identity);
  SSL_CTX_set_alpn_select_cb(made->native_handle(), choose_protocol, nullptr);
  return made;
}

std::shared_ptr<TlsContext> client_tls(Identity const& identity) {
  auto made = context(TlsContext::tls_client, identity);
  SSL_CTX_set_alpn_protos(made->native_handle(), protocols, sizeof(protocols));
  return made;
}

bool shows_one_of_us(ssl_st* line, Identities const& identities) {
  std::unique_ptr<X509, decltype(&X509_free)> const shown(SSL_get1_peer_certificate(line), X509_free);
  if (!shown) return false;
  auto* const names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(shown.get(), NID_subject_alt_name, nullptr, nullptr));
  bool ours = false;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    GENERAL_NAME const* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    std::string_view const text(reinterpret_cast<char const*>(ASN1_STRING_get0_data(name->d.dNSName)),
                                static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    ours = ours || identities.is_ours(text);
  }
  GENERAL_NAMES_free(names);
  return ours;
}

}  // namespace kith
