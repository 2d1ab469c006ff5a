#include <algorithm>

#include "services/posts/posts.h"

namespace kith::posts {
namespace {

constexpr std::size_t key_bytes_max = 255;

bool may_answer(Viewer viewer, Head const& head, graph::Judged const& tie) {
  if (head.author == viewer.account) return true;
  switch (head.replies) {
    case ReplyPolicy::unspecified: return true;
    case ReplyPolicy::followers: return tie.follows || tie.friend_;
    case ReplyPolicy::friends: return tie.friend_;
    case ReplyPolicy::mentioned: return std::ranges::find(head.mentioned, viewer.account) != head.mentioned.end();
    case ReplyPolicy::nobody:
    default: return false;
  }
}

// Who may answer a post may also be said for the whole conversation, by its root.
void check_may_answer(Sight const& sight, Head const& parent, Head const* root, AccountId author) {
  Viewer const viewer{.account = author};
  bool const open = may_answer(viewer, parent, sight.tie(parent.author)) &&
                    (root == nullptr || may_answer(viewer, *root, sight.tie(root->author)));
  if (!open) throw Error{Code::forbidden, "Its author has limited who may answer this post"};
}

void answer(Head& head, Head const& parent) {
  head.kind = Kind::comment;
  head.parent = parent.post;
  head.parent_author = parent.author;
  head.root = parent.root ? parent.root : parent.post;
  head.root_author = parent.root ? parent.root_author : parent.author;
}

// Whose words are for some may be quoted by nobody else: the quote would say what they said.
void check_may_quote(Head const& quoted, Rule shown, graph::Judged const& tie) {
  if (!is_open(shown)) throw Error{Code::forbidden, "Only a public post of somebody else can be quoted"};
  if (quoted.quotes == QuotePolicy::unspecified) return;
  if (quoted.quotes == QuotePolicy::followers && (tie.follows || tie.friend_)) return;
  throw Error{Code::forbidden, "Its author does not let you quote this post"};
}

void quote(Head& head, Head const& quoted) {
  head.kind = Kind::quote;
  head.target = quoted.post;
  head.target_author = quoted.author;
}

Rule default_rule(std::uint32_t set) { return set == 0 ? Rule::public_ : static_cast<Rule>(set); }

}  // namespace

PostChanged changed(Head const& head, kith::Version version) {
  return {.post = head.post,
          .author = head.author,
          .version = version,
          .parent = head.parent,
          .root = head.root,
          .target = head.target,
          .target_author = head.target_author,
          .parent_author = head.parent_author};
}

Task<Published> Posts::publish(Call call, NewPost request) {
  signed_in(call);
  if (request.idempotency_key.size() > key_bytes_max)
    throw Error{Code::invalid, "An idempotency key has at most 255 bytes"};
  Found<Claim> there;
  if (!request.idempotency_key.empty()) {
    there = co_await needs_.tables.get<Claim>({call.viewer, request.idempotency_key});
    // Whether the parent is still there matters no more: it was published then.
    if (there && request.publish_at == no_time) {
      PostId const post{there->post};
      auto const head = co_await needs_.tables.get<Head>({post});
      if (head) co_return Published{.post = post};
    }
  }
  if (request.publish_at != no_time) co_return co_await schedule(call, std::move(request), there);
  Claimed claimed;
  bool const imported = request.written_at != no_time;
  if (imported) {
    if (needs_.imports == nullptr) throw Error{Code::invalid, "This server takes no posts from the past"};
    // Before anything is waited for: ids of an import that runs side by side rise in the order of its calls.
    needs_.imports->at(request.written_at);
    claimed.id = needs_.imports->mint();
  }
  Ready ready = co_await prepare(call, request);
  if (!imported) claimed = co_await claim(call, std::move(request.idempotency_key), there);
  PostId const post = co_await insert(call, std::move(ready), PostId{claimed.id}, claimed.fresh);
  co_return Published{.post = post};
}

// Everything a post must be before it gets an id; what changes between here and the commit is hidden
// by the rule when it is read.
Task<Posts::Ready> Posts::prepare(Call call, NewPost const& post) {
  users::Accounts self{.accounts = {call.viewer}};
  auto const people = co_await needs_.users.people(call, std::move(self));
  users::Person const& author = people.people.at(0);
  if (author.version == 0 || author.state != users::State::active)
    throw Error{Code::forbidden, "This account may not post"};
  Words const words = words_of(post.text, post.warning, post.sensitive.value_or(author.default_sensitive),
                               post.language.empty() ? author.language : post.language, limits_.now());

  Ready ready;
  Head& head = ready.head;
  head.author = call.viewer;
  head.kind = Kind::post;
  head.state = State::live;
  head.replies = post.replies;
  head.quotes = post.quotes.value_or(static_cast<QuotePolicy>(author.default_quotes));
  head.app = post.app;
  Audience audience = post.audience;
  if (post.parent || post.quoted) {
    std::vector<PostId> asked;
    if (post.parent) asked.push_back(post.parent);
    if (post.quoted) asked.push_back(post.quoted);
    Sight const sight = co_await look(call, std::move(asked));
    Head const* root = nullptr;
    if (post.parent) {
      if (!sight.visible(post.parent)) throw Error{Code::not_found, "The post you are answering is not there any more"};
      Head const& parent = *sight.head(sight.meant(post.parent));
      root = sight.root_of(parent);
      check_may_answer(sight, parent, root, call.viewer);
      answer(head, parent);
      if (root == nullptr) root = &parent;
    }
    if (post.quoted) {
      if (!sight.visible(post.quoted)) throw Error{Code::not_found, "The post you are quoting is not there any more"};
      Head const& quoted = *sight.head(sight.meant(post.quoted));
      if (quoted.author != call.viewer) check_may_quote(quoted, sight.shown_rule(quoted), sight.tie(quoted.author));
      quote(head, quoted);
    }
    head.audience = co_await checked_audience(call, std::move(audience), root, default_rule(author.default_audience));
  } else {
    head.audience =
        co_await checked_audience(call, std::move(audience), nullptr, default_rule(author.default_audience));
  }

  Version& version = ready.version;
  version.author = call.viewer;
  version.mentions = co_await mentions_of(call, words);
  version.text = words.text;
  version.warning = words.warning;
  version.sensitive = words.sensitive;
  version.language = words.language;
  version.tags = words.tags();
  version.links = words.links();
  for (Mention const& mention : version.mentions)
    if (mention.account != call.viewer) head.mentioned.push_back(mention.account);
  co_return ready;
}

Task<Audience> Posts::checked_audience(Call call, Audience asked, Head const* root, Rule otherwise) {
  if (root != nullptr)
    asked.rule = rule_under(asked.rule, root->audience.rule);
  else if (asked.rule == Rule::unspecified)
    asked.rule = otherwise;
  if (asked.rule < Rule::public_ || asked.rule > Rule::as_root || (asked.rule == Rule::as_root && root == nullptr))
    throw Error{Code::invalid, "There is no such audience"};
  if (asked.rule == Rule::group) throw Error{Code::invalid, "There are no groups here yet"};
  if (asked.except.size() > except_max) throw Error{Code::invalid, "At most 50 people can be excepted"};
  if (asked.rule != Rule::friends_except) asked.except.clear();
  if (asked.rule != Rule::list) {
    asked.list = {};
    co_return asked;
  }
  graph::ListRequest wanted{.id = asked.list};
  if (!asked.list) throw Error{Code::invalid, "Say which list may see this"};
  auto const lists = co_await needs_.graph.lists(call, std::move(wanted));
  if (lists.lists.empty() || lists.lists.front().person != call.viewer)
    throw Error{Code::not_found, "There is no such list"};
  co_return asked;
}

Task<std::vector<Mention>> Posts::mentions_of(Call call, Words const& words) {
  std::vector<Mention> mentions;
  users::Handles handles{.handles = words.entities.mentioned()};
  if (handles.handles.empty()) co_return mentions;
  std::vector<std::string> const names = handles.handles;
  auto const found = co_await needs_.users.by_handle(call, std::move(handles));
  for (std::size_t i = 0; i < found.accounts.size() && i < names.size(); ++i) {
    AccountId const account = found.accounts[i];
    if (account && std::ranges::find(mentions, account, &Mention::account) == mentions.end())
      mentions.push_back({.account = account, .handle = names[i]});
  }
  co_return mentions;
}

// Two requests with one key compete for the claim; both then write under the id it names, and the
// head's insert lets one of them win (R7).
Task<Posts::Claimed> Posts::claim(Call call, std::string key, Found<Claim> there) {
  if (there) co_return Claimed{.id = there->post, .fresh = false};
  std::uint64_t const id = needs_.tables.ids().mint();
  if (key.empty()) co_return Claimed{.id = id};
  Claim const mine{.account = call.viewer, .name = key, .post = id, .expires_at_ = needs_.clock.now() + claim_held};
  Change change;
  change.insert(mine);
  auto const committed = co_await needs_.tables.commit(std::move(change));
  if (committed.done()) co_return Claimed{.id = id};
  auto const theirs = committed.as_is<Claim>();
  if (!theirs) throw Error{Code::unavailable, "Please try again"};  // it lapsed in this moment
  co_return Claimed{.id = theirs->post, .fresh = false};
}

Task<PostId> Posts::insert(Call call, Ready ready, PostId id, bool fresh) {
  // Where somebody else may be writing under the same id, the words get an id of their own, so that
  // a loser overwrites nothing.
  std::uint64_t const version = fresh ? id.value : needs_.tables.ids().mint();
  ready.head.post = id;
  ready.head.versions.assign(1, version);
  ready.version.post = id;
  ready.version.version = version;
  Change change(call.operation);
  change.insert(ready.head);
  change.first(ready.version, static_cast<kith::Version>(version));
  change.emit(changed(ready.head, 0));
  // Of a post that is no answer or quote nothing else follows here. Where a read is a journey this one would not pay.
  if (ready.head.kind == Kind::post && !needs_.tables.apart()) {
    auto const counts = co_await needs_.tables.get<AuthorCounts>({ready.head.author});
    change.along(listed(author_post(ready.head, &ready.version), counts));
  }
  auto const committed = co_await needs_.tables.commit(std::move(change));
  if (committed.conflict()) {
    auto const there = committed.as_is<Head>();
    if (!there || there->author != call.viewer) throw Error{Code::conflict, "Please try again"};
  }
  co_return id;
}

}  // namespace kith::posts
