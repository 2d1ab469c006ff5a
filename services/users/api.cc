#include "services/users/api.h"

#include <functional>

#include "base/json.h"
#include "gateway/text/picture.h"
#include "gateway/views/settings.h"

namespace kith::users {
namespace {

// Room for a photograph, so that what is wrong with it is said by the field.
constexpr std::size_t body_with_picture_max = std::size_t{17} << 20;
constexpr std::string_view no_pictures = "Pictures cannot be uploaded to this server yet; leave the picture out";

Task<Person> own_person(UsersService& users, Call call) {
  Accounts one;
  one.accounts.push_back(call.viewer);
  auto people = co_await users.people(call, std::move(one));
  co_return std::move(people.people.front());
}

views::Role role_of(Person const& person) {
  switch (static_cast<Role>(person.role)) {
    case Role::admin: return {.id = 3, .name = "Admin", .permissions = 1, .highlighted = true};
    case Role::moderator: return {.id = 2, .name = "Moderator", .permissions = 1036, .highlighted = true};
    default: return {};
  }
}

// A person's own account, with what only they may read.
Task<Response> own_account(UsersService& users, graph::GraphService& graph, pages::PagesService& pages,
                           Hydrator& hydrator, Call call, Person person) {
  pages::AccountsRequest one;
  one.accounts.push_back(call.viewer);
  auto const stamps = co_await pages.accounts(call, std::move(one));
  graph::People me;
  me.people.push_back(call.viewer);
  auto const counts = co_await graph.counts(call, std::move(me));
  if (person.version == 0) person = co_await own_person(users, call);
  views::Source source{.sensitive = person.default_sensitive, .language = person.language};
  auto const rule =
      person.default_audience == 0 ? posts::Rule::public_ : static_cast<posts::Rule>(person.default_audience);
  source.privacy = views::name_of(visibility_of(rule));
  source.quote_policy = quote_policy_word(static_cast<posts::QuotePolicy>(person.default_quotes));
  source.note = person.profile.note;
  for (auto const& field : person.profile.fields) source.fields.push_back({field.name, field.value, field.verified_at});
  source.follow_requests = counts.counts.front().asked_by;
  std::string out;
  views::append_credential_account(out, hydrator.view_of(person, stamps.accounts.front()), source, role_of(person));
  co_return Response::json(std::move(out));
}

Task<Response> verify(UsersService& users, graph::GraphService& graph, pages::PagesService& pages, Hydrator& hydrator,
                      Request request) {
  co_return co_await own_account(users, graph, pages, hydrator, request.call(), Person{});
}

// "public", "friends" ...: the audience new posts get when nothing is said.
std::optional<std::uint32_t> audience_of(std::optional<std::string> const& word) {
  if (!word) return std::nullopt;
  auto const rule = rule_of(*word);
  if (rule == posts::Rule::unspecified || rule == posts::Rule::as_root || rule == posts::Rule::list)
    throw Error{Code::invalid, "source[privacy] must be public, unlisted, private, direct or one of our own audiences"};
  return static_cast<std::uint32_t>(rule);
}

Task<Response> update(UsersService& users, graph::GraphService& graph, pages::PagesService& pages, Hydrator& hydrator,
                      Request request) {
  for (std::string_view const picture : {"avatar", "header"}) {
    auto const text = request.file(picture) == nullptr ? request.maybe_text(picture) : std::nullopt;
    if (request.file(picture) != nullptr || (text && !text->empty()))
      throw Error{Code::invalid, std::string(no_pictures)};
  }
  ChangeProfile change{.display_name = request.maybe_text("display_name"), .note = request.maybe_text("note")};
  change.locked = request.maybe_flag("locked");
  change.bot = request.maybe_flag("bot");
  change.discoverable = request.maybe_flag("discoverable");
  change.hide_ties = request.maybe_flag("hide_collections");
  change.indexable = request.maybe_flag("indexable");
  change.language = request.maybe_text("source[language]");
  change.default_sensitive = request.maybe_flag("source[sensitive]");
  if (auto const quotes = quote_policy_in(request, "source[quote_policy]"))
    change.default_quotes = static_cast<std::uint32_t>(*quotes);
  change.default_audience = audience_of(request.maybe_text("source[privacy]"));
  change.set_fields = request.has("fields_attributes");
  for (Params const& field : request.params().members("fields_attributes"))
    change.fields.push_back(
        {.name = field.maybe_text("name").value_or(""), .value = field.maybe_text("value").value_or("")});
  Person person = co_await users.change(request.call(), std::move(change));
  co_return co_await own_account(users, graph, pages, hydrator, request.call(), std::move(person));
}

Task<Response> rename(UsersService& users, graph::GraphService& graph, pages::PagesService& pages, Hydrator& hydrator,
                      Request request) {
  ChangeHandle change{request.text("username")};
  Person person = co_await users.rename(request.call(), std::move(change));
  co_return co_await own_account(users, graph, pages, hydrator, request.call(), std::move(person));
}

Task<Response> show(Hydrator& hydrator, Request request) {
  auto const account = co_await hydrator.account(request.call(), request.id<AccountId>("id"));
  co_return Response::json(*account);
}

Task<Response> show_many(Hydrator& hydrator, Request request) {
  auto ids = request.ids<AccountId>("id");
  if (ids.size() > 100) throw Error{Code::invalid, "Ask for at most 100 accounts at once"};
  co_return Response::json(co_await hydrator.account_list(request.call(), std::move(ids)));
}

Task<Response> lookup(UsersService& users, Hydrator& hydrator, Request request) {
  std::string handle = request.text("acct");
  // @ada@own.host is @ada.
  if (auto const at = handle.find('@', 1); at != std::string::npos) {
    if (!hydrator.base_url().ends_with("//" + handle.substr(at + 1))) throw Error{Code::not_found, "Record not found"};
    handle.resize(at);
  }
  Handles one;
  one.handles.push_back(std::move(handle));
  auto const found = co_await users.by_handle(request.call(), std::move(one));
  auto const account = co_await hydrator.account(request.call(), found.accounts.front());
  co_return Response::json(*account);
}

Task<Response> preferences(UsersService& users, Request request) {
  Person const person = co_await own_person(users, request.call());
  auto const rule =
      person.default_audience == 0 ? posts::Rule::public_ : static_cast<posts::Rule>(person.default_audience);
  views::Preferences shown{.visibility = views::name_of(visibility_of(rule)), .sensitive = person.default_sensitive};
  shown.language = person.language;
  shown.quote_policy = quote_policy_word(static_cast<posts::QuotePolicy>(person.default_quotes));
  std::string out;
  views::append_preferences(out, shown);
  co_return Response::json(std::move(out));
}

constexpr std::string_view timelines[] = {"home", "notifications"};

std::string marker_key(std::string_view timeline) { return "marker/" + std::string(timeline); }

Response shown(std::vector<SettingValue> const& values) {
  std::optional<views::Marker> markers[2];
  for (auto const& value : values)
    for (std::size_t i = 0; i < 2; ++i)
      if (value.key == marker_key(timelines[i]))
        markers[i] = views::Marker{
            .last_read = parse_id(value.value).value_or(0), .version = value.number, .updated_at = value.updated_at};
  std::string out;
  views::append_markers(out, markers[0], markers[1]);
  return Response::json(std::move(out));
}

Task<Response> markers(UsersService& users, Request request) {
  SettingKeys keys;
  for (auto const& asked : request.texts("timeline"))
    for (auto const& timeline : timelines)
      if (asked == timeline) keys.keys.push_back(marker_key(timeline));
  auto const values = co_await users.settings(request.call(), std::move(keys));
  co_return shown(values.values);
}

Task<Response> set_markers(UsersService& users, Request request) {
  std::vector<SettingValue> saved;
  for (auto const& timeline : timelines) {
    auto const id = request.maybe_text(std::string(timeline) + "[last_read_id]");
    if (!id) continue;
    if (!parse_id(*id)) throw Error{Code::invalid, "last_read_id must be the id of a post or notification"};
    SettingKeys one;
    one.keys.push_back(marker_key(timeline));
    auto const before = co_await users.settings(request.call(), std::move(one));
    SettingValue value{.key = marker_key(timeline), .value = *id};
    if (!before.values.empty()) {
      value.number = before.values.front().number + 1;
      value.version = before.values.front().version;
    }
    saved.push_back(co_await users.set_setting(request.call(), std::move(value)));
  }
  co_return shown(saved);
}

// A drawn picture, the same for ever; only accounts that exist have one, so nobody fills our caches.
Task<Response> picture(std::string (*draw)(std::uint64_t), Request request) {
  std::string const file = request.text("file");
  auto const id = file.ends_with(".png") ? parse_id(std::string_view(file).substr(0, file.size() - 4)) : std::nullopt;
  if (!id) throw Error{Code::not_found, "There is no such picture"};
  co_return Response::file(draw(*id), "image/png", 31'536'000);
}

}  // namespace

void users_api(Router& router, UsersService& users, graph::GraphService& graph, pages::PagesService& pages,
               Hydrator& hydrator) {
  using std::bind_front;
  using std::ref;
  std::vector<ParamDoc> const profile = {
      {"display_name", "string", "at most 60 characters"},
      {"note", "string", "about you, at most 1,000 characters"},
      {"locked", "boolean", "a follow asks first"},
      {"bot", "boolean", "nobody sits behind this account"},
      {"discoverable", "boolean", "may be suggested"},
      {"indexable", "boolean", "public posts may be found by search"},
      {"hide_collections", "boolean", "nobody else sees whom you know"},
      {"fields_attributes[]", "[object]", "at most 8 of name and value"},
      {"source[privacy]", "string", "audience of new posts"},
      {"source[sensitive]", "boolean", "new posts are sensitive"},
      {"source[language]", "string", "language of new posts"},
      {"source[quote_policy]", "string", "public, followers or nobody: who may quote new posts"},
  };
  auto const own = [&](auto handler) { return bind_front(handler, ref(users), ref(graph), ref(pages), ref(hydrator)); };
  router.add({.path = "/api/v1/accounts/verify_credentials", .scope = "read:accounts", .summary = "Your own account"},
             own(verify));
  router.add({.path = "/api/v1/profile", .scope = "read:accounts", .summary = "Your own account"}, own(verify));
  router.add({.method = Method::patch,
              .path = "/api/v1/accounts/update_credentials",
              .scope = "write:accounts",
              .body_max = body_with_picture_max,
              .summary = "Changes your profile",
              .params = profile},
             own(update));
  router.add({.method = Method::patch,
              .path = "/api/v1/profile",
              .scope = "write:accounts",
              .body_max = body_with_picture_max,
              .summary = "Changes your profile",
              .params = profile},
             own(update));
  router.add({.method = Method::post,
              .path = "/api/v1/profile/rename",
              .scope = "write:accounts",
              .summary = "Changes your handle; the old one stays reserved for 90 days",
              .params = {{"username", "string", "the new handle", required}}},
             own(rename));
  router.add({.path = "/api/v1/accounts/lookup",
              .access = Access::open,
              .scope = "read:accounts",
              .summary = "The account of a handle",
              .params = {{"acct", "string", "the handle", required}}},
             bind_front(lookup, ref(users), ref(hydrator)));
  router.add({.path = "/api/v1/accounts",
              .access = Access::open,
              .scope = "read:accounts",
              .summary = "Several accounts",
              .params = {{"id[]", "[id]", "at most 100", required}}},
             bind_front(show_many, ref(hydrator)));
  router.add(
      {.path = "/api/v1/accounts/:id", .access = Access::open, .scope = "read:accounts", .summary = "One account"},
      bind_front(show, ref(hydrator)));
  router.add({.path = "/api/v1/preferences", .scope = "read:accounts", .summary = "Your preferences"},
             bind_front(preferences, ref(users)));
  router.add({.path = "/api/v1/markers",
              .scope = "read:statuses",
              .summary = "Where you stopped reading",
              .params = {{"timeline[]", "[string]", "home, notifications", required}}},
             bind_front(markers, ref(users)));
  router.add(
      {.method = Method::post,
       .path = "/api/v1/markers",
       .scope = "write:statuses",
       .summary = "Remembers where you stopped reading",
       .params = {{"home[last_read_id]", "id", "a post"}, {"notifications[last_read_id]", "id", "a notification"}}},
      bind_front(set_markers, ref(users)));
  router.add({.path = "/avatars/:file", .access = Access::none, .summary = "A drawn picture"},
             bind_front(picture, &text::default_avatar));
  router.add({.path = "/headers/:file", .access = Access::none, .summary = "A drawn picture"},
             bind_front(picture, &text::default_header));
}

}  // namespace kith::users
