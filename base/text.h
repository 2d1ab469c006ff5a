#pragma once

// What every text that enters or leaves goes through: is it UTF-8, how long is it as people count,
// when are two names the same.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

bool is_utf8(std::string_view text);
// What tables, logs and clients all can hold: valid UTF-8 without NUL.
bool is_text(std::string_view text);
// The same with U+FFFD for what is no UTF-8, and without NUL.
std::string as_text(std::string_view bytes);

// The code point that begins at `at`, which moves behind it; U+FFFD (one byte) for what is no UTF-8.
char32_t next_code_point(std::string_view text, std::size_t& at);
// The code point that ends at `at`; U+FFFD at the beginning.
char32_t code_point_before(std::string_view text, std::size_t at);
void append_code_point(std::string& out, char32_t code);

std::size_t code_points(std::string_view text);
// What a person counts as characters: a flag, a letter with its accents, a family emoji are one.
std::size_t graphemes(std::string_view text);
// The longest beginning of at most so many graphemes; of at most so many bytes, cut between graphemes.
std::string_view first_graphemes(std::string_view text, std::size_t most);
std::string_view first_bytes(std::string_view text, std::size_t most);

// The form in which names and tags are compared: NFKC with case folded and invisible characters
// dropped, so that `Ada`, `ＡＤＡ` and `ada` are one. fold(fold(x)) == fold(x).
std::string fold(std::string_view text);
// Canonical composition only: the form in which text is stored and searched.
std::string nfc(std::string_view text);

// A handle as it is stored: folded, without a leading `@`. Nothing if it is none: one to thirty of
// a-z 0-9 and _ , with . and - inside (what existing apps find in a text as a mention).
inline constexpr std::size_t handle_max = 30;
std::optional<std::string> handle_key(std::string_view handle);

bool is_letter(char32_t code);
bool is_digit(char32_t code);  // decimal digits of any script
bool is_mark(char32_t code);   // combining
bool is_space(char32_t code);  // all that separates words, line ends too
// Characters that draw nothing or turn the text around: controls, bidi marks, U+FEFF. (Joiners and
// emoji tags are not among them: Persian and flags need them.)
bool is_hidden(char32_t code);

// Without white space and hidden characters at both ends.
std::string_view trim(std::string_view text);
// CR LF and CR become LF.
std::string unix_lines(std::string_view text);

}  // namespace kith
