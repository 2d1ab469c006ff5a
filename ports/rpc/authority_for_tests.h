#pragma once

// A certificate authority that a test is itself.

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace kith {

struct CertificateWish {
  std::string names = "DNS:*.kith.test";
  std::chrono::seconds from = std::chrono::hours{-1};
  std::chrono::seconds until = std::chrono::hours{1};
  std::string usage = "serverAuth,clientAuth";
};

class AuthorityForTests {
 public:
  using Wish = CertificateWish;

  explicit AuthorityForTests(std::string name, Wish wish = {}) : name_(std::move(name)) {
    certificate_ = make(name_, pair_.get(), wish, true);
  }

  std::string certificate() const { return text(certificate_.get()); }
  // Writes identity.pem, identity.key and authority.pem into the folder.
  void issue(std::filesystem::path const& folder, Wish const& wish, std::string const& believed) {
    Pair const pair = key();
    auto const made = make("process", pair.get(), wish, false);
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "identity.pem") << text(made.get());
    std::ofstream(folder / "identity.key") << text(pair.get());
    std::ofstream(folder / "authority.pem") << believed;
  }
  void issue(std::filesystem::path const& folder, Wish const& wish = {}) { issue(folder, wish, certificate()); }

 private:
  using Pair = std::shared_ptr<EVP_PKEY>;
  using Certificate = std::shared_ptr<X509>;

  static Pair key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

  template <class T>
  static std::string text(T* what) {
    BIO* const out = BIO_new(BIO_s_mem());
    if constexpr (std::is_same_v<T, X509>)
      PEM_write_bio_X509(out, what);
    else
      PEM_write_bio_PrivateKey(out, what, nullptr, nullptr, 0, nullptr, nullptr);
    char* at = nullptr;
    auto const size = BIO_get_mem_data(out, &at);
    std::string pem(at, static_cast<std::size_t>(size));
    BIO_free(out);
    return pem;
  }

  static void add(X509* to, X509* issuer, int what, std::string const& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
    X509_add_ext(to, extension, -1);
    X509_EXTENSION_free(extension);
  }

  Certificate make(std::string const& name, EVP_PKEY* pair, Wish const& wish, bool authority) {
    Certificate made(X509_new(), X509_free);
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), wish.from.count());
    X509_gmtime_adj(X509_getm_notAfter(made.get()), wish.until.count());
    X509_set_pubkey(made.get(), pair);
    auto const called = [](X509_NAME* to, std::string const& text) {
      X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_UTF8, reinterpret_cast<unsigned char const*>(text.c_str()), -1, -1,
                                 0);
    };
    called(X509_get_subject_name(made.get()), name);
    X509* const issuer = authority ? made.get() : certificate_.get();
    X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
    add(made.get(), issuer, NID_basic_constraints, authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (!authority) {
      if (!wish.names.empty()) add(made.get(), issuer, NID_subject_alt_name, wish.names);
      add(made.get(), issuer, NID_ext_key_usage, wish.usage);
    }
    X509_sign(made.get(), pair_.get(), EVP_sha256());
    return made;
  }

  std::string name_;
  long serial_ = 0;
  Pair pair_ = key();
  Certificate certificate_;
};

}  // namespace kith
