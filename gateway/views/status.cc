#include "gateway/views/status.h"

#include <array>
#include <charconv>

#include "base/check.h"
#include "base/json.h"

namespace kith::views {
namespace {

// What follows the counts: the viewer's flags, and the members that are nearly always the same.
std::array<std::string, 32> const flag_texts = [] {
  std::array<std::string, 32> texts;
  for (unsigned flags = 0; flags < texts.size(); ++flags) {
    JsonWriter json(texts[flags]);
    json.comma()
        .yes("favourited", flags & favourited)
        .yes("reblogged", flags & reblogged)
        .yes("muted", flags & muted)
        .yes("bookmarked", flags & bookmarked)
        .yes("pinned", flags & pinned);
  }
  return texts;
}();

std::array<std::string, 9> const quote_texts = [] {
  std::array<std::string, 9> texts;
  constexpr std::string_view automatic[] = {R"(["public"])", R"(["followers"])", "[]"};
  constexpr std::string_view user[] = {"automatic", "manual", "denied"};
  for (unsigned i = 0; i < texts.size(); ++i) {
    texts[i] = R"(,"quote_approval":{"automatic":)";
    texts[i] += automatic[i / 3];
    texts[i] += R"(,"manual":[],"current_user":")";
    texts[i] += user[i % 3];
    texts[i] += "\"}";
  }
  return texts;
}();

std::string_view name_of(QuoteState state) {
  switch (state) {
    case QuoteState::accepted: return "accepted";
    case QuoteState::revoked: return "revoked";
    case QuoteState::deleted: return "deleted";
    case QuoteState::blocked_account: return "blocked_account";
    case QuoteState::muted_account: return "muted_account";
    case QuoteState::unauthorized:
    case QuoteState::none: break;
  }
  return "unauthorized";
}

constexpr std::size_t number_max = 20;    // digits
constexpr std::size_t fixed_max = 640;    // all names and flags of append_status, measured by a test
constexpr std::size_t escape_factor = 6;  // one byte as \u00xx

// Copies behind one another into room that is known to be enough.
class Cursor {
 public:
  explicit Cursor(char* at) : at_(at) {}

  void put(std::string_view text) {
    std::char_traits<char>::copy(at_, text.data(), text.size());  // memcpy that takes the null of an empty view
    at_ += text.size();
  }
  void put(std::uint64_t number) { at_ = std::to_chars(at_, at_ + number_max, number).ptr; }
  void put_text(std::string_view text) {  // escaped
    std::string quoted;
    append_json(quoted, text);
    put(quoted);
  }
  char* at() const { return at_; }

 private:
  char* at_;
};

// Where a status stands decides what it may show: a shared post no further share, a quoted post
// neither share nor quote. So nesting ends by construction, whatever the pieces say.
enum class Place { page, share, quote };

void put_status(Cursor& out, StatusPieces const& status, Place place);

void put_quote(Cursor& out, StatusPieces const& status, Place place) {
  if (status.quote == QuoteState::none) return out.put(R"(,"quote":null)");
  out.put(R"(,"quote":{"state":")");
  out.put(name_of(status.quote));
  if (place == Place::quote) {
    // A ShallowQuote: clients show no quote inside a quote.
    out.put(status.quoted_id == 0 ? R"(","quoted_status_id":null)" : R"(","quoted_status_id":")");
    if (status.quoted_id != 0) {
      out.put(status.quoted_id);
      out.put("\"");
    }
  } else {
    out.put(R"(","quoted_status":)");
    if (status.quoted == nullptr)
      out.put("null");
    else
      put_status(out, *status.quoted, Place::quote);
  }
  out.put("}");
}

void put_reactions(Cursor& out, std::span<ReactionCount const> reactions) {
  out.put(R"(,"emoji_reactions":[)");
  bool first = true;
  for (ReactionCount const& reaction : reactions) {
    out.put(first ? R"({"name":)" : R"(,{"name":)");
    out.put_text(reaction.name);
    out.put(R"(,"count":)");
    out.put(reaction.count);
    out.put(reaction.mine ? R"(,"me":true,"account_ids":[]})" : R"(,"me":false,"account_ids":[]})");
    first = false;
  }
  out.put("]");
}

void put_or_null(Cursor& out, std::string_view name, std::string_view json) {
  out.put(name);
  out.put(json.empty() ? "null" : json);
}

void put_status(Cursor& out, StatusPieces const& status, Place place) {
  out.put("{");
  out.put(status.content);
  out.put(R"(,"replies_count":)");
  out.put(status.counts.replies);
  out.put(R"(,"reblogs_count":)");
  out.put(status.counts.shares);
  out.put(R"(,"favourites_count":)");
  out.put(status.counts.reactions);
  out.put(R"(,"quotes_count":)");
  out.put(status.counts.quotes);
  out.put(flag_texts[status.flags % flag_texts.size()]);
  out.put(quote_texts[static_cast<unsigned>(status.quote_policy) * 3 + static_cast<unsigned>(status.may_quote)]);
  put_reactions(out, status.reactions);
  out.put(R"(,"filtered":[)");
  out.put(status.filtered);
  put_or_null(out, R"(],"poll":)", status.poll);
  out.put(R"(,"text":)");
  if (status.deleted)
    out.put_text(status.source_text);
  else
    out.put("null");
  put_or_null(out, R"(,"account":)", status.account);
  if (status.reblog == nullptr || place != Place::page) {
    out.put(R"(,"reblog":null)");
  } else {
    out.put(R"(,"reblog":)");
    put_status(out, *status.reblog, Place::share);
  }
  put_quote(out, status, place);
  out.put("}");
}

std::size_t size_max(StatusPieces const& status, Place place) {
  std::size_t size = fixed_max + status.content.size() + status.account.size() + status.filtered.size() +
                     status.poll.size() + 6 * number_max;
  for (ReactionCount const& reaction : status.reactions) size += 64 + number_max + escape_factor * reaction.name.size();
  if (status.deleted) size += escape_factor * status.source_text.size();
  if (status.reblog != nullptr && place == Place::page) size += size_max(*status.reblog, Place::share);
  if (status.quoted != nullptr && place != Place::quote) size += size_max(*status.quoted, Place::quote);
  return size;
}

// One growth of the string for all; then only copies.
void append_all(std::string& out, std::span<StatusPieces const> statuses, std::string_view before,
                std::string_view behind) {
  std::size_t const begin = out.size();
  std::size_t most = begin + before.size() + behind.size();
  for (StatusPieces const& status : statuses) most += 1 + size_max(status, Place::page);
  out.resize_and_overwrite(most, [&](char* room, std::size_t) {
    Cursor cursor(room + begin);
    cursor.put(before);
    for (std::size_t i = 0; i < statuses.size(); ++i) {
      if (i > 0) cursor.put(",");
      put_status(cursor, statuses[i], Place::page);
    }
    cursor.put(behind);
    check(cursor.at() <= room + most, "size_max counts every piece");
    return static_cast<std::size_t>(cursor.at() - room);
  });
}

}  // namespace

std::string_view name_of(Visibility visibility) {
  switch (visibility) {
    case Visibility::open: return "public";
    case Visibility::unlisted: return "unlisted";
    case Visibility::followers: return "private";
    case Visibility::direct: break;
  }
  return "direct";
}

void append_content(std::string& out, Content const& content) {
  JsonWriter json(out);
  json.id("id", content.id)
      .time("created_at", content.created_at)
      .id("in_reply_to_id", content.in_reply_to)
      .id("in_reply_to_account_id", content.in_reply_to_account)
      .yes("sensitive", content.sensitive)
      .text("spoiler_text", content.spoiler)
      .text("visibility", name_of(content.visibility))
      .text_or_null("language", content.language)
      .text("uri", content.url)
      .text("url", content.url)
      .time("edited_at", content.edited_at)
      .text("content", content.html)
      .raw("media_attachments", content.media.empty() ? "[]" : content.media)
      .list("mentions");
  for (MentionedPerson const& person : content.mentions)
    json.begin()
        .id("id", person.id)
        .text("username", person.handle)
        .text("url", person.url)
        .text("acct", person.handle)
        .end();
  json.end_list().list("tags");
  for (UsedTag const& tag : content.tags) json.begin().text("name", tag.name).text("url", tag.url).end();
  json.end_list().list("emojis").end_list();
  if (content.card.empty())
    json.null("card");
  else
    json.raw("card", content.card);
  if (content.app_name.empty())
    json.null("application");
  else
    json.begin("application").text("name", content.app_name).text_or_null("website", content.app_website).end();
  json.begin("kith").text("audience", content.audience).end();
}

std::size_t status_size_max(StatusPieces const& status) { return size_max(status, Place::page); }

void append_status(std::string& out, StatusPieces const& status) { append_all(out, {&status, 1}, "", ""); }

void append_statuses(std::string& out, std::span<StatusPieces const> statuses) { append_all(out, statuses, "[", "]"); }

}  // namespace kith::views
