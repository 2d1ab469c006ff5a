#pragma once

#include <span>
#include <string>

#include "gateway/views/status.h"

namespace kith::views {

// The thread around a post: what it answers, oldest first, and what answers it, each after its parent.
void append_context(std::string& out, std::span<StatusPieces const> ancestors,
                    std::span<StatusPieces const> descendants);

}  // namespace kith::views
