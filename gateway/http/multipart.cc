#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "gateway/http/body.h"

namespace kith {
namespace {

// Browsers send two header lines a part; a few more are harmless.
constexpr std::size_t part_head_max = 4'096;

struct Part {
  std::string disposition;
  std::string content_type;
};

[[noreturn]] void refused() { throw Malformed("The multipart body is not well-formed"); }

std::size_t find(std::string_view text, std::string_view what, std::size_t from) {
  if (from > text.size()) return std::string_view::npos;
  // memmem: linear also on bodies made to be slow for a naive search.
  auto const* found =
      static_cast<char const*>(memmem(text.data() + from, text.size() - from, what.data(), what.size()));
  return found ? static_cast<std::size_t>(found - text.data()) : std::string_view::npos;
}

Part part_of(std::string_view head) {
  Part part;
  while (!head.empty()) {
    auto const line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    auto const colon = line.find(':');
    if (colon == std::string_view::npos) refused();
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    auto const name = line.substr(0, colon);
    if (same_word(name, "content-disposition"))
      part.disposition = value;
    else if (same_word(name, "content-type"))
      part.content_type = value;
    else if (same_word(name, "content-transfer-encoding") && !same_word(value, "binary") && !same_word(value, "8bit") &&
             !same_word(value, "7bit"))
      throw Malformed("Multipart parts must be sent unencoded");
  }
  return part;
}

void take(Form& form, Part const& part, std::string_view content, std::vector<UploadedFile>& files) {
  if (media_type(part.disposition) != "form-data") refused();
  auto const name = header_parameter(part.disposition, "name").value_or("");
  if (name.empty()) refused();
  auto const sent_as = header_parameter(part.disposition, "filename");
  if (!sent_as && !header_parameter(part.disposition, "filename*")) {
    insert(form, name, Params(Params::Kind::text, std::string(content)));
    return;
  }
  auto filename = as_text(sent_as.value_or("file"));
  // An empty file field of a page: nothing was chosen.
  if (filename.empty() && content.empty()) return;
  files.push_back({as_text(name), std::move(filename), as_text(part.content_type), content.size()});
  insert(form, name, Params(Params::Kind::file));
}

}  // namespace

void parse_multipart(Form& form, std::string_view text, std::string_view boundary, std::vector<UploadedFile>& files) {
  // RFC 2046: 1 to 70 characters.
  if (boundary.empty() || boundary.size() > 70) throw Malformed("The multipart body has no valid boundary");
  std::string const delimiter = "--" + std::string(boundary);
  std::string const next = "\r\n" + delimiter;

  std::size_t at = 0;
  if (!text.starts_with(delimiter)) {  // a preamble may stand before the first line
    at = find(text, next, 0);
    if (at == std::string_view::npos) refused();
    at += 2;
  }
  at += delimiter.size();
  while (true) {
    if (text.substr(at).starts_with("--")) return;
    while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
    if (!text.substr(at).starts_with("\r\n")) refused();
    at += 2;
    Part part;
    if (text.substr(at).starts_with("\r\n")) refused();  // a part without a head has no name
    auto const head_end = find(text.substr(0, std::min(text.size(), at + part_head_max)), "\r\n\r\n", at);
    if (head_end == std::string_view::npos) refused();
    part = part_of(text.substr(at, head_end - at));
    auto const begin = head_end + 4;
    // The delimiter's own line end may be the one that closes an empty content's head.
    auto const end = find(text, next, begin - 2);
    if (end == std::string_view::npos) refused();
    take(form, part, end < begin ? std::string_view{} : text.substr(begin, end - begin), files);
    at = end + next.size();
  }
}

}  // namespace kith
