#include "app/demo_sample.h"

#include <algorithm>
#include <map>

#include "app/import_files.h"
#include "base/check.h"
#include "base/error.h"

namespace kith {
namespace {

// Rows below the head, which must be this one.
std::vector<std::vector<std::string>> rows_of(std::string_view csv, std::vector<std::string> const& head) {
  std::vector<std::vector<std::string>> rows;
  for (CsvRow& row : parse_csv(csv)) {
    check(row.fields.size() == head.size(), "a row of the sample has a field for each name of its head");
    rows.push_back(std::move(row.fields));
  }
  check(!rows.empty() && rows.front() == head, "a file of the sample begins with its head");
  rows.erase(rows.begin());
  return rows;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    auto const end = std::min(text.find(' ', at), text.size());
    if (end > at) words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

template <class Value>
Value meant(std::map<std::string_view, Value> const& values, std::string const& word) {
  auto const found = values.find(word);
  if (found == values.end()) throw Error{Code::internal, "The sample community has the unknown word " + word};
  return found->second;
}

posts::Rule rule_of(std::string const& word, bool answer) {
  static std::map<std::string_view, posts::Rule> const rules = {
      {"public", posts::Rule::public_},  {"unlisted", posts::Rule::unlisted},
      {"friends", posts::Rule::friends}, {"followers", posts::Rule::followers},
      {"close", posts::Rule::close},     {"friends_of_friends", posts::Rule::friends_of_friends},
      {"direct", posts::Rule::direct},   {"only_me", posts::Rule::only_me},
  };
  if (word.empty()) return answer ? posts::Rule::unspecified : posts::Rule::friends;
  return meant(rules, word);
}

reactions::Kind kind_of(std::string const& word) {
  static std::map<std::string_view, reactions::Kind> const kinds = {
      {"like", reactions::Kind::like},   {"love", reactions::Kind::love}, {"care", reactions::Kind::care},
      {"laugh", reactions::Kind::laugh}, {"wow", reactions::Kind::wow},   {"sad", reactions::Kind::sad},
      {"angry", reactions::Kind::angry},
  };
  return meant(kinds, word);
}

// The community while it lives: who and what the words of the sample mean.
class Living {
 public:
  Living(Sample sample, CommunityImport& import, Services services, Progress& progress)
      : sample_(std::move(sample)), import_(import), services_(services), progress_(progress) {
    for (std::uint32_t i = 0; i < sample_.people.size(); ++i) places_[sample_.people[i].handle] = i;
  }

  Task<std::size_t> live() {
    for (std::uint32_t i = 0; i < sample_.people.size(); ++i) co_await introduce(i);
    for (Sample::Act const& act : sample_.acts)
      if (!needs_posts(act)) co_await relate(act);
    co_await import_.wake_all();
    co_await import_.catch_up();
    progress_.begin("posts", sample_.posts.size());
    for (std::size_t i = 0; i < sample_.posts.size(); ++i) {
      co_await write(sample_.posts[i], import_.written_at(i, sample_.posts.size()));
      progress_.add();
    }
    for (Sample::Act const& act : sample_.acts)
      if (needs_posts(act)) co_await keep(act);
    co_await import_.catch_up();
    progress_.end();
    co_return sample_.posts.size();
  }

 private:
  Call as(std::string const& handle) const { return import_.as(place(handle)); }
  AccountId account(std::string const& handle) const { return import_.accounts().at(place(handle)); }
  std::uint32_t place(std::string const& handle) const {
    auto const found = places_.find(handle);
    if (found == places_.end()) throw Error{Code::internal, "Nobody in the sample community is called " + handle};
    return found->second;
  }
  PostId post(std::string const& key) const {
    auto const found = posts_.find(key);
    if (found == posts_.end()) throw Error{Code::internal, "No earlier post of the sample community is called " + key};
    return found->second;
  }
  static bool needs_posts(Sample::Act const& act) { return act.verb == "pin" || act.verb == "bookmark"; }

  Task<void> introduce(std::uint32_t place) {
    users::ChangeProfile change{.note = sample_.people[place].about};
    co_await services_.users.change(import_.as(place), std::move(change));
  }

  // What people are to each other; before the posts, which go where it says.
  Task<void> relate(Sample::Act const& act) {
    static std::map<std::string_view, graph::Verb> const verbs = {
        {"follow", graph::Verb::follow}, {"close", graph::Verb::close}, {"ask", graph::Verb::ask_friend}};
    if (act.verb == "unlock") {
      users::ChangeProfile change{.locked = false};
      co_await services_.users.change(as(act.who), std::move(change));
    } else if (act.verb == "follow_tag") {
      timeline::TagRequest tag{.name = act.what, .follow = true};
      co_await services_.timeline.follow_tag(as(act.who), std::move(tag));
    } else if (act.verb == "list") {
      // Its title, a colon, and who is in it.
      auto const colon = act.what.find(':');
      check(colon != std::string::npos, "a list of the sample has a title and members");
      graph::ListItem list{.title = act.what.substr(0, colon)};
      auto const made = co_await services_.graph.save_list(as(act.who), std::move(list));
      graph::ListMembers members{.list = made.id};
      for (std::string const& handle : words_of(std::string_view(act.what).substr(colon + 1)))
        members.members.push_back(account(handle));
      co_await services_.graph.change_members(as(act.who), std::move(members));
    } else {
      graph::Act request{.other = account(act.what), .verb = meant(verbs, act.verb)};
      co_await services_.graph.perform(as(act.who), std::move(request));
    }
  }

  Task<void> keep(Sample::Act const& act) {
    if (act.verb == "pin") {
      posts::Switch pin{.post = post(act.what), .on = true};
      co_await services_.posts.pin(as(act.who), std::move(pin));
    } else {
      reactions::BookmarkRequest bookmark{.post = post(act.what), .on = true};
      co_await services_.reactions.set_bookmark(as(act.who), std::move(bookmark));
    }
  }

  Task<void> write(Sample::Post const& row, Time at) {
    posts::Published made;
    if (row.what == "share") {
      posts::ShareRequest share{.post = post(row.of)};
      share.audience.rule = rule_of(row.audience, false);
      made = co_await services_.posts.share(as(row.who), std::move(share));
    } else {
      posts::NewPost request{.text = row.text, .warning = row.warning, .written_at = at};
      request.audience.rule = rule_of(row.audience, row.what == "comment");
      if (row.what == "comment") request.parent = post(row.of);
      if (row.what == "quote") request.quoted = post(row.of);
      made = co_await services_.posts.publish(as(row.who), std::move(request));
    }
    if (!row.key.empty()) posts_[row.key] = made.post;
    for (auto const& [who, kind] : row.reactions) {
      reactions::ReactRequest reaction{.post = made.post, .kind = kind_of(kind)};
      co_await services_.reactions.react(as(who), std::move(reaction));
    }
  }

  Sample sample_;
  CommunityImport& import_;
  Services services_;
  Progress& progress_;
  std::map<std::string, std::uint32_t> places_;
  std::map<std::string, PostId> posts_;
};

}  // namespace

Sample sample_community() {
  Sample sample;
  for (auto& row : rows_of(sample_people_csv, {"handle", "name", "about"}))
    sample.people.push_back({std::move(row[0]), std::move(row[1]), std::move(row[2])});
  EdgeList graph = parse_edges(sample_karate_edges);
  check(graph.people.size() == sample.people.size(), "everybody of the sample's graph has a name");
  sample.ties = std::move(graph.ties);
  for (auto& row :
       rows_of(sample_posts_csv, {"key", "who", "what", "of", "audience", "warning", "text", "reactions"})) {
    Sample::Post post{.key = row[0], .who = row[1], .what = row[2], .of = row[3], .audience = row[4]};
    post.warning = std::move(row[5]);
    post.text = std::move(row[6]);
    for (std::string const& word : words_of(row[7])) {
      auto const colon = std::min(word.find(':'), word.size());
      post.reactions.emplace_back(word.substr(0, colon), colon == word.size() ? "like" : word.substr(colon + 1));
    }
    sample.posts.push_back(std::move(post));
  }
  for (auto& row : rows_of(sample_acts_csv, {"who", "verb", "what"}))
    sample.acts.push_back({std::move(row[0]), std::move(row[1]), std::move(row[2])});
  return sample;
}

Task<std::size_t> live_sample(Sample sample, CommunityImport& import, Services services, Progress& progress) {
  Living living(std::move(sample), import, services, progress);
  co_return co_await living.live();
}

}  // namespace kith
