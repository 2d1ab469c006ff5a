#pragma once

// Identities in gRPC's form; included by grpc_channel.cc and grpc_server.cc alone.

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "ports/rpc/identity.h"

namespace kith {

// Each connection that comes is met with the identity of that moment, and must show one of the same authority.
std::shared_ptr<grpc::ServerCredentials> server_credentials(std::shared_ptr<Identities const> identities);
std::shared_ptr<grpc::ChannelCredentials> channel_credentials(Identity const& identity);
// Whether the certificate that a caller showed names one of us.
bool is_ours(grpc::AuthContext const& caller, Identities const& identities);

}  // namespace kith
