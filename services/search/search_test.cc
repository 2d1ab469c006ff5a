#include "services/search/search.h"

#include <gmock/gmock.h>

#include "services/timeline/whole_fixture.h"

namespace kith::search {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SearchTest : public WholeCommunity {
 protected:
  std::vector<AccountId> find(AccountId who, std::string text, bool following_only = false) {
    Query const query{.text = std::move(text), .limit = 10, .following_only = following_only};
    return world.run(search->people(as(who), query)).accounts;
  }
  std::vector<std::string> tags(std::string text) {
    return world.run(search->tags({}, {.text = std::move(text), .limit = 10})).tags;
  }
  void call(AccountId who, std::string name) {
    world.run(users->change(as(who), {.display_name = std::move(name)}));
    world.settle();
  }
};

TEST_F(SearchTest, PeopleAreFoundByTheBeginningOfHandleOrName) {
  call(ben, "Benjamin Müller");
  EXPECT_THAT(find(ada, "ben"), ElementsAre(ben));
  EXPECT_THAT(find(ada, "@ben"), ElementsAre(ben));
  EXPECT_THAT(find(ada, "@ben@kith.example"), ElementsAre(ben));
  EXPECT_THAT(find(ada, "MÜL"), ElementsAre(ben));
  EXPECT_THAT(find(ada, "benj mü"), ElementsAre(ben));
  EXPECT_THAT(find(ada, "benj xy"), IsEmpty());
  EXPECT_THAT(find(ada, ""), IsEmpty());
}

TEST_F(SearchTest, WhoTypesNoAccentsFindsThemToo) {
  call(ben, "Zoë Łukasz");
  for (char const* text : {"zoe", "Zoë", "ZOË lukasz", "łuk"}) EXPECT_THAT(find(ada, text), ElementsAre(ben)) << text;
  write(ada, "#Cafés and #cafe");
  world.settle();
  EXPECT_THAT(tags("cafe"), ElementsAre("cafe", "cafés"));
  EXPECT_THAT(tags("#café"), ElementsAre("cafe", "cafés"));
}

TEST_F(SearchTest, AnOldNameLeadsNowhere) {
  call(ben, "Zebra");
  EXPECT_THAT(find(ada, "zeb"), ElementsAre(ben));
  call(ben, "Lion");
  EXPECT_THAT(find(ada, "zeb"), IsEmpty());
  EXPECT_THAT(find(ada, "lion"), ElementsAre(ben));
}

TEST_F(SearchTest, TheExactHandleIsFirstThenFriends) {
  AccountId const longer = person("benno");
  AccountId const other = person("bento");
  befriend(ada, other);
  world.settle();
  EXPECT_THAT(find(ada, "ben"), ElementsAre(ben, other, longer));
  EXPECT_THAT(find(ada, "ben", true), ElementsAre(other));
}

TEST_F(SearchTest, WhoIsSuspendedOrBlocksIsNotProposed) {
  call(ben, "Benjamin");
  act(ben, graph::Verb::block, ada);
  EXPECT_THAT(find(ada, "benj"), IsEmpty());
  suspend(cleo);
  EXPECT_THAT(find(ada, "cle"), IsEmpty());
}

TEST_F(SearchTest, TagsOfPublicPostsAreFound) {
  write(ada, "on #Gardening and #garlic");
  write(ada, "on #gardens", posts::Rule::friends);
  world.settle();
  EXPECT_THAT(tags("gard"), ElementsAre("gardening"));
  EXPECT_THAT(tags("#gar"), ElementsAre("gardening", "garlic"));
}

}  // namespace
}  // namespace kith::search
