#include "gateway/text/render.h"

#include <algorithm>

#include "base/text.h"

namespace kith::text {
namespace {

constexpr std::size_t shown_url_max = 30;    // what clients leave visible of a link, scheme and www. aside
constexpr std::size_t marks_max = 4;         // stacked on one letter; no script needs more
constexpr std::size_t name_bytes_each = 25;  // the longest family emoji is one grapheme of 25 bytes

void append_escaped(std::string& out, char byte) {
  switch (byte) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '"': out += "&quot;"; break;
    case '\'': out += "&#39;"; break;
    default: out += byte;
  }
}

void append_link(std::string& out, std::string_view url, std::string_view rel) {
  std::size_t prefix = url.find("://") + 3;
  if (url.substr(prefix).starts_with("www.")) prefix += 4;
  std::string_view const shown = first_graphemes(url.substr(prefix), shown_url_max);
  std::string_view const rest = url.substr(prefix + shown.size());
  out += "<a href=\"";
  append_html(out, url);
  out += "\" target=\"_blank\" rel=\"";
  out += rel;
  out += "\" translate=\"no\"><span class=\"invisible\">";
  append_html(out, url.substr(0, prefix));
  out += rest.empty() ? "</span><span class=\"\">" : "</span><span class=\"ellipsis\">";
  append_html(out, shown);
  out += "</span><span class=\"invisible\">";
  append_html(out, rest);
  out += "</span></a>";
}

void append_mention(std::string& out, std::string_view shown, std::string_view url) {
  out += "<span class=\"h-card\" translate=\"no\"><a href=\"";
  append_html(out, url);
  out += "\" class=\"u-url mention\">@<span>";
  append_html(out, shown);
  out += "</span></a></span>";
}

void append_tag(std::string& out, std::string_view shown, std::string_view url) {
  out += "<a href=\"";
  append_html(out, url);
  out += "\" class=\"mention hashtag\" rel=\"tag\">#<span>";
  append_html(out, shown);
  out += "</span></a>";
}

// Text between entities: escaped, control characters dropped; a line end breaks the line, several
// the paragraph.
void append_lines(std::string& out, std::string_view text, bool one_line) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    char const byte = text[at];
    if (byte != '\n' && byte != '\r') {
      auto const code = static_cast<unsigned char>(byte);
      if (code >= 0x20 && code != 0x7F) append_escaped(out, byte);
      if (byte == '\t') out += ' ';
      continue;
    }
    std::size_t ends = 0;
    std::size_t behind = at;
    for (std::size_t next = at; next < text.size(); ++next) {
      char const blank = text[next];
      if (blank == '\n' || (blank == '\r' && !text.substr(next + 1).starts_with('\n'))) {
        ++ends;
        behind = next;
      } else if (blank != ' ' && blank != '\t' && blank != '\r') {
        break;
      }
    }
    out += one_line ? " " : ends > 1 ? "</p><p>" : "<br />";
    at = behind;
  }
}

// The entities of all kinds in the order of the text.
struct Piece {
  Range at;
  enum { mention, tag, link } kind;
  std::size_t index;
};

std::vector<Piece> in_order(Entities const& entities) {
  std::vector<Piece> pieces;
  pieces.reserve(entities.mentions.size() + entities.tags.size() + entities.links.size());
  for (std::size_t i = 0; i < entities.mentions.size(); ++i)
    pieces.push_back({entities.mentions[i].at, Piece::mention, i});
  for (std::size_t i = 0; i < entities.tags.size(); ++i) pieces.push_back({entities.tags[i].at, Piece::tag, i});
  for (std::size_t i = 0; i < entities.links.size(); ++i) pieces.push_back({entities.links[i].at, Piece::link, i});
  std::sort(pieces.begin(), pieces.end(), [](Piece const& a, Piece const& b) { return a.at.begin < b.at.begin; });
  return pieces;
}

struct Style {
  std::span<MentionTarget const> mentions = {};
  std::string_view base_url = {};
  std::string_view rel = "nofollow noopener";
  bool one_line = false;
};

void append_body(std::string& out, std::string_view text, Entities const& entities, Style const& style) {
  std::string_view const body = trim(text);
  std::size_t copied = static_cast<std::size_t>(body.data() - text.data());
  std::size_t const end = copied + body.size();
  for (Piece const& piece : in_order(entities)) {
    // Ranges of another text than this one would cut it anywhere: they are passed over.
    if (piece.at.begin < copied || piece.at.end > end || piece.at.begin >= piece.at.end) continue;
    std::string_view const shown = text.substr(piece.at.begin, piece.at.end - piece.at.begin);
    std::string_view target;
    if (piece.kind == Piece::mention) {
      auto const& name = entities.mentions[piece.index].name;
      auto const found = std::find_if(style.mentions.begin(), style.mentions.end(),
                                      [&](MentionTarget const& person) { return person.name == name; });
      if (found == style.mentions.end()) continue;
      target = found->url;
    } else if (piece.kind == Piece::tag && style.base_url.empty()) {
      continue;
    }
    append_lines(out, text.substr(copied, piece.at.begin - copied), style.one_line);
    switch (piece.kind) {
      case Piece::mention: append_mention(out, shown.substr(1, shown.find('@', 1) - 1), target); break;
      case Piece::tag:
        append_tag(out, shown.substr(shown.starts_with('#') ? 1 : 3),
                   tag_url(style.base_url, entities.tags[piece.index].name));
        break;
      case Piece::link: append_link(out, shown, style.rel); break;
    }
    copied = piece.at.end;
  }
  append_lines(out, text.substr(copied, end - copied), style.one_line);
}

}  // namespace

void append_html(std::string& out, std::string_view text) {
  for (char const byte : text) append_escaped(out, byte);
}

std::string percent_encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (char const byte : text) {
    auto const code = static_cast<unsigned char>(byte);
    bool const plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                       byte == '-' || byte == '_' || byte == '.' || byte == '~';
    if (plain) {
      out += byte;
    } else {
      out += '%';
      out += digits[code >> 4];
      out += digits[code & 15];
    }
  }
  return out;
}

std::string tag_url(std::string_view base_url, std::string_view name) {
  return std::string(base_url) + "/tags/" + percent_encoded(name);
}

std::string render(std::string_view text, Entities const& entities, std::span<MentionTarget const> mentions,
                   std::string_view base_url) {
  std::string out;
  out.reserve(text.size() + text.size() / 4 + 16);
  out += "<p>";
  append_body(out, text, entities, {.mentions = mentions, .base_url = base_url});
  if (out.size() == 3) return {};  // nothing but white space: no paragraph
  out += "</p>";
  return out;
}

std::string render_field(std::string_view value, std::string_view own_host, std::string_view base_url) {
  std::string out;
  append_body(out, value, extract(value, own_host),
              {.base_url = base_url, .rel = "nofollow noopener me", .one_line = true});
  return out;
}

std::string clean_name(std::string_view name, std::size_t most) {
  std::string out;
  std::size_t marks = 0;
  bool blank = false;  // a blank waits for the next visible character
  bool visible = false;
  for (std::size_t at = 0; at < name.size();) {
    char32_t const code = next_code_point(name, at);
    if (is_space(code)) {
      blank = !out.empty();
      continue;
    }
    if (is_hidden(code)) continue;
    bool const mark = is_mark(code);
    bool const joiner = code == 0x200C || code == 0x200D;
    marks = mark ? marks + 1 : 0;
    if (marks > marks_max || ((mark || joiner) && out.empty())) continue;
    if (blank) out += ' ';
    blank = false;
    visible |= !mark && !joiner;
    append_code_point(out, code);
  }
  if (!visible) return {};
  std::string_view const shown = first_bytes(first_graphemes(out, most), most * name_bytes_each);
  return std::string(trim(shown));
}

}  // namespace kith::text
