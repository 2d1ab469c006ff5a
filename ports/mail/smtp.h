#pragma once

// Mail handed to a mail server by SMTP, on threads that may wait.

#include <string>

#include "base/workers.h"
#include "ports/clock/clock.h"
#include "ports/mail/message.h"

namespace kith {

class SmtpMail final : public Mail {
 public:
  enum class Tls : std::uint8_t {
    starttls,  // begins plain, then must become encrypted before anything is said; port 587
    implicit,  // encrypted from the first byte; port 465
    none,      // for a server on this machine only: it refuses to carry a password
  };
  struct Server {
    std::string host;
    std::uint16_t port = 587;
    Tls tls = Tls::starttls;
    std::string user = {};  // empty: no sign-in
    std::string password = {};
    std::string authority = {};  // a file with the certificates to trust; empty: the system's
    std::string hello = {};      // how we name ourselves; empty: the sender's host
    Duration connect_within = std::chrono::seconds{10};
    Duration send_within = std::chrono::seconds{30};  // all of it: an answer waits at most so long
  };
  struct Needs {
    Clock const& clock;
    Random& random;
    Workers& workers;
    Sender from;
  };
  // Throws Error{invalid} for a server that cannot be.
  SmtpMail(Server server, Needs needs);

  Task<void> send(Letter letter) override;

 private:
  void deliver(std::string const& to, std::string const& message) const;

  Server server_;
  Needs needs_;
};

}  // namespace kith
