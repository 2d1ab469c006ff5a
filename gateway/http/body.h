#pragma once

// From bytes to Params. All of it is input from strangers: too much, too deep, or not well-formed
// throws Malformed, which the edge answers with 400.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gateway/http/params.h"
#include "gateway/http/request.h"

namespace kith {

struct Malformed : Error {
  explicit Malformed(std::string say) : Error(Code::invalid, std::move(say)) {}
};

// A form of a client has tens of fields, the largest batch of ids a few hundred.
inline constexpr std::size_t params_max = 1'000;
// data[alerts][mention] has three; eight leaves room and keeps every recursion short.
inline constexpr std::size_t nesting_max = 8;
inline constexpr std::size_t param_name_max = 256;

// One tree being filled, and what is left of its limit.
struct Form {
  Params& root;
  std::size_t left = params_max;
};

// "poll[options][]=a": walks or makes the tree along the name and puts the value there.
void insert(Form& form, std::string_view name, Params value);
// a=1&b%5B%5D=2: query and application/x-www-form-urlencoded.
void parse_urlencoded(Form& form, std::string_view text);
// A JSON object; every value counts against the limit. What its names hold replaces what is there.
void parse_json(Form& form, std::string_view text);
// `boundary` from the content type. Files are noted, not kept.
void parse_multipart(Form& form, std::string_view text, std::string_view boundary, std::vector<UploadedFile>& files);

// By content type; no type and no body is no parameters.
void parse_body(Form& form, std::string_view content_type, std::string_view body, std::vector<UploadedFile>& files);

// "%41+b" -> "A b" (plus only when it means a space); nothing when ill-formed.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);
// What may stand in a query value unescaped stays, all else is %XX: never a raw comma.
void append_percent_encoded(std::string& out, std::string_view text);

// The part before ';', in lower case, and one parameter of a header such as boundary="x".
std::string media_type(std::string_view header);
std::optional<std::string> header_parameter(std::string_view header, std::string_view name);
std::string_view trimmed(std::string_view text);         // without spaces and tabs at both ends
bool same_word(std::string_view a, std::string_view b);  // ASCII, any case

}  // namespace kith
