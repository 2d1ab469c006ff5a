#include "gateway/views/account.h"

#include <chrono>

#include "base/json.h"

namespace kith::views {
namespace {

void put_fields(JsonWriter& json, std::vector<Field> const& fields) {
  json.list("fields");
  for (Field const& field : fields)
    json.begin().text("name", field.name).text("value", field.value).time("verified_at", field.verified_at).end();
  json.end_list();
}

void put_role(JsonWriter& json, Role const& role) {
  // Roles have numbers from 0 on, and 0 is one; -99 is what apps know as "everybody".
  json.text("id", role.id == 0 ? "-99" : std::to_string(role.id))
      .text("name", role.name)
      .text("color", role.color)
      .text("permissions", std::to_string(role.permissions))
      .yes("highlighted", role.highlighted);
}

// Everything but the brace that ends the object, for the forms that say more.
void put_account(JsonWriter& json, Account const& account) {
  bool const shown = !account.suspended;
  std::string_view const none;
  json.begin()
      .id("id", account.id)
      .text("username", account.handle)
      .text("acct", account.handle)
      .text("display_name", shown ? account.display_name : none)
      .yes("locked", shown && account.locked)
      .yes("bot", shown && account.bot)
      .yes("discoverable", shown && account.discoverable)
      .yes("indexable", shown && account.indexable)
      .yes("group", false)
      // To the day: the time of a sign-up is nobody's business.
      .time("created_at", std::chrono::floor<std::chrono::days>(account.created_at))
      .text("note", shown ? account.note : none)
      .text("url", account.url)
      .text("uri", account.url)
      .text("avatar", account.avatar)
      .text("avatar_static", account.avatar)
      .text("header", account.header)
      .text("header_static", account.header)
      .number("followers_count", account.followers)
      .number("following_count", account.following)
      .number("statuses_count", account.statuses)
      .date("last_status_at", account.last_status_at)
      .yes("hide_collections", account.hide_collections)
      .yes("noindex", account.noindex)
      .null("moved")
      .yes("suspended", account.suspended)
      .yes("limited", account.limited)
      .yes("memorial", false)
      .list("emojis")
      .end_list()
      .list("roles");
  if (shown)
    for (Role const& role : account.roles)
      json.begin().text("id", std::to_string(role.id)).text("name", role.name).text("color", role.color).end();
  json.end_list();
  put_fields(json, shown ? account.fields : std::vector<Field>());
}

}  // namespace

void append_account(std::string& out, Account const& account) {
  JsonWriter json(out);
  put_account(json, account);
  json.end();
}

void append_credential_account(std::string& out, Account const& account, Source const& source, Role const& role) {
  JsonWriter json(out);
  put_account(json, account);
  json.begin("source")
      .text("privacy", source.privacy)
      .yes("sensitive", source.sensitive)
      .text("language", source.language)
      .text("note", source.note);
  put_fields(json, source.fields);
  json.number("follow_requests_count", source.follow_requests)
      .yes("hide_collections", account.hide_collections)
      .yes("discoverable", account.discoverable)
      .yes("indexable", account.indexable)
      .list("attribution_domains")
      .end_list()
      .text("quote_policy", source.quote_policy)
      .end();
  json.begin("role");
  put_role(json, role);
  json.end().end();
}

void append_muted_account(std::string& out, std::string_view account, Time muted_until) {
  account.remove_suffix(1);  // the brace
  out += account;
  out += ",\"mute_expires_at\":";
  append_json_time(out, muted_until);
  out += '}';
}

void append_role(std::string& out, Role const& role) {
  JsonWriter json(out);
  json.begin();
  put_role(json, role);
  json.end();
}

}  // namespace kith::views
