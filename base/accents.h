#pragma once

// Accents taken off, for looking words up: who types `zoe` means Zoë too.

#include <string>
#include <string_view>

namespace kith {

// Of a folded text (base/text.h): letters of European scripts without the marks above and below them,
// and ø, ł, æ as people type them who have no such key. Marks that make the words of other scripts
// stay. unaccented(unaccented(x)) == unaccented(x).
std::string unaccented(std::string_view folded);

}  // namespace kith
