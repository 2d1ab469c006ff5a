#include "ports/rpc/grpc_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include <algorithm>

namespace kith {
namespace {

// gRPC's C++ forms take a certificate once for all, or look at files one by one, which may not fit for a moment. Its
// C form asks for each connection.
class CurrentCredentials final : public grpc::ServerCredentials {
 public:
  explicit CurrentCredentials(std::shared_ptr<Identities const> identities)
      : identities_(std::move(identities)),
        credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, &CurrentCredentials::fetch, this))) {}
  ~CurrentCredentials() override { grpc_server_credentials_release(credentials_); }

  void SetAuthMetadataProcessor(std::shared_ptr<grpc::AuthMetadataProcessor> const&) override {}

 private:
  int AddPortToServer(std::string const& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  static grpc_ssl_certificate_config_reload_status fetch(void* self, grpc_ssl_server_certificate_config** config) {
    return static_cast<CurrentCredentials*>(self)->fetch(config);
  }
  grpc_ssl_certificate_config_reload_status fetch(grpc_ssl_server_certificate_config** config) {
    auto const now = identities_->now();
    std::lock_guard const lock(mutex_);
    if (now == given_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    grpc_ssl_pem_key_cert_pair const pair{now->key.c_str(), now->certificate.c_str()};
    *config = grpc_ssl_server_certificate_config_create(now->authority.c_str(), &pair, 1);
    given_ = now;
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  std::shared_ptr<Identities const> const identities_;
  std::mutex mutex_;
  std::shared_ptr<Identity const> given_;
  grpc_server_credentials* const credentials_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> server_credentials(std::shared_ptr<Identities const> identities) {
  return std::make_shared<CurrentCredentials>(std::move(identities));
}

std::shared_ptr<grpc::ChannelCredentials> channel_credentials(Identity const& identity) {
  return grpc::SslCredentials({identity.authority, identity.key, identity.certificate});
}

bool is_ours(grpc::AuthContext const& caller, Identities const& identities) {
  return std::ranges::any_of(caller.FindPropertyValues(GRPC_X509_SAN_PROPERTY_NAME),
                             [&](grpc::string_ref name) { return identities.is_ours({name.data(), name.size()}); });
}

}  // namespace kith
