#include "services/posts/api_words.h"

#include <algorithm>

namespace kith::posts {
namespace {

constexpr std::pair<std::string_view, ReplyPolicy> policies[] = {{"anyone", ReplyPolicy::unspecified},
                                                                 {"followers", ReplyPolicy::followers},
                                                                 {"friends", ReplyPolicy::friends},
                                                                 {"mentioned", ReplyPolicy::mentioned},
                                                                 {"nobody", ReplyPolicy::nobody}};

// `audience` (ours: a word, or rule, list and except) goes before `visibility` (theirs).
std::optional<Audience> audience_in(Request const& request) {
  Audience audience;
  if (auto const rule = request.maybe_text("audience[rule]"))
    audience.rule = rule_in(*rule, "audience[rule]");
  else if (auto const* const node = request.params().find("audience");
           node != nullptr && node->kind() == Params::Kind::text)
    audience.rule = rule_in(node->text(), "audience");
  else if (auto const word = request.maybe_text("visibility"); word && !word->empty())
    audience.rule = rule_in(*word, "visibility");
  else
    return std::nullopt;
  audience.list = request.maybe_id<ListId>("audience[list]").value_or(ListId{});
  audience.except = request.ids<AccountId>("audience[except]");
  return audience;
}

std::optional<ReplyPolicy> policy_in(Request const& request) {
  auto const word = request.maybe_text("reply_policy");
  if (!word) return std::nullopt;
  auto const known = std::ranges::find(policies, *word, &std::pair<std::string_view, ReplyPolicy>::first);
  if (known == std::end(policies))
    throw Error{Code::invalid, "reply_policy must be anyone, followers, friends, mentioned or nobody"};
  return known->second;
}

void refuse_what_comes_later(Request const& request) {
  if (!request.texts("media_ids").empty())
    throw Error{Code::invalid, "Pictures cannot be uploaded to this server yet; post without media_ids"};
  if (request.has("poll") && !request.params().members("poll").empty())
    throw Error{Code::invalid, "Polls cannot be made on this server yet; post without poll"};
}

// "en", "pt-BR": what apps send; anything else is no language.
std::string language_in(std::string_view word) {
  bool right = word.size() <= 35;
  for (char const c : word)
    right =
        right && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_');
  auto const first = word.substr(0, word.find_first_of("-_"));
  if (!word.empty() && (!right || first.size() < 2 || first.size() > 8))
    throw Error{Code::invalid, "language must be a code such as en or pt-BR"};
  return std::string(word);
}

}  // namespace

Rule rule_in(std::string_view word, std::string_view parameter) {
  Rule const rule = rule_of(word);
  if (rule == Rule::unspecified)
    throw Error{Code::invalid, std::string(parameter) +
                                   " must be public, unlisted, private or direct, or one of our own: friends, "
                                   "friends_except, close, friends_of_friends, list, only_me"};
  return rule;
}

NewPost new_post(Request const& request) {
  refuse_what_comes_later(request);
  NewPost post{.text = request.maybe_text("status").value_or("")};
  post.warning = request.maybe_text("spoiler_text").value_or("");
  post.sensitive = request.maybe_flag("sensitive");
  post.language = language_in(request.maybe_text("language").value_or(""));
  post.audience = audience_in(request).value_or(Audience{});
  post.parent = request.maybe_id<PostId>("in_reply_to_id").value_or(PostId{});
  post.quoted = request.maybe_id<PostId>("quoted_status_id").value_or(PostId{});
  post.replies = policy_in(request).value_or(ReplyPolicy::unspecified);
  post.quotes = quote_policy_in(request, "quote_approval_policy");
  post.app = AppId{request.token().app};
  post.idempotency_key = std::string(request.idempotency_key());
  if (auto const when = request.maybe_text("scheduled_at"); when && !when->empty()) {
    auto const time = parse_time(*when);
    if (!time) throw Error{Code::invalid, "scheduled_at must be a time such as 2030-01-31T12:00:00Z"};
    post.publish_at = *time;
  }
  return post;
}

EditPost edit_of(Request const& request, PostId post) {
  refuse_what_comes_later(request);
  EditPost edit{.post = post, .text = request.maybe_text("status")};
  edit.warning = request.maybe_text("spoiler_text");
  edit.sensitive = request.maybe_flag("sensitive");
  if (auto const language = request.maybe_text("language")) edit.language = language_in(*language);
  edit.audience = audience_in(request);
  edit.replies = policy_in(request);
  edit.quotes = quote_policy_in(request, "quote_approval_policy");
  return edit;
}

std::vector<ParamDoc> write_params() {
  return {{"status", "string", "the words, at most 5,000 characters"},
          {"spoiler_text", "string", "a warning before them"},
          {"sensitive", "boolean", "hide until wanted"},
          {"language", "string", "a code such as en"},
          {"visibility", "string", "public, unlisted, private or direct"},
          {"audience[rule]", "string", "ours: friends, friends_except, close, friends_of_friends, list, only_me ..."},
          {"audience[list]", "id", "with rule list"},
          {"audience[except][]", "[id]", "with rule friends_except, at most 50"},
          {"in_reply_to_id", "id", "the post this answers"},
          {"quoted_status_id", "id", "the post this quotes"},
          {"quote_approval_policy", "string", "public, followers or nobody: who may quote it"},
          {"reply_policy", "string", "anyone, followers, friends, mentioned or nobody"},
          {"scheduled_at", "time", "at least five minutes ahead"}};
}

}  // namespace kith::posts
