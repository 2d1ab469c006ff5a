#pragma once

// libgumbo's tree of a piece of HTML, made within bounds: hostile nesting can make any HTML5 parser
// build far more nodes than it was given tags, so all its memory comes from one arena with an end.
// Used by sanitize.cc only.

#include <gumbo.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kith::text {

class HtmlTree {
 public:
  // Holds nothing if the input has more tags, or needs more memory, than anybody writes.
  explicit HtmlTree(std::string_view html);
  ~HtmlTree();
  HtmlTree(HtmlTree const&) = delete;
  HtmlTree& operator=(HtmlTree const&) = delete;

  GumboNode const* root() const { return root_; }  // its children are the content; or null

 private:
  struct Arena;
  static void* allocate(void* arena, std::size_t bytes);
  static void release(void*, void*) {}  // all at once, in the end

  std::string text_;  // the tree points into it
  std::unique_ptr<Arena> arena_;
  GumboNode const* root_ = nullptr;
};

}  // namespace kith::text
