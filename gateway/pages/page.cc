#include "gateway/pages/page.h"

#include "gateway/text/render.h"

namespace kith {
namespace {

constexpr std::string_view style = R"(
:root{color-scheme:light dark;--ink:#1c1b22;--paper:#fff;--soft:#f3f2f7;--line:#d9d6e3;--accent:#5b3fd1;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#eceaf4;--paper:#17161d;--soft:#211f2a;--line:#3b3848;--accent:#a897ff;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--soft);color:var(--ink);font:17px/1.55 system-ui,sans-serif}
main{max-width:34rem;margin:3rem auto;padding:2rem;background:var(--paper);border:1px solid var(--line);border-radius:14px}
h1{margin:0 0 1rem;font-size:1.6rem;line-height:1.2}h2{margin:1.6rem 0 .4rem;font-size:1.1rem}
a{color:var(--accent)}code{background:var(--soft);padding:.15rem .4rem;border-radius:6px;overflow-wrap:anywhere}
label{display:block;margin:.9rem 0}label>span{display:block;font-size:.9rem;margin-bottom:.25rem}
label.tick{display:flex;gap:.6rem;align-items:baseline}
input:not([type=checkbox]){width:100%;padding:.6rem .7rem;font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:8px}
input:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
button,.button{display:inline-block;margin:.8rem .5rem 0 0;padding:.6rem 1.2rem;font:inherit;font-weight:600;color:#fff;background:#5b3fd1;border:0;border-radius:8px;cursor:pointer;text-decoration:none}
button.quiet{color:var(--ink);background:var(--soft);border:1px solid var(--line)}
.problem{padding:.7rem .9rem;border:1px solid var(--bad);border-radius:8px;color:var(--bad)}
.soft{opacity:.75;font-size:.92rem}
article{margin:1rem 0;padding:1rem 0 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
article p{margin:.5rem 0}blockquote{margin:.8rem 0;padding:0 1rem;border:1px solid var(--line);border-radius:10px}
blockquote article{border:0;margin:0}.by{font-size:.95rem}.by img{vertical-align:middle;border-radius:10px}
.invisible{display:none}.ellipsis::after{content:"…"}summary{cursor:pointer}
dl{margin:1rem 0}dt{font-size:.9rem;opacity:.75}dd{margin:0 0 .5rem}
@media(max-width:38rem){main{margin:0;border:0;border-radius:0;min-height:100vh}}
)";

// In the page itself, so that no browser asks for another.
constexpr std::string_view icon =
    "<link rel=\"icon\" href=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>"
    "<circle cx='5.5' cy='8' r='4.5' fill='%235b3fd1'/><circle cx='10.5' cy='8' r='4.5' fill='%23a897ff' "
    "fill-opacity='.8'/></svg>\">";

void put_meta(std::string& out, std::string_view attribute, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  ((out += "<meta ") += attribute) += "=\"";
  ((out += name) += "\" content=\"") += escaped(value);
  out += "\">";
}

void put_previews(std::string& out, PageHead const& head) {
  if (!head.indexed) put_meta(out, "name", "robots", "noindex");
  if (head.url.empty()) return;
  out += "<link rel=\"canonical\" href=\"" + escaped(head.url) + "\">";
  put_meta(out, "name", "description", head.description);
  put_meta(out, "property", "og:type", head.kind);
  put_meta(out, "property", "og:title", head.title);
  put_meta(out, "property", "og:description", head.description);
  put_meta(out, "property", "og:url", head.url);
  put_meta(out, "property", "og:image", head.image);
  put_meta(out, "property", "og:site_name", head.site);
  if (head.published_at != no_time) put_meta(out, "property", "article:published_time", iso_time(head.published_at));
  put_meta(out, "name", "twitter:card", "summary");
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  text::append_html(out, text);
  return out;
}

std::string isolated(std::string_view text) { return "<bdi>" + escaped(text) + "</bdi>"; }

Response page(std::string_view title, std::string_view body, int status) {
  PageHead const head{.title = std::string(title)};
  return page(head, body, status);
}

Response page(PageHead const& head, std::string_view body, int status) {
  std::string out = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">";
  out += "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>";
  out += escaped(head.title);
  out += "</title>";
  out += icon;
  put_previews(out, head);
  out += "<style>";
  out += style;
  out += "</style></head><body><main>";
  out += body;
  out += "</main></body></html>\n";
  return Response::html(std::move(out), status);
}

std::string input(std::string_view label, std::string_view name, std::string_view type, std::string_view value,
                  std::string_view more) {
  std::string out =
      "<label><span>" + escaped(label) + "</span><input name=\"" + escaped(name) + "\" type=\"" + escaped(type) + "\"";
  if (!value.empty()) out += " value=\"" + escaped(value) + "\"";
  if (!more.empty()) out += " " + std::string(more);
  return out + "></label>";
}

std::string hidden(std::string_view name, std::string_view value) {
  return "<input type=\"hidden\" name=\"" + escaped(name) + "\" value=\"" + escaped(value) + "\">";
}

std::string problem(std::string_view say) {
  return say.empty() ? std::string() : "<p class=\"problem\" role=\"alert\">" + escaped(say) + "</p>";
}

}  // namespace kith
