#include "gateway/views/token.h"

#include "base/json.h"

namespace kith::views {
namespace {

void put_texts(JsonWriter& json, std::string_view key, std::vector<std::string> const& texts) {
  json.list(key);
  for (auto const& text : texts) json.text_item(text);
  json.end_list();
}

void put(JsonWriter& json, Application const& application) {
  std::string uris;  // the older form: all in one text, by line ends
  for (auto const& uri : application.redirect_uris) uris += (uris.empty() ? "" : "\n") + uri;
  json.begin().id("id", application.id).text("name", application.name).text_or_null("website", application.website);
  put_texts(json, "scopes", application.scopes);
  json.text("redirect_uri", uris);
  put_texts(json, "redirect_uris", application.redirect_uris);
  json.text("vapid_key", application.vapid_key);
}

}  // namespace

void append_application(std::string& out, Application const& application) {
  JsonWriter json(out);
  put(json, application);
  json.end();
}

void append_credential_application(std::string& out, Application const& application) {
  JsonWriter json(out);
  put(json, application);
  json.text("client_id", application.client_id)
      .text("client_secret", application.client_secret)
      .number("client_secret_expires_at", 0)  // never
      .end();
}

void append_token(std::string& out, Token const& token) {
  auto const seconds = std::chrono::floor<std::chrono::seconds>(token.created_at).time_since_epoch().count();
  JsonWriter(out)
      .begin()
      .text("access_token", token.access_token)
      .text("token_type", "Bearer")
      .text("scope", token.scope)
      .number("created_at", static_cast<std::uint64_t>(seconds))
      .end();
}

void append_oauth_metadata(std::string& out, std::string_view base_url, std::vector<std::string> const& scopes) {
  std::string const base(base_url);
  JsonWriter json(out);
  json.begin()
      .text("issuer", base + "/")
      .text("service_documentation", "https://docs.joinmastodon.org/")
      .text("authorization_endpoint", base + "/oauth/authorize")
      .text("token_endpoint", base + "/oauth/token")
      .text("revocation_endpoint", base + "/oauth/revoke")
      .text("app_registration_endpoint", base + "/api/v1/apps");
  put_texts(json, "scopes_supported", scopes);
  put_texts(json, "response_types_supported", {"code"});
  put_texts(json, "response_modes_supported", {"query"});
  put_texts(json, "grant_types_supported", {"authorization_code", "client_credentials"});
  put_texts(json, "token_endpoint_auth_methods_supported", {"client_secret_basic", "client_secret_post"});
  put_texts(json, "code_challenge_methods_supported", {"S256"});
  json.end();
}

}  // namespace kith::views
