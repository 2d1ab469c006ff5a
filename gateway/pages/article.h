#pragma once

// Posts as HTML, for pages that anybody may read: what pages gave for nobody signed in, with the
// words and people it names.

#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "gateway/hydrate/hydrate.h"

namespace kith {

struct Articles {
  struct One {
    PostId post = {};
    views::Account author = {};
    std::string html = {};  // the whole article, with what it shares or quotes
    std::string text = {};  // for a preview: the warning where there is one, else the words
    Time written_at = no_time;
  };
  std::vector<One> posts;

  std::string html() const;
};

class ArticleWriter {
 public:
  struct Needs {
    posts::PostsService& posts;
    users::UsersService& users;
    pages::PagesService& pages;
    Hydrator& hydrator;
  };
  explicit ArticleWriter(Needs needs) : needs_(needs) {}

  Task<Articles> write(Call call, pages::Page page) const;
  // What posts judged for nobody signed in, in this request.
  Task<Articles> write_seen(Call call, std::vector<posts::SeenPost> posts) const;

 private:
  Needs needs_;
};

// A name as it may stand in one line, else the handle.
std::string name_of(views::Account const& account);
// "@ada", linked to her page.
std::string link_to(views::Account const& account);

}  // namespace kith
