#pragma once

// A field that is stored encrypted with its owner's key, bound to its table, key and field
// (XChaCha20-Poly1305 of libsodium: nonce, then the sealed text). A row read from a table holds only
// the cipher; Tables::open gives a copy that can be read. With the key destroyed it stays dark.

#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"
#include "ports/secrets/keys.h"
#include "ports/table/row.h"

namespace kith {

class Sealed {
 public:
  Sealed() = default;
  Sealed(std::string text) : plain_(std::move(text)) {}
  Sealed(std::string_view text) : plain_(text) {}
  Sealed(char const* text) : plain_(text) {}

  // Empty when nothing was ever stored or the key is gone (see dark()).
  std::string const& text() const {
    static std::string const nothing;
    check(plain_ || cipher_.empty() || dark_, "a sealed field is opened (Tables::open) before it is read");
    return plain_ ? *plain_ : nothing;
  }
  bool dark() const { return dark_; }
  bool empty() const { return plain_ ? plain_->empty() : cipher_.empty(); }

  // For generated code and Tables.
  static Sealed from_cipher(std::string cipher) {
    Sealed sealed;
    sealed.cipher_ = std::move(cipher);
    return sealed;
  }
  std::string const& cipher() const { return cipher_; }
  bool fresh() const { return plain_ && cipher_.empty() && !plain_->empty(); }
  // Encrypts what was assigned; leaves alone what came from the table.
  void seal(DataKey const& key, RowKey const& row, std::uint32_t field);
  // A null key, or a cipher that is not of this place, leaves the field dark.
  void open(DataKey const* key, RowKey const& row, std::uint32_t field);

  friend bool operator==(Sealed const&, Sealed const&) = default;

 private:
  std::string cipher_;
  std::optional<std::string> plain_;
  bool dark_ = false;
};

}  // namespace kith
