#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/run.h"
#include "ports/clock/fake.h"
#include "ports/mail/folder.h"
#include "ports/mail/smtp.h"
#include "ports/mail/smtp_server_for_tests.h"
#include "ports/random/engines.h"

namespace kith {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct World {
  std::string folder = testing::TempDir() + "mail_" + testing::UnitTest::GetInstance()->current_test_info()->name();
  FakeClock clock;
  SystemRandom random;
  Workers workers{1};
  std::unique_ptr<SmtpServerForTests> server;
  std::unique_ptr<Mail> mail;

  World() { fs::remove_all(folder); }
  ~World() { fs::remove_all(folder); }

  Sender from() const { return {"kith@example.org", "Our town"}; }
  void use_folder() { mail = std::make_unique<FolderMail>(folder, FolderMail::Needs{clock, random, workers, from()}); }
  void use_smtp(SmtpServerForTests::Habits habits, SmtpMail::Server how = {}) {
    server = std::make_unique<SmtpServerForTests>(habits);
    how.host = "127.0.0.1";
    how.port = server->port();
    if (how.authority.empty() && habits.tls != SmtpServerForTests::Tls::none) how.authority = server->authority();
    mail = std::make_unique<SmtpMail>(how, SmtpMail::Needs{clock, random, workers, from()});
  }
  std::vector<std::string> files() const {
    std::vector<std::string> all;
    for (auto const& entry : fs::directory_iterator(folder)) all.push_back(entry.path().string());
    return all;
  }
  // What arrived, whichever way.
  std::vector<std::string> arrived() const {
    if (server) return server->arrived();
    std::vector<std::string> all;
    for (std::string const& path : files()) {
      std::ifstream file(path, std::ios::binary);
      std::ostringstream text;
      text << file.rdbuf();
      all.push_back(text.str());
    }
    return all;
  }
  Code refusal(Letter letter) {
    try {
      run(mail->send(std::move(letter)));
    } catch (Error const& error) {
      return error.code;
    }
    ADD_FAILURE() << "was sent";
    return Code::internal;
  }
};

struct Engine {
  char const* name;
  void (*fresh)(World&);
};

class MailContract : public testing::TestWithParam<Engine> {
 protected:
  void SetUp() override { GetParam().fresh(world_); }
  World world_;
};

TEST_P(MailContract, OneMailArrivesWhole) {
  run(world_.mail->send({"ada@example.net", "Welcome, Ada", "Hello Ada,\n.\nthis is a dot line; æøå = 1\n"}));
  auto const arrived = world_.arrived();
  ASSERT_EQ(arrived.size(), 1u);
  EXPECT_THAT(arrived[0], HasSubstr("From: Our town <kith@example.org>\r\nTo: <ada@example.net>\r\n"
                                    "Subject: Welcome, Ada\r\nDate: Sat, 21 Nov 2026 00:00:00 +0000\r\n"));
  EXPECT_THAT(arrived[0], HasSubstr("\r\n\r\nHello Ada,\r\n=2E\r\nthis is a dot line; =C3=A6=C3=B8=C3=A5 =3D 1\r\n"));
}

TEST_P(MailContract, EveryMailIsOneOfItsOwn) {
  for (int i = 0; i < 3; ++i) run(world_.mail->send({"ada@example.net", "Again", "The same"}));
  auto const arrived = world_.arrived();
  EXPECT_EQ(std::set(arrived.begin(), arrived.end()).size(), 3u);
}

TEST_P(MailContract, WhatCouldAddHeadersOrPeopleIsRefusedAndNotSent) {
  for (char const* to :
       {"", "ada", "@example.net", "ada@", "ada@example.net\r\nBcc: eve@example.net", "ada@example.net,eve@example.net",
        "ada@example.net>\r\nRCPT TO:<eve@example.net", "Ada <ada@example.net>", "a b@example.net", "ada@exa mple.net",
        "ada@-x.net", ".a@b.net", "\"a b\"@example.net", "ada@[127.0.0.1]", "ada@example..net", "ä@example.net"})
    EXPECT_EQ(world_.refusal({to, "Hello", "x"}), Code::invalid) << to;
  for (char const* subject : {"", "a\nBcc: eve@example.net", "a\rb", "a\x01", "\xff"})
    EXPECT_EQ(world_.refusal({"ada@example.net", subject, "x"}), Code::invalid) << subject;
  EXPECT_EQ(world_.refusal({"ada@example.net", "Hello", std::string("a\0b", 3)}), Code::invalid);
  EXPECT_EQ(world_.refusal({"ada@example.net", std::string(subject_bytes_max + 1, 's'), "x"}), Code::invalid);
  EXPECT_EQ(world_.refusal({"ada@example.net", "Hello", std::string(mail_text_bytes_max + 1, 's')}), Code::invalid);
  EXPECT_TRUE(world_.arrived().empty());
  run(world_.mail->send(
      {"ada@example.net", std::string(subject_bytes_max, 's'), std::string(mail_text_bytes_max, 's')}));
}

using Server = SmtpServerForTests;
INSTANTIATE_TEST_SUITE_P(
    Engines, MailContract,
    testing::Values(Engine{"folder", [](World& world) { world.use_folder(); }},
                    Engine{"smtp", [](World& world) { world.use_smtp({}, {.tls = SmtpMail::Tls::none}); }}),
    [](auto const& engine) { return std::string(engine.param.name); });

class Folder : public testing::Test {
 protected:
  World world_;
};

TEST_F(Folder, FilesAreWholeAndTheOwnersAlone) {
  world_.use_folder();
  run(world_.mail->send({"ada@example.net", "Hello", "x"}));
  auto const files = world_.files();
  ASSERT_EQ(files.size(), 1u);
  EXPECT_TRUE(files[0].ends_with(".eml"));
  struct stat about{};
  ASSERT_EQ(stat(files[0].c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
}

TEST_F(Folder, OneThatCannotBeIsToldAtStart) {
  EXPECT_THROW(FolderMail("/proc/nowhere", {world_.clock, world_.random, world_.workers, world_.from()}), Error);
}

class Smtp : public testing::Test {
 protected:
  World world_;
  Letter const letter_{"ada@example.net", "Hello", "x"};
};

TEST_F(Smtp, TheEnvelopeNamesSenderAndReceiver) {
  world_.use_smtp({}, {.tls = SmtpMail::Tls::none});
  run(world_.mail->send(letter_));
  EXPECT_THAT(world_.server->said(), HasSubstr("EHLO example.org\r\nMAIL FROM:<kith@example.org>"));
  EXPECT_THAT(world_.server->said(), HasSubstr("RCPT TO:<ada@example.net>\r\nDATA\r\n"));
}

TEST_F(Smtp, StarttlsEncryptsBeforeThePasswordIsSaid) {
  world_.use_smtp({.tls = Server::Tls::starttls}, {.user = "me", .password = "secret"});
  run(world_.mail->send(letter_));
  EXPECT_EQ(world_.server->arrived().size(), 1u);
  EXPECT_TRUE(world_.server->signed_in());
  EXPECT_EQ(world_.server->said_in_the_clear(), "EHLO example.org\r\nSTARTTLS\r\n");
}

TEST_F(Smtp, ImplicitTlsSaysNothingInTheClear) {
  world_.use_smtp({.tls = Server::Tls::implicit}, {.tls = SmtpMail::Tls::implicit, .user = "me", .password = "secret"});
  run(world_.mail->send(letter_));
  EXPECT_EQ(world_.server->arrived().size(), 1u);
  EXPECT_EQ(world_.server->said_in_the_clear(), "");
}

TEST_F(Smtp, AServerThatCannotEncryptGetsNothing) {
  world_.use_smtp({}, {.user = "me", .password = "secret"});
  EXPECT_EQ(world_.refusal(letter_), Code::unavailable);
  EXPECT_TRUE(world_.server->arrived().empty());
  EXPECT_EQ(world_.server->said().find("AUTH"), std::string::npos);
  EXPECT_EQ(world_.server->said().find("MAIL"), std::string::npos);
}

TEST_F(Smtp, AStrangersCertificateIsRefused) {
  world_.use_smtp({.tls = Server::Tls::starttls},
                  {.user = "me", .password = "x", .authority = "/etc/ssl/certs/ca-certificates.crt"});
  EXPECT_EQ(world_.refusal(letter_), Code::unavailable);
  EXPECT_TRUE(world_.server->arrived().empty());
}

TEST_F(Smtp, ARefusedAddressIsNotFound) {
  world_.use_smtp({.rcpt_answer = "550 no such user"}, {.tls = SmtpMail::Tls::none});
  EXPECT_EQ(world_.refusal(letter_), Code::not_found);
}

TEST_F(Smtp, AServerThatIsBusyIsUnavailable) {
  world_.use_smtp({.rcpt_answer = "451 later"}, {.tls = SmtpMail::Tls::none});
  EXPECT_EQ(world_.refusal(letter_), Code::unavailable);
}

TEST_F(Smtp, ALineCutAfterTheMailIsUnknown) {
  world_.use_smtp({.cut_after_data = true}, {.tls = SmtpMail::Tls::none});
  EXPECT_EQ(world_.refusal(letter_), Code::unknown);
}

TEST_F(Smtp, ASilentServerCostsABoundedTime) {
  world_.use_smtp({.silent = true}, {.tls = SmtpMail::Tls::none, .send_within = std::chrono::milliseconds{200}});
  EXPECT_EQ(world_.refusal(letter_), Code::unavailable);
}

TEST_F(Smtp, NobodyThereIsUnavailable) {
  world_.use_smtp({}, {.tls = SmtpMail::Tls::none});
  world_.server->stop();
  EXPECT_EQ(world_.refusal(letter_), Code::unavailable);
}

TEST_F(Smtp, ImpossibleServersAreRefusedAtStart) {
  auto const make = [this](SmtpMail::Server server, Sender from) {
    SmtpMail(server, {world_.clock, world_.random, world_.workers, from});
  };
  EXPECT_THROW(make({.host = ""}, world_.from()), Error);
  EXPECT_THROW(make({.host = "a/b"}, world_.from()), Error);
  EXPECT_THROW(make({.host = "mail", .port = 0}, world_.from()), Error);
  EXPECT_THROW(make({.host = "mail", .tls = SmtpMail::Tls::none, .user = "me"}, world_.from()), Error);
  EXPECT_THROW(make({.host = "mail"}, {"nobody", ""}), Error);
}

TEST(Message, EncodesWhatIsNotPlain) {
  SystemRandom random;
  Letter letter{"ada@example.net", "Grüße aus der kleinen Stadt am großen Fluß, wo alle sich kennen",
                "a " + std::string(200, 'x') + " \nb"};
  std::string const message = message_of(letter, {"kith@example.org", "Städtchen \"X\""}, Time{}, random);
  EXPECT_THAT(message, HasSubstr("From: =?UTF-8?B?U3TDpGR0Y2hlbiAiWCIg?= <kith@example.org>\r\n"));
  EXPECT_THAT(message, HasSubstr("\r\nSubject: =?UTF-8?B?R3LDvMOfZS"));
  std::istringstream lines(message);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 78u);
    EXPECT_TRUE(line.ends_with('\r'));
    for (char c : line) EXPECT_LT(static_cast<unsigned char>(c), 0x80);
  }
  EXPECT_THAT(message, HasSubstr("x=20\r\nb\r\n"));
}

TEST(Message, ANameWithMarksIsQuoted) {
  SystemRandom random;
  Letter const letter{"ada@example.net", "Hello", ""};
  EXPECT_THAT(message_of(letter, {"kith@example.org", "Smith, J. <x>"}, Time{}, random),
              HasSubstr("From: \"Smith, J. <x>\" <kith@example.org>\r\n"));
  EXPECT_THAT(message_of(letter, {"kith@example.org", ""}, Time{}, random), HasSubstr("From: <kith@example.org>\r\n"));
}

}  // namespace
}  // namespace kith
