#include "gateway/pages/article.h"

#include <map>
#include <utility>

#include "gateway/pages/page.h"
#include "gateway/text/sanitize.h"
#include "ports/clock/ids.h"

namespace kith {
namespace {

struct Pieces {
  std::vector<views::Account> accounts;  // as the page numbers them
  std::map<PostId, posts::Content> words;

  views::Account const& account(std::uint32_t number) const {
    static views::Account const nobody{};
    return number < accounts.size() ? accounts[number] : nobody;
  }
  posts::Content const* content(PostId post) const {
    auto const at = words.find(post);
    return at == words.end() || at->second.version == 0 ? nullptr : &at->second;
  }
};

void put_count(std::string& out, std::uint64_t count, std::string_view one, std::string_view many) {
  if (count == 0) return;
  if (!out.empty()) out += " · ";
  out += std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

std::string shown_time(Time time) {
  auto const iso = iso_time(time);
  return "<time datetime=\"" + iso + "\">" + iso.substr(0, 10) + " " + iso.substr(11, 5) + "</time>";
}

std::string byline(posts::Facts const& facts, views::Account const& author) {
  std::string out = "<p class=\"by\"><img src=\"" + escaped(author.avatar) + "\" alt=\"\" width=\"40\" height=\"40\"> ";
  out += "<b>" + isolated(name_of(author)) + "</b> " + link_to(author);
  out += " · <a href=\"/posts/" + to_string(facts.post) + "\">" + shown_time(time_of_id(facts.post.value)) + "</a>";
  if (facts.edited_at != no_time) out += " · edited";
  return out + "</p>";
}

std::string body(Hydrator const& hydrator, posts::Content const& content) {
  std::string html = hydrator.html_of(content);
  if (content.warning.empty()) return html;
  return "<details><summary>" + escaped(content.warning) + "</summary>" + html + "</details>";
}

// `inner`: what it quotes, an article already.
std::string article(Hydrator const& hydrator, Pieces const& pieces, posts::Facts const& facts,
                    reactions::ReactionFacts const& reactions, std::uint32_t author, std::string const& inner) {
  std::string language;
  std::string out = byline(facts, pieces.account(author));
  if (auto const* const content = pieces.content(facts.post)) {
    if (!content->language.empty()) language = " lang=\"" + escaped(content->language) + "\"";
    out += "<div" + language + ">" + body(hydrator, *content) + "</div>";
  }
  if (!inner.empty()) out += "<blockquote>" + inner + "</blockquote>";
  std::string counts;
  put_count(counts, facts.reply_count, "answer", "answers");
  put_count(counts, facts.share_count, "share", "shares");
  put_count(counts, reactions.total, "reaction", "reactions");
  if (!counts.empty()) out += "<p class=\"soft\">" + counts + "</p>";
  return "<article>" + out + "</article>";
}

reactions::ReactionFacts const& or_none(std::optional<reactions::ReactionFacts> const& reactions) {
  static reactions::ReactionFacts const none{};
  return reactions ? *reactions : none;
}

std::string preview(Hydrator const& hydrator, posts::Content const* content) {
  if (content == nullptr) return {};
  return content->warning.empty() ? text::plain_text(hydrator.html_of(*content)) : content->warning;
}

Articles::One one(Hydrator const& hydrator, Pieces const& pieces, pages::Status const& status) {
  posts::Facts const& facts = status.facts;
  bool const target = status.target && status.target_visible;
  Articles::One one{.post = facts.post, .author = pieces.account(status.author)};
  one.written_at = time_of_id(facts.post.value);
  one.text = preview(hydrator, pieces.content(facts.kind == posts::Kind::share ? facts.target : facts.post));
  if (facts.kind != posts::Kind::share) {
    std::string quoted;
    if (target)
      quoted = article(hydrator, pieces, *status.target, or_none(status.target_reactions), status.target_author, "");
    else if (facts.kind == posts::Kind::quote)
      quoted = "<p class=\"soft\">The quoted post is not shown here.</p>";
    one.html = article(hydrator, pieces, facts, status.reactions, status.author, quoted);
  } else if (target) {
    std::string quoted;
    if (status.quoted && status.quoted_visible)
      quoted = article(hydrator, pieces, *status.quoted, or_none(status.quoted_reactions), status.quoted_author, "");
    one.html =
        "<p class=\"soft\">" + isolated(name_of(one.author)) + " " + link_to(one.author) + " shared</p>" +
        article(hydrator, pieces, *status.target, or_none(status.target_reactions), status.target_author, quoted);
  }
  return one;
}

}  // namespace

std::string name_of(views::Account const& account) {
  return account.display_name.empty() ? account.handle : account.display_name;
}

std::string link_to(views::Account const& account) {
  return "<a href=\"/@" + escaped(account.handle) + "\">@" + escaped(account.handle) + "</a>";
}

std::string Articles::html() const {
  std::string out;
  for (One const& post : posts) out += post.html;
  return out;
}

Task<Articles> ArticleWriter::write_seen(Call call, std::vector<posts::SeenPost> posts) const {
  if (posts.empty()) co_return Articles{};
  pages::SeenRequest request{.posts = std::move(posts)};
  auto page = co_await needs_.pages.complete(call, std::move(request));
  co_return co_await write(call, std::move(page));
}

Task<Articles> ArticleWriter::write(Call call, pages::Page page) const {
  Articles articles;
  if (page.statuses.empty()) co_return articles;
  Pieces pieces;
  posts::ContentKeys keys;
  auto const wants = [&](posts::Facts const& facts) {
    if (facts.kind != posts::Kind::share) keys.keys.push_back({facts.post, facts.content_version});
  };
  for (auto const& status : page.statuses) {
    wants(status.facts);
    if (status.target && status.target_visible) wants(*status.target);
    if (status.quoted && status.quoted_visible) wants(*status.quoted);
  }
  auto contents = co_await needs_.posts.contents(call, std::move(keys));
  for (auto& content : contents.contents) {
    PostId const post = content.post;
    pieces.words.insert_or_assign(post, std::move(content));
  }
  users::Accounts authors;
  for (auto const& stamp : page.accounts) authors.accounts.push_back(stamp.account);
  auto const people = co_await needs_.users.people(call, std::move(authors));
  for (std::size_t i = 0; i < people.people.size(); ++i)
    pieces.accounts.push_back(needs_.hydrator.view_of(people.people[i], page.accounts[i]));
  for (auto const& status : page.statuses) articles.posts.push_back(one(needs_.hydrator, pieces, status));
  co_return articles;
}

}  // namespace kith
