#pragma once

// Who this process is to the others of its community: a certificate, its key, and the authority whose certificates
// are believed. All three are files, which may be replaced while serving: new connections use what is there then.
//
// A certificate names the roles of its process under a domain of the community's own, "social.kith.internal", or all
// of them, "*.kith.internal". Who calls a role wants its name there; who is called wants any name of the domain.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_watch.h"

namespace kith {

// PEM.
struct Identity {
  std::string certificate;  // and those between it and the authority
  std::string key;
  std::string authority;
};

class Identities {
 public:
  struct Settings {
    std::string certificate;
    std::string key;
    std::string authority;
    std::string domain;
    std::vector<std::string> names;  // that the certificate must hold: roles, without the domain
    std::chrono::milliseconds look_every = std::chrono::seconds{1};
  };
  // Throws Error{invalid}, one sentence that names the setting to change: rpc_certificate, rpc_key, rpc_authority
  // or rpc_domain. What comes later and would have been refused here is not used; the log says why.
  explicit Identities(Settings settings);

  std::shared_ptr<Identity const> now() const;
  // "social" -> "social.kith.internal"
  std::string name_of(std::string_view role) const { return std::string(role) + "." + settings_.domain; }
  // Whether a name of a certificate is one of the domain.
  bool is_ours(std::string_view name) const;

 private:
  void look();

  Settings const settings_;
  mutable std::mutex mutex_;
  std::shared_ptr<Identity const> now_;
  FileWatch watch_;
};

}  // namespace kith
