#pragma once

// Mail as files in a folder: what a machine without a mail server has. One .eml a mail, newest last by
// name, readable by its owner alone; the oldest leave when there are too many.

#include <string>

#include "base/workers.h"
#include "ports/clock/clock.h"
#include "ports/mail/message.h"

namespace kith {

class FolderMail final : public Mail {
 public:
  struct Needs {
    Clock const& clock;
    Random& random;
    Workers& workers;
    Sender from;
  };
  static constexpr std::size_t files_max = 10'000;

  FolderMail(std::string folder, Needs needs);
  Task<void> send(Letter letter) override;

 private:
  void write(std::string const& name, std::string const& message) const;
  void drop_oldest() const;

  std::string folder_;
  Needs needs_;
};

}  // namespace kith
