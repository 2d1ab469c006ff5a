#include "base/markup/extract.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace kith::text {
namespace {

constexpr char32_t middle_dot = 0x00B7;    // Catalan: #paral·lel
constexpr char32_t katakana_dot = 0x30FB;  // Japanese: between foreign words
constexpr char32_t non_joiner = 0x200C;    // Persian: inside words
constexpr char32_t wide_hash = 0xFF03;     // what Japanese keyboards type
constexpr std::size_t host_bytes_max = 253;

bool is_word(char32_t code) {
  // The Hangul fillers are letters that nobody sees: a name or a host must not hold them.
  return code == '_' || (is_letter(code) && !is_hidden(code)) || is_digit(code) || is_mark(code);
}
bool is_separator(char32_t code) {
  return code == '_' || code == middle_dot || code == katakana_dot || code == non_joiner;
}
// Letters that a reader sees as part of an English word; unlike those of scripts without blanks.
bool is_latin(char32_t code) {
  return is_word(code) && (code < 0x250 || (code >= 0x1E00 && code < 0x1F00) || is_mark(code));
}
bool is_handle(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_';
}

char lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte; }

// Whether `text` goes on with `word` at `at`, ASCII case aside; `word` is lower case already or compared so.
bool goes_on(std::string_view text, std::size_t at, std::string_view word) {
  if (text.size() - at < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if (lower(text[at + i]) != lower(word[i])) return false;
  return true;
}

char32_t peek(std::string_view text, std::size_t at) { return at < text.size() ? next_code_point(text, at) : 0; }

// The end of a run of words with `.` and `-` inside, beginning at `begin`: names and hosts.
template <class IsPart>
std::size_t dotted_end(std::string_view text, std::size_t begin, IsPart is_part) {
  std::size_t end = begin;
  for (std::size_t at = begin; at < text.size();) {
    char32_t const code = next_code_point(text, at);
    if (is_part(code))
      end = at;
    else if ((code != '.' && code != '-') || end == begin)
      break;
  }
  return end;
}

bool ends_url(char32_t code) {
  if (is_space(code) || is_hidden(code)) return true;
  switch (code) {
    case '<':
    case '>':
    case '"':
    case '`':
    case '{':
    case '}':
    case '|':
    case '\\':
    case '^':
    case 0xAB:
    case 0xBB:  // guillemets
    case 0x2018:
    case 0x2019:
    case 0x201C:
    case 0x201D:
    case 0x201E:  // curly quotes
    case 0xFFFD: return true;
    default: break;
  }
  // CJK and full-width punctuation: never meant as part of an address that is followed by no blank.
  return (code >= 0x3000 && code <= 0x303F) || (code >= 0xFF01 && code <= 0xFF0F) ||
         (code >= 0xFF1A && code <= 0xFF20) || (code >= 0xFF3B && code <= 0xFF40) || (code >= 0xFF5B && code <= 0xFF65);
}

// The host at `at` and where it ends; nothing if it is none that a post should link to.
std::size_t host_end(std::string_view text, std::size_t at, std::string_view own_host) {
  if (!own_host.empty() && goes_on(text, at, own_host)) {
    char32_t const behind = peek(text, at + own_host.size());
    if (!is_word(behind) && behind != '.' && behind != '-' && behind != ':' && behind != '@')
      return at + own_host.size();
  }
  std::size_t const begin = at;
  std::size_t label = at;  // where the last label begins
  std::size_t end = at;
  bool dots = false;
  while (at < text.size() && at - begin <= host_bytes_max) {
    std::size_t behind = at;
    char32_t const code = next_code_point(text, behind);
    if (code == '.') {
      if (end != at || label == at || !is_word(peek(text, behind))) break;
      label = behind;
      dots = true;
    } else if (is_word(code) || (code == '-' && at != label)) {
      end = behind;
    } else {
      break;
    }
    at = behind;
  }
  if (!dots || end <= label || end - begin > host_bytes_max) return 0;
  std::string_view const last = text.substr(label, end - label);
  if (goes_on(last, 0, "xn--")) return end;
  // `example.comです`: a Latin ending stops where another script begins.
  std::size_t ascii = 0;
  while (ascii < last.size() && is_letter(static_cast<unsigned char>(last[ascii]) < 0x80 ? last[ascii] : 0)) ++ascii;
  if (ascii == last.size()) return last.size() >= 2 ? end : 0;
  if (ascii >= 2 && static_cast<unsigned char>(last[ascii]) >= 0x80) return label + ascii;
  if (ascii > 0) return 0;
  for (std::size_t i = 0; i < last.size();) {
    char32_t const code = next_code_point(last, i);
    if (!is_letter(code) && !is_mark(code)) return 0;
  }
  return code_points(last) >= 2 ? end : 0;
}

// Where the path, query and fragment at `at` end, without the punctuation of the sentence around.
std::size_t path_end(std::string_view text, std::size_t at) {
  std::size_t const begin = at;
  int round = 0, square = 0;  // open minus closed
  while (at < text.size()) {
    std::size_t behind = at;
    char32_t const code = next_code_point(text, behind);
    if (ends_url(code)) break;
    round += code == '(' ? 1 : code == ')' ? -1 : 0;
    square += code == '[' ? 1 : code == ']' ? -1 : 0;
    at = behind;
  }
  while (at > begin) {
    char32_t const code = code_point_before(text, at);
    if (code == ')' && round < 0)
      ++round;
    else if (code == ']' && square < 0)
      ++square;
    else if (code == '(')
      --round;
    else if (code == '[')
      --square;
    else if (code == 0x2026)  // an ellipsis: three bytes
      at -= 2;
    else if (std::u32string_view(U".,:;!?'*~&").find(code) == std::u32string_view::npos)
      break;
    --at;
  }
  return at;
}

// Whether the characters of `name` make a tag: words and separators, a word at either end, and
// something that is no digit.
bool is_tag(std::string_view name) {
  bool letters = false, inner = false;
  char32_t last = 0;
  std::size_t count = 0;
  for (std::size_t at = 0; at < name.size(); ++count) {
    bool const first = at == 0;
    last = next_code_point(name, at);
    if (first ? !is_word(last) || is_mark(last) : !is_word(last) && !is_separator(last)) return false;
    letters |= is_letter(last);
    inner |= !first && at < name.size() && is_separator(last);
  }
  return count > 0 && count <= tag_characters_max && is_word(last) && (letters || inner);
}

std::string folded_tag(std::string_view name) {
  if (!is_tag(name)) return {};
  std::string folded = fold(name);
  return is_tag(folded) ? folded : std::string();
}

// Goes through a text once and tells `found` what it finds. Whatever is tried is either found or
// passed over as a whole, so the work is linear.
template <class Found>
class Scanner {
 public:
  Scanner(std::string_view text, std::string_view own_host, Found& found)
      : text_(text), own_host_(own_host), found_(found) {}

  void run() {
    while (at_ < text_.size()) {
      switch (text_[at_]) {
        case '@': mention(); break;
        case '#': tag(1); break;
        case '\xEF': peek(text_, at_) == wide_hash ? tag(3) : void(++at_); break;
        case 'h':
        case 'H': link(); break;
        default: ++at_;
      }
    }
  }

 private:
  char32_t before() const { return at_ == 0 ? U' ' : code_point_before(text_, at_); }
  Range since(std::size_t begin, std::size_t end) const {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  }

  void mention() {
    std::size_t const begin = at_++;
    char32_t const prior = begin == 0 ? U' ' : code_point_before(text_, begin);
    if (prior == '=' || prior == '/' || prior == '@' || is_word(prior)) return;
    std::size_t const name_end =
        dotted_end(text_, at_, [](char32_t code) { return code < 0x80 && is_handle(static_cast<char>(code)); });
    if (name_end <= at_ || !is_handle(text_[at_])) return;
    std::string_view const name = text_.substr(begin + 1, name_end - begin - 1);
    at_ = name_end;
    char32_t const behind = peek(text_, at_);
    if (is_latin(behind)) return;  // @zoë is nobody's zo
    if (behind == '@' && is_word(peek(text_, at_ + 1))) {
      std::size_t const host = at_ + 1;
      bool local = !own_host_.empty() && goes_on(text_, host, own_host_);
      std::size_t end = host + own_host_.size();
      if (local) {
        char32_t const next = peek(text_, end);
        bool const longer = is_word(next) || ((next == '.' || next == '-') && is_word(peek(text_, end + 1)));
        local = !longer;
      }
      if (!local) end = dotted_end(text_, host, is_word);
      at_ = end;
      found_.mention(since(begin, end), name_end, name, local);
      return;
    }
    found_.mention(since(begin, name_end), name_end, name, true);
  }

  void tag(std::size_t sign_bytes) {
    std::size_t const begin = at_;
    char32_t const prior = before();
    at_ += sign_bytes;
    if (prior == '/' || prior == ')' || prior == '&' || prior == '#' || prior == wide_hash || is_word(prior)) return;
    std::size_t end = at_;
    for (std::size_t next = at_; next < text_.size();) {
      char32_t const code = next_code_point(text_, next);
      if (!is_word(code) && !is_separator(code)) break;
      if (is_word(code)) end = next;
    }
    std::string name = folded_tag(text_.substr(at_, end - at_));
    at_ = end;
    if (!name.empty()) found_.tag(since(begin, end), std::move(name));
  }

  void link() {
    std::size_t const begin = at_++;
    std::size_t const scheme = goes_on(text_, begin, "https://") ? 8 : goes_on(text_, begin, "http://") ? 7 : 0;
    if (scheme == 0) return;
    char32_t const prior = begin == 0 ? U' ' : code_point_before(text_, begin);
    if (is_latin(prior) || prior == '@' || prior == '#' || prior == '$') return;
    at_ = begin + scheme;
    std::size_t end = host_end(text_, at_, own_host_);
    if (end == 0) return;
    if (peek(text_, end) == ':') {
      std::size_t port = end + 1;
      while (port < text_.size() && text_[port] >= '0' && text_[port] <= '9') ++port;
      if (port - end - 1 >= 1 && port - end - 1 <= 5) end = port;
    }
    char32_t const behind = peek(text_, end);
    // What stands before an @ is a name and a password, not the host it looks like.
    if (std::size_t const sign = text_.find_first_of("@/ \n", end); sign < text_.size() && text_[sign] == '@') {
      if (behind == '@' || behind == ':') {
        at_ = end;
        return;
      }
    }
    if (behind == '/' || behind == '?' || behind == '#') end = path_end(text_, end);
    at_ = end;
    if (end - begin <= url_bytes_max) found_.link(since(begin, end), text_.substr(begin, end - begin));
  }

  std::string_view text_;
  std::string_view own_host_;
  Found& found_;
  std::size_t at_ = 0;
};

struct Collect {
  Entities& entities;

  void mention(Range at, std::size_t, std::string_view name, bool local) {
    if (!local || entities.mentions.size() == mentions_max) return;
    if (auto key = handle_key(name)) entities.mentions.push_back({at, std::move(*key)});
  }
  void tag(Range at, std::string name) {
    if (entities.tags.size() < tags_max) entities.tags.push_back({at, std::move(name)});
  }
  void link(Range at, std::string_view url) {
    if (entities.links.size() < links_max) entities.links.push_back({at, std::string(url)});
  }
};

// The text as it counts: 23 signs for each link, no hosts.
struct Shorten {
  std::string_view text;
  std::string shorter = {};
  std::size_t copied = 0;

  void upto(std::size_t end, std::size_t resume) {
    shorter += text.substr(copied, end - copied);
    copied = resume;
  }
  void mention(Range at, std::size_t name_end, std::string_view, bool) { upto(name_end, at.end); }
  void tag(Range, std::string) {}
  void link(Range at, std::string_view) {
    upto(at.begin, at.end);
    shorter.append(characters_per_link, 'x');
  }
};

template <class List, class Name>
std::vector<std::string> once_each(List const& list, Name name_of) {
  std::vector<std::string> names;
  for (auto const& entity : list)
    if (std::string name = name_of(entity); !name.empty() && std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
  return names;
}

}  // namespace

std::vector<std::string> Entities::mentioned() const {
  return once_each(mentions, [](Mention const& mention) { return mention.name; });
}
std::vector<std::string> Entities::tag_names() const {
  return once_each(tags, [](Tag const& tag) { return tag.name; });
}
std::vector<std::string> Entities::link_keys() const {
  return once_each(links, [](Link const& link) { return link_key(link.url); });
}

Entities extract(std::string_view text, std::string_view own_host) {
  Entities entities;
  Collect collect{entities};
  Scanner(text, own_host, collect).run();
  return entities;
}

std::string tag_key(std::string_view tag) {
  tag = trim(tag);
  if (tag.starts_with('#')) tag.remove_prefix(1);
  if (tag.starts_with("＃")) tag.remove_prefix(3);
  return folded_tag(tag);
}

std::string link_key(std::string_view url) {
  url = trim(url);
  // Of any host: a link to the own one may have no dot.
  std::size_t const scheme = goes_on(url, 0, "https://") ? 8 : goes_on(url, 0, "http://") ? 7 : 0;
  if (scheme == 0 || url.size() > url_bytes_max || !is_utf8(url)) return {};
  std::size_t const host_end = std::min(url.find_first_of("/?#", scheme), url.size());
  if (host_end == scheme) return {};
  std::string key(url.substr(0, std::min(url.find('#'), url.size())));
  std::transform(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(host_end), key.begin(), lower);
  if (key.size() == host_end + 1 && key.back() == '/') key.pop_back();
  return key;
}

std::size_t count_characters(std::string_view text, std::string_view own_host) {
  Shorten shorten{text};
  Scanner(text, own_host, shorten).run();
  shorten.upto(text.size(), text.size());
  return graphemes(shorten.shorter);
}

}  // namespace kith::text
