#pragma once

// Mail to one person: confirmations, resets, notices.
//
// The contract, proved for each engine by mail_contract_test.cc:
//   - an address or subject that could add headers or recipients is refused with Error invalid, and
//     nothing is sent;
//   - when `send` returned, the next server (or the folder) has taken the mail over;
//   - Error unavailable: surely not taken over. Error unknown: perhaps; sending again may double it.
//     Error not_found: the server says that there is no such address.
// Every method may be called from any thread; a Task resumes on its awaiter's executor.

#include <string>

#include "base/task.h"

namespace kith {

struct Letter {
  std::string to;       // one plain address: ada@example.org
  std::string subject;  // one line
  std::string text;     // plain text
};

inline constexpr std::size_t address_bytes_max = 254;  // RFC 5321
inline constexpr std::size_t subject_bytes_max = 300;
inline constexpr std::size_t mail_text_bytes_max = 256 << 10;

class Mail {
 public:
  virtual ~Mail() = default;

  virtual Task<void> send(Letter letter) = 0;
};

}  // namespace kith
