#include "ports/mail/message.h"

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"

namespace kith {
namespace {

constexpr std::string_view atom_marks = "!#$%&'*+-/=?^_`{|}~.";

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  for (;;) {
    std::size_t const end = std::min(host.find('.'), host.size());
    std::string_view const label = host.substr(0, end);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    if (!std::ranges::all_of(label, [](char c) { return is_plain(c) || c == '-'; })) return false;
    if (end == host.size()) return true;
    host.remove_prefix(end + 1);
  }
}

bool is_line(std::string_view text) {
  return is_text(text) &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; });
}

// Plain words as they are; anything else as RFC 2047 encoded words of at most 75 bytes, cut between
// characters.
void append_words(std::string& out, std::string_view text) {
  bool const plain = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  if (plain && text.size() <= 60 && text.find("=?") == std::string_view::npos) {
    out += text;
    return;
  }
  constexpr std::size_t part_bytes_max = 42;
  for (bool first = true; !text.empty(); first = false) {
    std::size_t end = std::min(text.size(), part_bytes_max);
    while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    if (!first) out += "\r\n ";
    out += "=?UTF-8?B?";
    out += to_base64(text.substr(0, end));
    out += "?=";
    text.remove_prefix(end);
  }
}

void append_name(std::string& out, std::string const& name) {
  bool const atoms = std::ranges::all_of(name, [](char c) { return is_plain(c) || c == ' ' || c == '-'; });
  if (atoms) {
    append_words(out, name);
    return;
  }
  bool const quotable = name.size() <= 60 &&
                        std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (quotable)
    out.append("\"").append(name).append("\"");
  else
    append_words(out, name + ' ');  // the space makes it no bare word: always encoded
}

// "Sat, 21 Nov 2026 12:30:00 +0000"
std::string date_of(Time time) {
  using namespace std::chrono;
  constexpr std::array weekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto const day = floor<days>(time);
  year_month_day const date{day};
  std::string const iso = iso_time(time);
  return std::string(weekdays[weekday{day}.c_encoding()]) + ", " + std::to_string(static_cast<unsigned>(date.day())) +
         ' ' + months[static_cast<unsigned>(date.month()) - 1] + ' ' + iso.substr(0, 4) + ' ' + iso.substr(11, 8) +
         " +0000";
}

std::string message_id(Sender const& from, Random& random) {
  std::array<unsigned char, 16> bytes{};
  random.fill(bytes);
  std::string id;
  for (unsigned char const byte : bytes) id += "0123456789abcdef"[byte >> 4], id += "0123456789abcdef"[byte & 15];
  return '<' + id + from.address.substr(from.address.find('@')) + '>';
}

// Quoted-printable: readable where the text is, and no line can be too long or begin a new part.
void append_quoted(std::string& out, std::string_view text) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (c == '\n') {
      out += "\r\n";
      column = 0;
      continue;
    }
    bool const line_ends = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    bool const as_it_is = (c >= '!' && c <= '~' && c != '=' && !(c == '.' && column == 0)) || (c == ' ' && !line_ends);
    if (column + (as_it_is ? 1 : 3) > 75) {
      out += "=\r\n";
      column = 0;
    }
    if (as_it_is) {
      out += c;
      ++column;
    } else {
      auto const byte = static_cast<unsigned char>(c);
      out += '=', out += "0123456789ABCDEF"[byte >> 4], out += "0123456789ABCDEF"[byte & 15];
      column += 3;
    }
  }
  if (!out.ends_with("\r\n")) out += "\r\n";
}

}  // namespace

bool is_address(std::string_view address) {
  std::size_t const at = address.find('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || address.size() > address_bytes_max) return false;
  std::string_view const local = address.substr(0, at);
  bool const local_good =
      std::ranges::all_of(local, [](char c) { return is_plain(c) || atom_marks.find(c) != std::string_view::npos; }) &&
      local.front() != '.' && local.back() != '.' && local.find("..") == std::string_view::npos;
  return local_good && is_host(address.substr(at + 1));
}

void check_letter(Letter const& letter) {
  if (!is_address(letter.to)) throw Error{Code::invalid, "This is not an e-mail address"};
  if (!is_line(letter.subject) || letter.subject.empty() || letter.subject.size() > subject_bytes_max)
    throw Error{Code::invalid,
                "A mail's subject is one line of at most " + std::to_string(subject_bytes_max) + " bytes"};
  if (!is_text(letter.text) || letter.text.size() > mail_text_bytes_max)
    throw Error{Code::invalid, "A mail's text is at most " + std::to_string(mail_text_bytes_max) + " bytes of UTF-8"};
}

std::string message_of(Letter const& letter, Sender const& from, Time now, Random& random) {
  check_letter(letter);
  if (!is_address(from.address) || !is_line(from.name))
    throw Error{Code::internal, "Mail is not set up on this server", "mail_from is no address: " + from.address};
  std::string out = "From: ";
  if (!from.name.empty()) {
    append_name(out, from.name);
    out += ' ';
  }
  out += '<' + from.address + ">\r\nTo: <" + letter.to + ">\r\nSubject: ";
  append_words(out, letter.subject);
  out += "\r\nDate: " + date_of(now) + "\r\nMessage-ID: " + message_id(from, random);
  // Out-of-office answers are for people.
  out += "\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n";
  out += "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
  append_quoted(out, letter.text);
  return out;
}

}  // namespace kith
