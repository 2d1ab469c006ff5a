#pragma once

// What a form says about a post, in our words.

#include <vector>

#include "gateway/http/router.h"
#include "gateway/hydrate/hydrate.h"
#include "services/posts/posts.kith.h"

namespace kith::posts {

// public, unlisted, private, direct or one of our own audiences; else invalid, naming the parameter.
Rule rule_in(std::string_view word, std::string_view parameter);
NewPost new_post(Request const& request);
EditPost edit_of(Request const& request, PostId post);
// For the API's description.
std::vector<ParamDoc> write_params();

}  // namespace kith::posts
