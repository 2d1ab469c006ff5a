#include "gateway/text/html_tree.h"

#include <algorithm>
#include <csetjmp>
#include <utility>

#include "base/text.h"
#include "gateway/text/sanitize.h"

namespace kith::text {
namespace {

constexpr std::size_t arena_bytes_max = 32 << 20;  // some hundred times what an honest page needs
constexpr std::size_t block_bytes = 64 << 10;

}  // namespace

struct HtmlTree::Arena {
  std::vector<std::unique_ptr<char[]>> blocks = {};
  char* at = nullptr;
  std::size_t left = 0;
  std::size_t used = 0;
  std::jmp_buf full;
};

void* HtmlTree::allocate(void* arena, std::size_t bytes) {
  auto& self = *static_cast<Arena*>(arena);
  bytes = (bytes + 15) & ~std::size_t{15};
  if (bytes > self.left) {
    std::size_t const block = std::max(bytes, block_bytes);
    // The parser knows no failed allocation; leaving it is safe because nothing of it must be undone.
    if (block > arena_bytes_max - self.used) std::longjmp(self.full, 1);
    self.blocks.push_back(std::make_unique_for_overwrite<char[]>(block));
    self.at = self.blocks.back().get();
    self.left = block;
    self.used += block;
  }
  self.left -= bytes;
  return std::exchange(self.at, self.at + bytes);
}

HtmlTree::HtmlTree(std::string_view html)
    : text_(as_text(first_bytes(html, html_bytes_max))), arena_(std::make_unique<Arena>()) {
  // An element is at most two tags. More of them would also make the parser's searches slow.
  auto const tags = static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '<'));
  if (tags > 2 * html_elements_max) return;
  GumboOptions options = kGumboDefaultOptions;
  options.allocator = &HtmlTree::allocate;
  options.deallocator = &HtmlTree::release;
  options.userdata = arena_.get();
  options.max_errors = 0;
  options.fragment_context = GUMBO_TAG_DIV;
  // Nothing with a destructor may live between here and allocate().
  if (setjmp(arena_->full) != 0) return;
  GumboOutput const* output = gumbo_parse_with_options(&options, text_.data(), text_.size());
  root_ = output->root;
}

HtmlTree::~HtmlTree() = default;

}  // namespace kith::text
