#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway/views/status.h"
#include "gateway/views/tag.h"

namespace kith::views {

// What a search found, per kind; an empty list for what was not asked for.
void append_search(std::string& out, std::span<std::string_view const> accounts, std::span<StatusPieces const> statuses,
                   std::span<TagPage const> tags);

// A JSON list of texts that are JSON already: a page of accounts.
void append_joined(std::string& out, std::span<std::string_view const> items);

}  // namespace kith::views
