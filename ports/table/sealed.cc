#include "ports/table/sealed.h"

#include <sodium.h>

namespace kith {
namespace {

constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;

unsigned char const* bytes(std::string const& text) { return reinterpret_cast<unsigned char const*>(text.data()); }

std::string place(RowKey const& row, std::uint32_t field) {
  return std::to_string(row.table->number) + '/' + std::to_string(field) + '/' + std::to_string(row.partition.size()) +
         '/' + row.partition + row.sort;
}

}  // namespace

void Sealed::seal(DataKey const& key, RowKey const& row, std::uint32_t field) {
  if (!fresh()) return;
  std::string const where = place(row, field);
  cipher_.resize(nonce_size + plain_->size() + tag_size);
  auto* const out = reinterpret_cast<unsigned char*>(cipher_.data());
  randombytes_buf(out, nonce_size);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out + nonce_size, nullptr, bytes(*plain_), plain_->size(), bytes(where),
                                             where.size(), nullptr, out, key.data());
}

void Sealed::open(DataKey const* key, RowKey const& row, std::uint32_t field) {
  if (plain_ || cipher_.empty()) return;
  dark_ = true;
  if (key == nullptr || cipher_.size() < nonce_size + tag_size) return;
  std::string const where = place(row, field);
  std::string text(cipher_.size() - nonce_size - tag_size, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<unsigned char*>(text.data()), nullptr, nullptr,
                                                 bytes(cipher_) + nonce_size, cipher_.size() - nonce_size, bytes(where),
                                                 where.size(), bytes(cipher_), key->data()) != 0)
    return;
  plain_ = std::move(text);
  dark_ = false;
}

}  // namespace kith
