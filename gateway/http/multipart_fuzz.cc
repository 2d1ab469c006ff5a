#include "base/check.h"
#include "base/text.h"
#include "gateway/http/body.h"

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* bytes, std::size_t size) {
  using namespace kith;
  std::string_view const text(reinterpret_cast<char const*>(bytes), size);
  // Its first line is the content type: boundaries are input, too.
  auto const line = text.substr(0, text.find('\n'));
  for (std::string const& type :
       std::vector<std::string>{"multipart/form-data; boundary=x", "multipart/form-data; " + std::string(line)}) {
    Params root(Params::Kind::map);
    Form form{root};
    std::vector<UploadedFile> files;
    try {
      parse_body(form, type, text, files);
    } catch (Malformed const&) {
    }
    std::size_t total = 0;
    for (auto const& file : files) {
      check(is_text(file.name) && is_text(file.filename) && is_text(file.content_type), "what names a file is text");
      total += file.size;
    }
    check(total <= size, "files are no larger than what was sent");
  }
  return 0;
}
