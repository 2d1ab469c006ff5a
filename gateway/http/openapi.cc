#include <algorithm>
#include <map>
#include <set>

#include "base/json.h"
#include "gateway/http/router.h"

namespace kith {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  return out;
}

// "/api/v1/statuses/:id" -> "/api/v1/statuses/{id}", "/@:name" -> "/@{name}"
std::string templated(std::string_view path, std::vector<std::string>& names) {
  std::string out;
  while (!path.empty()) {
    auto const end = path.find('/', 1);
    auto const segment = path.substr(0, end);
    path.remove_prefix(segment.size());
    if (auto const mark = segment.find_first_of(":*"); mark != std::string_view::npos) {
      names.emplace_back(segment.substr(mark + 1));
      (out += segment.substr(0, mark)) += '{';
      (out += names.back()) += '}';
    } else {
      out += segment;
    }
  }
  return out;
}

void append_schema(JsonWriter& json, std::string_view key, std::string_view type) {
  json.begin(key);
  if (type.starts_with('[') && type.ends_with(']')) {
    json.text("type", "array");
    append_schema(json, "items", type.substr(1, type.size() - 2));
  } else if (type == "id") {
    json.text("type", "string").text("pattern", "^[1-9][0-9]{0,18}$");
  } else if (type == "time") {
    json.text("type", "string").text("format", "date-time");
  } else if (type == "file") {
    json.text("type", "string").text("format", "binary");
  } else if (type == "integer" || type == "boolean" || type == "object" || type == "number") {
    json.text("type", type);
  } else {
    json.text("type", "string");
  }
  json.end();
}

void append_parameter(JsonWriter& json, std::string& out, std::string_view in, ParamDoc const& param) {
  json.comma();
  JsonWriter inner(out);
  inner.begin().text("name", param.name).text("in", in).text("description", param.meaning);
  inner.yes("required", param.is_required || in == "path");
  append_schema(inner, "schema", param.type);
  inner.end();
}

void append_operation(std::string& out, Route const& route, std::vector<std::string> const& path_names) {
  bool const has_body = route.method == Method::post || route.method == Method::put || route.method == Method::patch;
  JsonWriter json(out);
  json.begin().text("summary", route.summary);
  if (route.access != Access::none) {
    json.key("security");
    // Everybody, or with a token of this scope: two alternatives.
    out += route.access == Access::open ? "[{},{\"token\":[" : "[{\"token\":[";
    if (!route.scope.empty()) append_json(out, route.scope);
    out += "]}]";
  }
  json.list("parameters");
  for (auto const& name : path_names) {
    bool const is_id = name == "id" || name.ends_with("_id");
    append_parameter(json, out, "path", {name, is_id ? "id" : "string", "part of the path"});
  }
  if (!has_body)
    for (auto const& param : route.params) append_parameter(json, out, "query", param);
  json.end_list();
  if (has_body && !route.params.empty()) {
    json.begin("requestBody").begin("content");
    bool const files =
        std::any_of(route.params.begin(), route.params.end(), [](auto const& p) { return p.type == "file"; });
    for (std::string_view const type :
         {"application/json", "application/x-www-form-urlencoded", "multipart/form-data"}) {
      if (files && type != "multipart/form-data") continue;
      json.begin(type).begin("schema").text("type", "object").begin("properties");
      for (auto const& param : route.params) {
        // In JSON a list's name has no brackets.
        auto const name = type == "application/json" && param.name.ends_with("[]")
                              ? param.name.substr(0, param.name.size() - 2)
                              : param.name;
        append_schema(json, name, param.type);
      }
      json.end().list("required");
      for (auto const& param : route.params)
        if (param.is_required) json.text_item(param.name);
      json.end_list().end().end();
    }
    json.end().end();
  }
  json.begin("responses");
  json.begin("200").text("description", "Done").end();
  json.begin("default").text("description", "Refused").begin("content").begin("application/json").begin("schema");
  json.text("$ref", "#/components/schemas/Error").end().end().end().end();
  json.end().end();
}

}  // namespace

std::string openapi(Router const& router, std::string_view version) {
  // PATCH and PUT of one route are one operation of two names.
  std::map<std::string, std::map<std::string, Route const*>> paths;
  std::map<std::string, std::vector<std::string>> names;
  std::set<std::string> scopes;
  for (auto const& entry : router.routes()) {
    std::vector<std::string> path_names;
    auto const path = templated(entry->route.path, path_names);
    names[path] = path_names;
    paths[path][lower(name_of(entry->route.method))] = &entry->route;
    if (!entry->route.scope.empty()) scopes.emplace(entry->route.scope);
  }

  std::string out;
  JsonWriter json(out);
  json.begin().text("openapi", "3.1.0");
  json.begin("info")
      .text("title", "kith")
      .text("version", version)
      .text("description", "A superset of the Mastodon client API")
      .end();
  json.begin("paths");
  for (auto const& [path, operations] : paths) {
    json.begin(path);
    for (auto const& [method, route] : operations) {
      json.key(method);
      append_operation(out, *route, names[path]);
    }
    json.end();
  }
  json.end();
  json.begin("components").begin("schemas").begin("Error").text("type", "object").begin("properties");
  for (std::string_view const name : {"error", "error_description"}) append_schema(json, name, "string");
  append_schema(json, "details", "object");
  json.end().list("required").text_item("error").end_list().end().end();
  json.begin("securitySchemes").begin("token").text("type", "oauth2").begin("flows").begin("authorizationCode");
  json.text("authorizationUrl", "/oauth/authorize").text("tokenUrl", "/oauth/token").begin("scopes");
  for (auto const& scope : scopes) json.text(scope, scope);
  json.end().end().end().end().end().end().end();
  return out;
}

}  // namespace kith
