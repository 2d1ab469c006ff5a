#pragma once

// Identities as TLS wants them.

#include <memory>

#include "ports/rpc/grpc/byte_stream.h"
#include "ports/rpc/identity.h"

namespace kith {

// Each end shows its certificate and wants one of an authority of the identity.
std::shared_ptr<ByteStream::TlsContext> server_tls(Identity const& identity);
std::shared_ptr<ByteStream::TlsContext> client_tls(Identity const& identity);
// Whether the certificate that the other end showed names one of us.
bool shows_one_of_us(ssl_st* line, Identities const& identities);

}  // namespace kith
