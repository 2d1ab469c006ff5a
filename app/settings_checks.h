#pragma once

#include "app/settings.h"

namespace kith {

// What only shows when settings are seen together. Throws Error{invalid}, one sentence that names what to change.
void check_together(Settings const& settings);

}  // namespace kith
