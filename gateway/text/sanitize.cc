#include "gateway/text/sanitize.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/markup/extract.h"
#include "base/text.h"
#include "gateway/text/html_tree.h"
#include "gateway/text/render.h"

namespace kith::text {
namespace {

constexpr std::size_t classes_max = 8;  // of one element

// Where an element may stand in what we write. The model is narrower than HTML's on purpose: what
// it lets through, every parser reads back as the same tree.
enum class Kind {
  gone,       // with everything inside
  plain,      // loses its tags, its content stays in the line
  breaks,     // loses its tags, its content begins a new line
  in_line,    // b, a, span ...: holds only its like
  leaf,       // br
  rule,       // hr
  paragraph,  // p, h1 ... pre: holds what stands in a line
  container,  // blockquote: holds everything
  list,       // ul, ol: holds items
  item,       // li: only directly in a list; holds everything
};

struct Allowed {
  GumboTag tag;
  std::string_view name;
  Kind kind;
};

constexpr std::array allowed_elements{
    Allowed{GUMBO_TAG_P, "p", Kind::paragraph},
    Allowed{GUMBO_TAG_H1, "h1", Kind::paragraph},
    Allowed{GUMBO_TAG_H2, "h2", Kind::paragraph},
    Allowed{GUMBO_TAG_H3, "h3", Kind::paragraph},
    Allowed{GUMBO_TAG_H4, "h4", Kind::paragraph},
    Allowed{GUMBO_TAG_PRE, "pre", Kind::paragraph},
    Allowed{GUMBO_TAG_BR, "br", Kind::leaf},
    Allowed{GUMBO_TAG_HR, "hr", Kind::rule},
    Allowed{GUMBO_TAG_SPAN, "span", Kind::in_line},
    Allowed{GUMBO_TAG_A, "a", Kind::in_line},
    Allowed{GUMBO_TAG_CODE, "code", Kind::in_line},
    Allowed{GUMBO_TAG_STRONG, "strong", Kind::in_line},
    Allowed{GUMBO_TAG_EM, "em", Kind::in_line},
    Allowed{GUMBO_TAG_B, "b", Kind::in_line},
    Allowed{GUMBO_TAG_I, "i", Kind::in_line},
    Allowed{GUMBO_TAG_U, "u", Kind::in_line},
    Allowed{GUMBO_TAG_DEL, "del", Kind::in_line},
    Allowed{GUMBO_TAG_UL, "ul", Kind::list},
    Allowed{GUMBO_TAG_OL, "ol", Kind::list},
    Allowed{GUMBO_TAG_LI, "li", Kind::item},
    Allowed{GUMBO_TAG_BLOCKQUOTE, "blockquote", Kind::container},
};

// Whose content is no text for people, or cannot be shown without its element.
constexpr std::array gone_elements{
    GUMBO_TAG_SCRIPT,   GUMBO_TAG_STYLE,  GUMBO_TAG_TITLE,    GUMBO_TAG_IFRAME, GUMBO_TAG_NOSCRIPT, GUMBO_TAG_NOEMBED,
    GUMBO_TAG_NOFRAMES, GUMBO_TAG_OBJECT, GUMBO_TAG_EMBED,    GUMBO_TAG_APPLET, GUMBO_TAG_SVG,      GUMBO_TAG_MATH,
    GUMBO_TAG_TEMPLATE, GUMBO_TAG_HEAD,   GUMBO_TAG_AUDIO,    GUMBO_TAG_VIDEO,  GUMBO_TAG_CANVAS,   GUMBO_TAG_SELECT,
    GUMBO_TAG_TEXTAREA, GUMBO_TAG_XMP,    GUMBO_TAG_FRAMESET,
};

constexpr std::array breaking_elements{
    GUMBO_TAG_DIV,     GUMBO_TAG_SECTION, GUMBO_TAG_ARTICLE,    GUMBO_TAG_HEADER, GUMBO_TAG_FOOTER, GUMBO_TAG_MAIN,
    GUMBO_TAG_ASIDE,   GUMBO_TAG_NAV,     GUMBO_TAG_ADDRESS,    GUMBO_TAG_H5,     GUMBO_TAG_H6,     GUMBO_TAG_TR,
    GUMBO_TAG_TABLE,   GUMBO_TAG_CAPTION, GUMBO_TAG_FIGURE,     GUMBO_TAG_DT,     GUMBO_TAG_DD,     GUMBO_TAG_DL,
    GUMBO_TAG_DETAILS, GUMBO_TAG_SUMMARY, GUMBO_TAG_FIGCAPTION, GUMBO_TAG_FORM,   GUMBO_TAG_CENTER, GUMBO_TAG_LISTING,
};

template <class List>
bool is_in(List const& list, GumboTag tag) {
  return std::find(list.begin(), list.end(), tag) != list.end();
}

Allowed known(GumboNode const& node) {
  GumboElement const& element = node.v.element;
  if (node.type == GUMBO_NODE_TEMPLATE || element.tag_namespace != GUMBO_NAMESPACE_HTML ||
      is_in(gone_elements, element.tag))
    return {element.tag, "", Kind::gone};
  auto const found = std::find_if(allowed_elements.begin(), allowed_elements.end(),
                                  [&](Allowed const& allowed) { return allowed.tag == element.tag; });
  if (found != allowed_elements.end()) return *found;
  return {element.tag, "", is_in(breaking_elements, element.tag) ? Kind::breaks : Kind::plain};
}

bool is_text_node(GumboNode const& node) {
  return node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE || node.type == GUMBO_NODE_CDATA;
}
bool is_element(GumboNode const& node) { return node.type == GUMBO_NODE_ELEMENT || node.type == GUMBO_NODE_TEMPLATE; }

// Goes through the tree without recursion (its depth is the writer's): `visitor.open(node)` says
// whether to go inside, `visitor.close()` ends what it went into.
template <class Visitor>
void walk(GumboNode const& root, Visitor& visitor) {
  struct Place {
    GumboVector const* children;
    unsigned next;
  };
  std::vector<Place> places{{&root.v.element.children, 0}};
  while (!places.empty()) {
    Place& place = places.back();
    if (place.next == place.children->length) {
      places.pop_back();
      if (!places.empty()) visitor.close();
      continue;
    }
    auto const& node = *static_cast<GumboNode const*>(place.children->data[place.next++]);
    if (is_text_node(node))
      visitor.text(node.v.text.text);
    else if (is_element(node) && visitor.open(node))
      places.push_back({&node.v.element.children, 0});
  }
}

std::string_view attribute(GumboNode const& node, char const* name) {
  GumboAttribute const* const found = gumbo_get_attribute(&node.v.element.attributes, name);
  return found == nullptr ? std::string_view() : std::string_view(found->value);
}

// Only what clients and microformats read: mention, hashtag, invisible, ellipsis and h-, p-, u-, dt-, e- names.
bool is_allowed_class(std::string_view name) {
  if (name == "mention" || name == "hashtag" || name == "invisible" || name == "ellipsis" || name == "quote-inline")
    return true;
  if (name.size() > 32 || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string_view::npos)
    return false;
  for (std::string_view const prefix : {"h-", "p-", "u-", "dt-", "e-"})
    if (name.size() > prefix.size() && name.starts_with(prefix)) return true;
  return false;
}

std::string allowed_classes(std::string_view classes) {
  std::string out;
  for (std::size_t at = 0, count = 0; at < classes.size() && count < classes_max;) {
    std::size_t const end = std::min(classes.find_first_of(" \t\n\f\r", at), classes.size());
    std::string_view const name = classes.substr(at, end - at);
    if (is_allowed_class(name)) {
      if (!out.empty()) out += ' ';
      out += name;
      ++count;
    }
    at = end + 1;
  }
  return out;
}

bool is_control(char32_t code) {
  return (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7F && code < 0xA0) || code == 0xFEFF;
}

std::string_view escape_of(char32_t code) {
  switch (code) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    default: return {};
  }
}

// Unicode, 23.7: never a character. Parsers take one from a number like &#x6FFFF;, but not from its bytes.
bool is_noncharacter(char32_t code) { return (code >= 0xFDD0 && code <= 0xFDEF) || (code & 0xFFFE) == 0xFFFE; }

// The parser was given UTF-8, but makes other bytes of a number like &#13666666666666666666;.
std::string_view bytes_of(char32_t code, std::string_view bytes) {
  return code == 0xFFFD || is_noncharacter(code) ? "\uFFFD" : bytes;
}

// Writes what is allowed, as far as depth, number and size permit.
class Writer {
 public:
  std::string out = {};

  void text(std::string_view text) {
    for (std::size_t at = 0; at < text.size() && !full_;) {
      std::size_t const begin = at;
      char32_t const code = next_code_point(text, at);
      if (is_control(code)) continue;
      // Parsers drop a line end right behind <pre>; so it must not be there to be dropped.
      if (code == '\n' && out.ends_with("<pre>")) continue;
      std::string_view const escape = escape_of(code);
      put(escape.empty() ? bytes_of(code, text.substr(begin, at - begin)) : escape);
    }
  }

  bool open(GumboNode const& node) {
    Allowed const element = known(node);
    if (element.kind == Kind::gone) return false;
    if (element.kind == Kind::leaf || element.kind == Kind::rule) {
      void_element(element);
      return false;
    }
    if (element.kind == Kind::plain || element.kind == Kind::breaks || !fits(element)) {
      if (element.kind != Kind::plain && element.kind != Kind::in_line) line_break();
      levels_.push_back({});
      return true;
    }
    std::string const start = start_tag(node, element);
    std::size_t const end_bytes = element.name.size() + 3;
    if (start.empty() || elements_ == html_elements_max || depth_ == html_depth_max ||
        out.size() + start.size() + end_bytes + closing_ > html_bytes_max) {
      levels_.push_back({});
      return true;
    }
    out += start;
    ++elements_;
    ++depth_;
    closing_ += end_bytes;
    levels_.push_back({element.name, element.kind});
    return true;
  }

  void close() {
    Level const level = levels_.back();
    levels_.pop_back();
    if (level.name.empty()) return;
    closing_ -= level.name.size() + 3;
    --depth_;
    out += "</";
    out += level.name;
    out += '>';
  }

 private:
  struct Level {
    std::string_view name = {};  // empty: its tags are not written
    Kind kind = Kind::plain;
  };

  // The nearest element that is written.
  Level around() const {
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level)
      if (!level->name.empty()) return *level;
    return {"", Kind::container};
  }

  bool fits(Allowed const& element) const {
    Kind const outer = around().kind;
    bool const holds_all = outer == Kind::container || outer == Kind::item;
    if (element.kind == Kind::item) return outer == Kind::list;
    if (element.kind != Kind::in_line) return holds_all;
    if (outer == Kind::list) return false;
    // The same twice around one text says nothing more, and a link in a link is none.
    return std::none_of(levels_.begin(), levels_.end(), [&](Level const& level) {
      return level.name == element.name && (element.tag != GUMBO_TAG_SPAN);
    });
  }

  // Its tags; empty if it may not be written: a link that leads nowhere safe.
  static std::string start_tag(GumboNode const& node, Allowed const& element) {
    std::string tag = "<" + std::string(element.name);
    if (element.tag == GUMBO_TAG_A) {
      std::string const whole = as_text(attribute(node, "href"));
      std::string_view const url = trim(whole);
      if (!is_safe_url(url)) return {};
      tag += " href=\"";
      append_html(tag, url);
      tag += "\" rel=\"nofollow noopener\" target=\"_blank\"";
    }
    if (element.tag == GUMBO_TAG_A || element.tag == GUMBO_TAG_SPAN) {
      std::string const classes = allowed_classes(attribute(node, "class"));
      if (!classes.empty()) tag += " class=\"" + classes + '"';
      if (attribute(node, "translate") == "no") tag += " translate=\"no\"";
    }
    return tag += '>';
  }

  void void_element(Allowed const& element) {
    if (element.kind == Kind::rule && !fits(element)) return line_break();
    if (elements_ == html_elements_max) return;
    std::string_view const tag = element.kind == Kind::rule ? "<hr />" : "<br />";
    if (put(tag)) ++elements_;
  }

  // Between what two blocks hold when they lose their tags; not where a line begins anyway.
  void line_break() {
    if (out.empty() || out.ends_with('\n') || elements_ == html_elements_max) return;
    if (out.ends_with('>') && !out.ends_with("</a>") && !out.ends_with("</span>") && !out.ends_with("</b>")) return;
    if (around().kind == Kind::list) return;
    if (put("<br />")) ++elements_;
  }

  bool put(std::string_view bytes) {
    full_ |= out.size() + bytes.size() + closing_ > html_bytes_max;
    if (!full_) out += bytes;
    return !full_;
  }

  std::vector<Level> levels_ = {};
  std::size_t elements_ = 0;
  std::size_t depth_ = 0;
  std::size_t closing_ = 0;  // bytes of the end tags still to come
  bool full_ = false;
};

// Collects text with line ends where blocks end.
class Reader {
 public:
  std::string out = {};

  void text(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      std::size_t const begin = at;
      char32_t const code = next_code_point(text, at);
      if (is_space(code) && (pre_ == 0 || code != '\n')) {
        blank_ = true;
      } else if (code == '\n') {
        lines_ = std::max(lines_ + 1, std::size_t{1});
      } else if (!is_hidden(code)) {
        gap();
        out += bytes_of(code, text.substr(begin, at - begin));
      }
    }
  }

  bool open(GumboNode const& node) {
    Allowed const element = known(node);
    if (element.kind == Kind::gone) return false;
    if (element.kind == Kind::leaf) {
      ++lines_;
      return false;
    }
    levels_.push_back(element);
    begin_block(element);
    pre_ += element.tag == GUMBO_TAG_PRE;
    return true;
  }

  void close() {
    Allowed const element = levels_.back();
    levels_.pop_back();
    begin_block(element);
    pre_ -= element.tag == GUMBO_TAG_PRE;
  }

 private:
  void begin_block(Allowed const& element) {
    switch (element.kind) {
      case Kind::paragraph:
      case Kind::container:
      case Kind::rule:
      case Kind::list: lines_ = std::max(lines_, std::size_t{2}); break;
      case Kind::breaks:
      case Kind::item: lines_ = std::max(lines_, std::size_t{1}); break;
      default: break;
    }
  }

  void gap() {
    if (!out.empty()) {
      if (lines_ > 0)
        out.append(std::min(lines_, std::size_t{2}), '\n');
      else if (blank_)
        out += ' ';
    }
    lines_ = 0;
    blank_ = false;
  }

  std::vector<Allowed> levels_ = {};
  std::size_t lines_ = 0;
  std::size_t pre_ = 0;
  bool blank_ = false;
};

template <class Visitor>
std::string walked(std::string_view html) {
  HtmlTree const tree(html);
  Visitor visitor;
  if (tree.root() != nullptr) walk(*tree.root(), visitor);
  return std::move(visitor.out);
}

}  // namespace

bool is_safe_url(std::string_view url) {
  if (url.empty() || url.size() > url_bytes_max) return false;
  for (std::size_t at = 0; at < url.size();) {
    char32_t const code = next_code_point(url, at);
    if (is_space(code) || is_hidden(code) || is_noncharacter(code)) return false;
  }
  std::size_t const colon = url.find(':');
  if (colon == std::string_view::npos) return false;
  std::string const scheme = fold(url.substr(0, colon));
  std::string_view const rest = url.substr(colon + 1);
  if (scheme == "mailto") return url.substr(0, colon).size() == 6 && !rest.empty() && !rest.starts_with('/');
  if ((scheme != "http" && scheme != "https") || colon != scheme.size()) return false;
  return rest.size() > 2 && rest.starts_with("//") && rest[2] != '/' && rest[2] != '\\';
}

std::string sanitize(std::string_view html) { return walked<Writer>(html); }

std::string plain_text(std::string_view html) { return walked<Reader>(html); }

}  // namespace kith::text
