#include "ports/mail/smtp_server_for_tests.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

namespace kith {
namespace {

using boost::asio::ip::tcp;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  long const size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

// A key and a certificate signed by itself, good for 127.0.0.1.
std::pair<std::string, std::string> make_certificate() {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  std::unique_ptr<X509, decltype(&X509_free)> const certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_EXTENSION* const where = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
  X509_add_ext(certificate.get(), where, -1);
  X509_EXTENSION_free(where);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  std::unique_ptr<BIO, decltype(&BIO_free)> const key_text(BIO_new(BIO_s_mem()), BIO_free),
      certificate_text(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_X509(certificate_text.get(), certificate.get());
  return {text_of(key_text.get()), text_of(certificate_text.get())};
}

}  // namespace

SmtpServerForTests::SmtpServerForTests(Habits habits)
    : habits_(std::move(habits)),
      acceptor_(loop_, tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0)),
      context_(boost::asio::ssl::context::tls_server) {
  port_ = acceptor_.local_endpoint().port();
  if (habits_.tls != Tls::none) {
    auto const [key, certificate] = make_certificate();
    context_.use_private_key(boost::asio::buffer(key), boost::asio::ssl::context::pem);
    context_.use_certificate_chain(boost::asio::buffer(certificate));
    authority_ = (std::filesystem::temp_directory_path() / ("smtp_" + std::to_string(port_) + ".pem")).string();
    std::ofstream(authority_) << certificate;
  }
  thread_ = std::jthread([this] { serve(); });
}

SmtpServerForTests::~SmtpServerForTests() {
  stop();
  if (!authority_.empty()) ::unlink(authority_.c_str());
}

void SmtpServerForTests::stop() {
  {
    std::lock_guard const lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    if (open_) ::shutdown(open_->native_handle(), SHUT_RDWR);
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // wakes the waiting accept
  }
  if (thread_.joinable()) thread_.join();
  acceptor_.close();
}

void SmtpServerForTests::serve() {
  for (;;) {
    boost::system::error_code failure;
    tcp::socket socket(loop_);
    acceptor_.accept(socket, failure);
    {
      std::lock_guard const lock(mutex_);
      if (stopping_ || failure) return;
      open_ = &socket;
    }
    try {
      answer(socket);
    } catch (boost::system::system_error const&) {
      // The other side hung up: that is what some tests are about.
    }
    std::lock_guard const lock(mutex_);
    open_ = nullptr;
  }
}

void SmtpServerForTests::answer(tcp::socket& socket) {
  if (habits_.silent) {
    char byte;
    boost::system::error_code ignored;
    while (socket.read_some(boost::asio::buffer(&byte, 1), ignored) > 0) {
    }
  } else if (habits_.tls == Tls::implicit || talk(socket, false)) {
    boost::asio::ssl::stream<tcp::socket&> stream(socket, context_);
    stream.handshake(boost::asio::ssl::stream_base::server);
    talk(stream, true);
  }
}

template <class Stream>
bool SmtpServerForTests::talk(Stream& stream, bool encrypted) {
  std::string buffer;
  auto const say = [&stream](std::string line) { boost::asio::write(stream, boost::asio::buffer(line + "\r\n")); };
  auto const until = [&stream, &buffer](std::string const& end) {
    std::size_t const size = boost::asio::read_until(stream, boost::asio::dynamic_buffer(buffer), end);
    std::string text = buffer.substr(0, size);
    buffer.erase(0, size);
    return text;
  };
  if (!encrypted || habits_.tls == Tls::implicit) say("220 test");
  for (;;) {
    std::string const line = until("\r\n");
    {
      std::lock_guard const lock(mutex_);
      said_ += line;
      if (!encrypted) clear_ += line;
    }
    if (line.starts_with("EHLO")) {
      if (habits_.tls == Tls::starttls && !encrypted)
        say("250-test\r\n250 STARTTLS");
      else
        say("250-test\r\n250 AUTH PLAIN");
    } else if (line == "STARTTLS\r\n" && habits_.tls == Tls::starttls) {
      say("220 go on");
      return true;
    } else if (line.starts_with("AUTH PLAIN")) {
      if (line == "AUTH PLAIN\r\n") say("334 "), until("\r\n");
      std::lock_guard const lock(mutex_);
      signed_in_ = true;
      say("235 welcome");
    } else if (line.starts_with("RCPT")) {
      say(habits_.rcpt_answer);
    } else if (line == "DATA\r\n") {
      say("354 go on");
      std::string message = until("\r\n.\r\n");
      if (habits_.cut_after_data) return false;
      message.resize(message.size() - 3);
      {
        std::lock_guard const lock(mutex_);
        arrived_.push_back(message);
      }
      say("250 taken");
    } else if (line == "QUIT\r\n") {
      say("221 bye");
      return false;
    } else {
      say("250 ok");
    }
  }
}

std::vector<std::string> SmtpServerForTests::arrived() const {
  std::lock_guard const lock(mutex_);
  return arrived_;
}
std::string SmtpServerForTests::said() const {
  std::lock_guard const lock(mutex_);
  return said_;
}
std::string SmtpServerForTests::said_in_the_clear() const {
  std::lock_guard const lock(mutex_);
  return clear_;
}
bool SmtpServerForTests::signed_in() const {
  std::lock_guard const lock(mutex_);
  return signed_in_;
}

}  // namespace kith
