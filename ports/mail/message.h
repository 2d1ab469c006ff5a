#pragma once

// A mail as its bytes: RFC 5322, UTF-8, one text part.

#include <string>
#include <string_view>

#include "base/time.h"
#include "ports/mail/mail.h"
#include "ports/random/random.h"

namespace kith {

// One address of this form that a mail server will understand as one: a local part of printable
// ASCII without quotes, brackets and commas, `@`, a host name of labels. Nothing else.
bool is_address(std::string_view address);

struct Sender {
  std::string address;  // kith@example.org
  std::string name;     // of the community; may be empty
};

// Throws Error{invalid} for what cannot be one mail.
void check_letter(Letter const& letter);
// Lines end in CR LF, none is longer than 998 bytes; ends in a line end.
std::string message_of(Letter const& letter, Sender const& from, Time now, Random& random);

}  // namespace kith
