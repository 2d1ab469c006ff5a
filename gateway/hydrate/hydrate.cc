#include "gateway/hydrate/hydrate.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "base/markup/extract.h"
#include "base/text.h"
#include "gateway/text/render.h"
#include "ports/clock/ids.h"

namespace kith {
namespace {

using posts::Rule;

constexpr std::pair<std::string_view, Rule> audience_words[] = {
    {"public", Rule::public_},
    {"unlisted", Rule::unlisted},
    {"followers", Rule::followers},
    {"friends", Rule::friends},
    {"friends_except", Rule::friends_except},
    {"close", Rule::close},
    {"friends_of_friends", Rule::friends_of_friends},
    {"list", Rule::list},
    {"only_me", Rule::only_me},
    {"direct", Rule::direct},
    {"as_root", Rule::as_root},
    {"private", Rule::followers},
};

// The same order as reactions::Kind.
constexpr std::string_view emojis[] = {"", "👍", "❤️", "🤗", "😂", "😮", "😢", "😡"};

std::string host_of(std::string_view url) {
  if (auto const scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find('/')));
}

std::uint8_t flags_of(posts::Facts const& facts, reactions::ReactionFacts const& reactions) {
  std::uint8_t flags = 0;
  if (reactions.mine != reactions::Kind::unspecified) flags |= views::favourited;
  if (facts.shared_by_me) flags |= views::reblogged;
  if (facts.thread_muted) flags |= views::muted;
  if (reactions.bookmarked) flags |= views::bookmarked;
  if (facts.pinned_by_me) flags |= views::pinned;
  return flags;
}

bool open_to_all(Rule rule) { return rule == Rule::public_ || rule == Rule::unlisted; }

views::QuotePolicy quote_policy_of(posts::Facts const& facts) {
  if (!open_to_all(facts.shown_rule)) return views::QuotePolicy::nobody;
  switch (facts.quotes) {
    case posts::QuotePolicy::unspecified: return views::QuotePolicy::anyone;
    case posts::QuotePolicy::followers: return views::QuotePolicy::followers;
    default: return views::QuotePolicy::nobody;
  }
}

bool may_quote(posts::Facts const& facts, AccountId viewer) {
  if (!viewer || facts.author == viewer) return static_cast<bool>(viewer);
  auto const policy = quote_policy_of(facts);
  if (policy == views::QuotePolicy::followers) return facts.author_followed || facts.author_friend;
  return policy == views::QuotePolicy::anyone;
}

}  // namespace

views::Visibility visibility_of(Rule rule) {
  switch (rule) {
    case Rule::public_: return views::Visibility::open;
    case Rule::unlisted: return views::Visibility::unlisted;
    case Rule::direct: return views::Visibility::direct;
    default: return views::Visibility::followers;
  }
}

std::string_view audience_word(Rule rule) {
  for (auto const& [word, known] : audience_words)
    if (known == rule) return word;
  return "only_me";
}

Rule rule_of(std::string_view word) {
  for (auto const& [known, rule] : audience_words)
    if (known == word) return rule;
  return Rule::unspecified;
}

// A word of a newer version is the most closed.
std::string_view quote_policy_word(posts::QuotePolicy policy) {
  switch (policy) {
    case posts::QuotePolicy::unspecified: return "public";
    case posts::QuotePolicy::followers: return "followers";
    default: return "nobody";
  }
}

std::optional<posts::QuotePolicy> quote_policy_in(Request const& request, std::string_view parameter) {
  auto const word = request.maybe_text(parameter);
  if (!word || word->empty()) return std::nullopt;
  for (auto const policy : {posts::QuotePolicy::unspecified, posts::QuotePolicy::followers, posts::QuotePolicy::nobody})
    if (*word == quote_policy_word(policy)) return policy;
  throw Error{Code::invalid, std::string(parameter) + " must be public, followers or nobody"};
}

std::string_view emoji_of(std::uint32_t kind) { return kind < std::size(emojis) ? emojis[kind] : emojis[1]; }

std::string ShownPage::json() const {
  std::string out;
  views::append_statuses(out, statuses);
  return out;
}

Hydrator::Hydrator(Needs needs)
    : needs_(std::move(needs)),
      own_host_(host_of(needs_.base_url)),
      contents_(needs_.cache_bytes / 4 * 3),
      accounts_(needs_.cache_bytes / 4),
      apps_(std::size_t{1} << 18) {}

Task<ShownPage> Hydrator::show(Call call, pages::Page page) {
  // Reserved once: the pieces point into these.
  ShownPage shown;
  std::size_t kinds = 0;
  std::vector<posts::Facts const*> wanted;
  wanted.reserve(page.statuses.size() * 3);
  for (auto const& status : page.statuses) {
    wanted.push_back(&status.facts);
    kinds += status.reactions.counts.size();
    if (!status.target || !status.target_visible) continue;
    wanted.push_back(&*status.target);
    if (status.target_reactions) kinds += status.target_reactions->counts.size();
    if (!status.quoted) continue;
    wanted.push_back(&*status.quoted);
    if (status.quoted_reactions) kinds += status.quoted_reactions->counts.size();
  }
  shown.reactions.reserve(kinds);
  shown.inner.reserve(page.statuses.size() * 2);
  shown.statuses.reserve(page.statuses.size());
  shown.ids.reserve(page.statuses.size());

  auto accounts = co_await account_fragments(call, page.accounts);
  co_await fill(call, wanted, shown.fragments);
  static std::string const nobody = "null";

  std::size_t next = 0;
  auto const piece = [&](posts::Facts const& facts, reactions::ReactionFacts const& reactions, std::uint32_t author) {
    views::StatusPieces pieces;
    pieces.content = *shown.fragments[next++];
    pieces.account = author < accounts.size() && accounts[author] ? std::string_view(*accounts[author]) : nobody;
    pieces.counts = {facts.reply_count, facts.share_count, reactions.total, facts.quote_count};
    pieces.flags = flags_of(facts, reactions);
    pieces.quote_policy = quote_policy_of(facts);
    pieces.may_quote = may_quote(facts, call.viewer) ? views::MayQuote::yes : views::MayQuote::no;
    auto const first = shown.reactions.size();
    for (auto const& count : reactions.counts)
      shown.reactions.push_back(
          {emoji_of(static_cast<std::uint32_t>(count.kind)), count.count, count.kind == reactions.mine});
    pieces.reactions = std::span(shown.reactions).subspan(first);
    return pieces;
  };
  static reactions::ReactionFacts const none{};
  auto const state_of = [](posts::Facts const& quote, bool there, bool gone) {
    if (quote.quote_revoked) return views::QuoteState::revoked;
    return there ? views::QuoteState::accepted : gone ? views::QuoteState::deleted : views::QuoteState::unauthorized;
  };
  // `status` says what the quoted post quotes in turn.
  auto const quote = [&](views::StatusPieces& pieces, posts::Facts const& facts,
                         std::optional<posts::Facts> const& quoted,
                         std::optional<reactions::ReactionFacts> const& reactions, std::uint32_t author, bool gone,
                         pages::Status const& status) {
    pieces.quote = state_of(facts, quoted.has_value(), gone);
    if (!quoted) return;
    shown.inner.push_back(piece(*quoted, reactions ? *reactions : none, author));
    views::StatusPieces& inner = shown.inner.back();
    pieces.quoted = &inner;
    pieces.quoted_id = quoted->post.value;
    if (quoted->kind != posts::Kind::quote) return;
    inner.quote = state_of(*quoted, static_cast<bool>(status.inner), status.inner_gone);
    inner.quoted_id = status.inner.value;
  };
  for (auto const& status : page.statuses) {
    views::StatusPieces pieces = piece(status.facts, status.reactions, status.author);
    if (status.facts.kind == posts::Kind::quote) {
      quote(pieces, status.facts, status.target, status.target_reactions, status.target_author, status.target_gone,
            status);
    } else if (status.target && status.target_visible) {
      shown.inner.push_back(
          piece(*status.target, status.target_reactions ? *status.target_reactions : none, status.target_author));
      views::StatusPieces& shared = shown.inner.back();
      if (status.target->kind == posts::Kind::quote)
        quote(shared, *status.target, status.quoted, status.quoted_reactions, status.quoted_author, status.quoted_gone,
              status);
      pieces.reblog = &shared;
      // Apps look at the outer post too: what the viewer did with the shared one is shown on both.
      pieces.flags = shared.flags;
      pieces.counts = shared.counts;
    }
    shown.statuses.push_back(pieces);
    shown.ids.push_back(status.facts.post);
  }
  std::ranges::move(accounts, std::back_inserter(shown.fragments));
  co_return shown;
}

Task<void> Hydrator::fill(Call call, std::vector<posts::Facts const*> wanted, std::vector<Fragment>& found) {
  found.resize(wanted.size());
  posts::ContentKeys keys;
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    posts::Facts const& facts = *wanted[i];
    found[i] = contents_.find(facts.post.value, {facts.head_version, facts.content_version, facts.shown_rule});
    if (found[i]) continue;
    missing.push_back(i);
    if (facts.kind != posts::Kind::share) keys.keys.push_back({facts.post, facts.content_version});
  }
  if (missing.empty()) co_return;
  posts::ContentList contents;
  if (!keys.keys.empty()) contents = co_await needs_.posts.contents(call, std::move(keys));
  std::size_t next = 0;
  for (std::size_t const i : missing) {
    posts::Facts const& facts = *wanted[i];
    posts::Content const* content = nullptr;
    if (facts.kind != posts::Kind::share && next < contents.contents.size()) content = &contents.contents[next++];
    std::string const app = facts.app ? co_await app_name(call, facts.app) : std::string();
    found[i] = std::make_shared<std::string const>(render(facts, content, app));
    // A content that is gone (its author erased) is not remembered as empty under a living version.
    if (content == nullptr || content->version == facts.content_version)
      contents_.keep(facts.post.value, {facts.head_version, facts.content_version, facts.shown_rule}, found[i]);
  }
}

Task<std::string> Hydrator::app_name(Call call, AppId app) {
  // Apps never change, so one stamp serves for ever.
  if (Fragment const kept = apps_.find(app.value, 0)) co_return *kept;
  auto const known = co_await needs_.auth.find_app(call, {.id = app});
  apps_.keep(app.value, 0, std::make_shared<std::string const>(known.name));
  co_return known.name;
}

std::string Hydrator::user_url(AccountId account) const { return needs_.base_url + "/users/" + to_string(account); }

std::string Hydrator::html_of(posts::Content const& content) const {
  std::vector<std::string> names, urls;
  for (auto const& mention : content.mentions) {
    names.push_back(handle_key(mention.handle).value_or(""));
    urls.push_back(user_url(mention.account));
  }
  std::vector<text::MentionTarget> targets;
  for (std::size_t i = 0; i < names.size(); ++i) targets.push_back({names[i], urls[i]});
  return text::render(content.text, text::extract(content.text, own_host_), targets, needs_.base_url);
}

std::string Hydrator::render(posts::Facts const& facts, posts::Content const* content, std::string const& app) const {
  views::Content view{.id = facts.post.value};
  view.created_at = time_of_id(facts.post.value);
  view.edited_at = facts.edited_at;
  view.in_reply_to = facts.parent.value;
  view.in_reply_to_account = facts.parent_author.value;
  view.visibility = visibility_of(facts.shown_rule);
  view.audience = audience_word(facts.shown_rule);
  view.url = needs_.base_url + "/posts/" + to_string(facts.post);
  view.app_name = app;
  if (content != nullptr && content->version != 0) {
    for (auto const& mention : content->mentions)
      view.mentions.push_back({mention.account.value, mention.handle, user_url(mention.account)});
    view.html = html_of(*content);
    view.spoiler = content->warning;
    view.sensitive = content->sensitive;
    view.language = content->language;
    for (auto const& tag : content->tags)
      view.tags.push_back({tag, text::tag_url(needs_.base_url, text::tag_key(tag))});
  }
  std::string out;
  views::append_content(out, view);
  return out;
}

Task<ShownPage> Hydrator::show_seen(Call call, std::vector<posts::SeenPost> posts) {
  pages::SeenRequest request{.posts = std::move(posts)};
  auto page = co_await needs_.pages.complete(call, std::move(request));
  co_return co_await show(call, std::move(page));
}

Task<ShownPage> Hydrator::show_posts(Call call, std::vector<PostId> posts) {
  pages::PostsRequest request{.posts = std::move(posts)};
  auto page = co_await needs_.pages.statuses(call, std::move(request));
  co_return co_await show(call, std::move(page));
}

Task<ShownPage> Hydrator::show_post(Call call, PostId post) {
  std::vector<PostId> posts(1, post);
  auto shown = co_await show_posts(call, std::move(posts));
  if (shown.statuses.empty()) throw Error{Code::not_found, "Record not found"};
  co_return shown;
}

Task<std::string> Hydrator::status(Call call, PostId post) {
  auto const shown = co_await show_post(call, post);
  std::string out;
  views::append_status(out, shown.statuses.front());
  co_return out;
}

Task<std::string> Hydrator::statuses(Call call, pages::Page page) {
  auto const shown = co_await show(call, std::move(page));
  co_return shown.json();
}

views::Account Hydrator::view_of(users::Person const& person, pages::AccountStamp const& stamp) const {
  std::string const id = to_string(person.account);
  views::Account view{.id = person.account.value, .handle = person.handle};
  view.url = needs_.base_url + "/@" + person.handle;
  view.avatar = needs_.base_url + "/avatars/" + id + ".png";
  view.header = needs_.base_url + "/headers/" + id + ".png";
  view.created_at = time_of_id(person.account.value);
  if (stamp.last_post) view.last_status_at = time_of_id(stamp.last_post.value);
  view.followers = stamp.followers;
  view.following = stamp.following;
  view.statuses = stamp.posts;
  view.locked = person.locked;
  view.bot = person.bot;
  view.discoverable = person.discoverable;
  view.indexable = person.indexable;
  view.hide_collections = person.hide_ties;
  view.suspended = person.state != users::State::active && person.state != users::State::pending;
  if (view.suspended) return view;
  view.display_name = text::clean_name(person.profile.display_name, 60);
  auto const entities = text::extract(person.profile.note, own_host_);
  view.note = text::render(person.profile.note, entities, {}, needs_.base_url);
  for (auto const& field : person.profile.fields)
    view.fields.push_back({field.name, text::render_field(field.value, own_host_, needs_.base_url), field.verified_at});
  return view;
}

Task<std::vector<Fragment>> Hydrator::account_fragments(Call call, std::vector<pages::AccountStamp> stamps) {
  std::vector<Fragment> found(stamps.size());
  users::Accounts missing;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < stamps.size(); ++i) {
    if (stamps[i].version == 0) continue;
    found[i] = accounts_.find(stamps[i].account.value, stamps[i]);
    if (found[i]) continue;
    missing.accounts.push_back(stamps[i].account);
    places.push_back(i);
  }
  if (places.empty()) co_return found;
  auto const list = co_await needs_.users.people(call, std::move(missing));
  for (std::size_t n = 0; n < places.size() && n < list.people.size(); ++n) {
    auto const& person = list.people[n];
    if (person.version == 0) continue;
    pages::AccountStamp stamp = stamps[places[n]];
    stamp.version = person.version;  // it may have changed since the stamp was read
    std::string out;
    views::append_account(out, view_of(person, stamp));
    found[places[n]] = std::make_shared<std::string const>(std::move(out));
    accounts_.keep(person.account.value, stamp, found[places[n]]);
  }
  co_return found;
}

Task<std::vector<Fragment>> Hydrator::accounts(Call call, std::vector<AccountId> accounts) {
  pages::AccountsRequest request{.accounts = std::move(accounts)};
  auto stamps = co_await needs_.pages.accounts(call, std::move(request));
  co_return co_await account_fragments(call, std::move(stamps.accounts));
}

Task<std::string> Hydrator::account_list(Call call, std::vector<AccountId> accounts) {
  auto const found = co_await this->accounts(call, std::move(accounts));
  std::string out = "[";
  for (auto const& fragment : found) {
    if (!fragment) continue;
    if (out.size() > 1) out += ',';
    out += *fragment;
  }
  out += ']';
  co_return out;
}

Task<Fragment> Hydrator::account(Call call, AccountId account) {
  std::vector<AccountId> one(1, account);
  auto const found = co_await accounts(call, std::move(one));
  if (!found.front()) throw Error{Code::not_found, "Record not found"};
  co_return found.front();
}

}  // namespace kith
