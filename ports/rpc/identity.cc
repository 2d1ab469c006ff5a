#include "ports/rpc/identity.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <iterator>

#include "base/error.h"
#include "base/log.h"

namespace kith {
namespace {

struct Freed {
  void operator()(BIO* each) const { BIO_free(each); }
  void operator()(X509* each) const { X509_free(each); }
  void operator()(EVP_PKEY* each) const { EVP_PKEY_free(each); }
  void operator()(X509_STORE* each) const { X509_STORE_free(each); }
  void operator()(X509_STORE_CTX* each) const { X509_STORE_CTX_free(each); }
  void operator()(STACK_OF(X509) * each) const { sk_X509_pop_free(each, X509_free); }
};
template <class T>
using Owned = std::unique_ptr<T, Freed>;
using Chain = std::vector<Owned<X509>>;

[[noreturn]] void refuse(std::string say) { throw Error{Code::invalid, std::move(say)}; }

std::string read(std::string const& file, char const* setting) {
  std::ifstream in(file);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) refuse(std::string(setting) + ": the file " + file + " cannot be read");
  return text;
}

Owned<BIO> reader(std::string const& text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Chain certificates(std::string const& text) {
  Chain all;
  auto const from = reader(text);
  while (auto* const one = PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr)) all.emplace_back(one);
  return all;
}

std::string day(ASN1_TIME const* time) {
  Owned<BIO> const out(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(out.get(), time);
  char* text = nullptr;
  auto const size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

// As the other end of a connection will judge it.
void check_issued(Chain const& chain, Chain const& authority, Identities::Settings const& files) {
  Owned<X509_STORE> const store(X509_STORE_new());
  for (auto const& each : authority) X509_STORE_add_cert(store.get(), each.get());
  Owned<STACK_OF(X509)> const between(sk_X509_new_null());
  for (std::size_t i = 1; i < chain.size(); ++i) {
    X509_up_ref(chain[i].get());
    sk_X509_push(between.get(), chain[i].get());
  }
  Owned<X509_STORE_CTX> const judge(X509_STORE_CTX_new());
  X509_STORE_CTX_init(judge.get(), store.get(), chain.front().get(), between.get());
  if (X509_verify_cert(judge.get()) == 1) return;
  int const failure = X509_STORE_CTX_get_error(judge.get());
  X509* const judged = X509_STORE_CTX_get_current_cert(judge.get());
  bool const own = X509_STORE_CTX_get_error_depth(judge.get()) == 0;
  std::string const which = own ? "rpc_certificate: the certificate in " + files.certificate
                                : "rpc_authority: the authority of " + files.certificate + " in " + files.authority;
  if (failure == X509_V_ERR_CERT_HAS_EXPIRED) refuse(which + " expired on " + day(X509_get0_notAfter(judged)));
  if (failure == X509_V_ERR_CERT_NOT_YET_VALID)
    refuse(which + " is valid from " + day(X509_get0_notBefore(judged)) + " on");
  refuse("rpc_authority: the certificate in " + files.certificate +
         " (rpc_certificate) was not issued by an authority in " + files.authority + ": " +
         X509_verify_cert_error_string(failure));
}

Identity checked(Identities::Settings const& files) {
  Identity identity{.certificate = read(files.certificate, "rpc_certificate"),
                    .key = read(files.key, "rpc_key"),
                    .authority = read(files.authority, "rpc_authority")};
  auto const chain = certificates(identity.certificate);
  if (chain.empty()) refuse("rpc_certificate: the file " + files.certificate + " holds no PEM certificate");
  auto const authority = certificates(identity.authority);
  if (authority.empty()) refuse("rpc_authority: the file " + files.authority + " holds no PEM certificate");
  Owned<EVP_PKEY> const key(PEM_read_bio_PrivateKey(reader(identity.key).get(), nullptr, nullptr, nullptr));
  if (!key) refuse("rpc_key: the file " + files.key + " holds no PEM key without a password");
  X509* const own = chain.front().get();
  if (X509_check_private_key(own, key.get()) != 1)
    refuse("rpc_key: the key in " + files.key + " is not that of the certificate in " + files.certificate +
           " (rpc_certificate)");
  check_issued(chain, authority, files);
  // Roles call and are called with the same certificate.
  if (X509_check_purpose(own, X509_PURPOSE_SSL_SERVER, 0) != 1 ||
      X509_check_purpose(own, X509_PURPOSE_SSL_CLIENT, 0) != 1)
    refuse("rpc_certificate: the certificate in " + files.certificate + " must be good for servers and for clients");
  for (std::string const& name : files.names) {
    std::string const full = name + "." + files.domain;
    if (X509_check_host(own, full.data(), full.size(), 0, nullptr) != 1)
      refuse("rpc_certificate: the certificate in " + files.certificate + " does not name " + full +
             ", which this process is (rpc_domain)");
  }
  return identity;
}

}  // namespace

Identities::Identities(Settings settings)
    : settings_(std::move(settings)),
      watch_({settings_.certificate, settings_.key, settings_.authority}, [this] { look(); }, settings_.look_every) {
  auto first = std::make_shared<Identity const>(checked(settings_));
  std::lock_guard const lock(mutex_);
  if (!now_) now_ = std::move(first);
}

std::shared_ptr<Identity const> Identities::now() const {
  std::lock_guard const lock(mutex_);
  return now_;
}

bool Identities::is_ours(std::string_view name) const {
  auto const dot = name.find('.');
  return dot != 0 && dot != std::string_view::npos && name.substr(dot + 1) == settings_.domain;
}

void Identities::look() {
  try {
    auto found = std::make_shared<Identity const>(checked(settings_));
    {
      std::lock_guard const lock(mutex_);
      now_ = std::move(found);
    }
    log(LogLevel::info, "a new certificate is used between roles", {{"file", settings_.certificate}});
  } catch (Error const& error) {
    log(LogLevel::warn, "the new certificate between roles is not used: the one before stays",
        {{"trouble", error.say}});
  }
}

}  // namespace kith
