#include "services/users/users.h"

#include <gtest/gtest.h>

#include "ports/table/test_world.h"

namespace kith::users {
namespace {

class UsersTest : public testing::Test {
 protected:
  UsersTest() {
    world.start([this] { users.emplace(Users::Needs{world.tables(), world.keys, world.time}); });
  }
  AccountId create(std::string handle, std::string email_key = {}) {
    CreateAccount const request{
        .handle = std::move(handle), .email_key = std::move(email_key), .approved = true, .confirmed = true};
    return world.run(users->create({}, request)).account;
  }
  AccountId by_handle(std::string handle) {
    Handles const request{.handles = {std::move(handle)}};
    return world.run(users->by_handle({}, request)).accounts.front();
  }
  static Call as(AccountId viewer, Role role = Role::user) { return Call{.viewer = viewer, .role = role}; }
  Code refusal(Task<Person> task) {
    try {
      world.run(std::move(task));
    } catch (Error const& error) {
      return error.code;
    }
    return Code::internal;
  }

  TestWorld world;
  std::optional<Users> users;
};

TEST_F(UsersTest, AHandleLeadsToItsAccountInAnyCase) {
  AccountId const ada = create("Ada");
  EXPECT_EQ(by_handle("ada"), ada);
  EXPECT_EQ(by_handle("@ADA"), ada);
  EXPECT_EQ(by_handle("adam"), AccountId{});
  EXPECT_EQ(by_handle("no handle!"), AccountId{});
}

TEST_F(UsersTest, AHandleIsTakenOnce) {
  create("ada");
  EXPECT_THROW(create("ADA"), Error);
}

TEST_F(UsersTest, ABadHandleIsRefused) {
  for (char const* wrong : {"", " ", "a b", "ada!", "ü", "this_handle_is_much_too_long_for_us"})
    EXPECT_THROW(create(wrong), Error) << wrong;
}

TEST_F(UsersTest, AnEmailIsTakenOnceAndTheHandleTypedBesideItStaysFree) {
  create("ada", "mail-1");
  EXPECT_THROW(create("ben", "mail-1"), Error);
  EXPECT_EQ(by_handle("ben"), AccountId{});
  EXPECT_TRUE(create("ben", "mail-2"));
}

TEST_F(UsersTest, ANameClaimedForNobodyLapses) {
  // What a crash between claim and account leaves.
  Name const claimed{.kind = "handle", .name = "ben", .account = AccountId{7}, .claimed_at = world.time.now()};
  Change change;
  change.put(claimed);
  EXPECT_TRUE(world.run(world.tables().commit(std::move(change))).done());
  EXPECT_THROW(create("ben"), Error);
  world.advance(name_lapses_after + std::chrono::seconds{1});
  EXPECT_TRUE(create("ben"));
}

TEST_F(UsersTest, AHandleIsShownInLettersThatCanBeTyped) {
  for (auto const& [typed, shown] : {std::pair("Ada.L", "Ada.L"), std::pair("@Ben", "Ben"), std::pair("ﬁsh", "fish"),
                                     std::pair("ＣＹ", "cy"), std::pair("da\xE2\x80\x8Bn", "dan")}) {
    Accounts const one{.accounts = {create(typed)}};
    EXPECT_EQ(world.run(users->people({}, one)).people.front().handle, shown);
  }
}

TEST_F(UsersTest, AnOldHandleIsHeldForItsOwner) {
  AccountId const ada = create("ada");
  world.run(users->rename(as(ada), {.handle = "ada_l"}));
  EXPECT_EQ(by_handle("ada_l"), ada);
  EXPECT_EQ(by_handle("ada"), AccountId{});
  EXPECT_THROW(create("ada"), Error);
  world.run(users->rename(as(ada), {.handle = "ada"}));
  EXPECT_EQ(by_handle("ada"), ada);
  world.run(users->rename(as(ada), {.handle = "ada_l"}));
  world.advance(old_handle_held + std::chrono::seconds{1});
  EXPECT_TRUE(create("ada"));
}

TEST_F(UsersTest, AProfileIsStoredSealedAndReadBack) {
  AccountId const ada = create("ada");
  ChangeProfile change{.display_name = "Ada L.", .note = "counts", .set_fields = true};
  change.fields.push_back({.name = "site", .value = "https://ada.example"});
  world.run(users->change(as(ada), change));
  Accounts const request{.accounts = {ada}};
  Person const person = world.run(users->people({}, request)).people.front();
  EXPECT_EQ(person.profile.display_name, "Ada L.");
  EXPECT_EQ(person.profile.note, "counts");
  ASSERT_EQ(person.profile.fields.size(), 1u);
  world.run(world.keys.destroy(ada));
  EXPECT_EQ(world.run(users->people({}, request)).people.front().profile.note, "");
}

TEST_F(UsersTest, TooLongTextIsRefusedAndNothingChanges) {
  AccountId const ada = create("ada");
  EXPECT_EQ(refusal(users->change(as(ada), {.note = std::string(1'001, 'x')})), Code::invalid);
  EXPECT_EQ(refusal(users->change(as(ada), {.display_name = std::string(61, 'x')})), Code::invalid);
}

TEST_F(UsersTest, OnlyModeratorsSuspendAndOnlyAdministratorsChangeRoles) {
  AccountId const ada = create("ada");
  AccountId const ben = create("ben");
  EXPECT_EQ(refusal(users->set_state(as(ben), {.account = ada, .suspended = true})), Code::forbidden);
  EXPECT_EQ(refusal(users->set_state(as(ben, Role::moderator), {.account = ada, .role = 3})), Code::forbidden);
  Person const person = world.run(users->set_state(as(ben, Role::moderator), {.account = ada, .suspended = true}));
  EXPECT_EQ(person.state, State::suspended);
  EXPECT_EQ(world.run(users->set_state({}, {.account = ada, .suspended = false})).state, State::active);
}

TEST_F(UsersTest, ASettingChangedElsewhereIsAConflict) {
  AccountId const ada = create("ada");
  auto const first = world.run(users->set_setting(as(ada), {.key = "marker/home", .value = "7"}));
  world.run(users->set_setting(as(ada), {.key = "marker/home", .value = "8", .version = first.version}));
  EXPECT_THROW(world.run(users->set_setting(as(ada), {.key = "marker/home", .value = "9", .version = first.version})),
               Error);
  SettingKeys const keys{.keys = {"marker/home", "marker/none"}};
  auto const values = world.run(users->settings(as(ada), keys)).values;
  ASSERT_EQ(values.size(), 1u);
  EXPECT_EQ(values.front().value, "8");
}

TEST_F(UsersTest, StampsKeepTheirPlacesAndMissingOnesHaveNoVersion) {
  AccountId const ada = create("ada");
  Accounts const request{.accounts = {AccountId{1}, ada}};
  auto const stamps = world.run(users->stamps({}, request)).stamps;
  ASSERT_EQ(stamps.size(), 2u);
  EXPECT_EQ(stamps[0].version, 0);
  EXPECT_EQ(stamps[1].state, State::active);
}

}  // namespace
}  // namespace kith::users
