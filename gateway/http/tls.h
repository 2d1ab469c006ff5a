#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

namespace kith {

using TlsContext = boost::asio::ssl::context;

// TLS 1.2 and 1.3 with ALPN http/1.1. A file that is missing or does not fit is one clear Error.
std::unique_ptr<TlsContext> tls_context(std::string const& certificate, std::string const& key);

}  // namespace kith
