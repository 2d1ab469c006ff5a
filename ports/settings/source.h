#pragma once

// Where settings lie that many processes share and that change while these serve: names and texts, always handed out
// whole. Its calls block, so they are for a thread of their own.

#include <optional>
#include <string>
#include <vector>

namespace kith {

class SettingsSource {
 public:
  struct Value {
    std::string name;
    std::string text;
    std::string where;  // for a sentence that says what is wrong with it

    friend bool operator==(Value const&, Value const&) = default;
  };
  using Values = std::vector<Value>;

  virtual ~SettingsSource() = default;

  // All of them as they are now, by name. Throws Error with one sentence that names the setting to change.
  virtual Values read() = 0;
  // Waits until they differ from what was handed out last; after a failure, and at first, hands out at once what is
  // there. Nothing: stopped. Throws as read does.
  virtual std::optional<Values> changed() = 0;
  // Ends what is under way, and all that comes. Any thread.
  virtual void stop() = 0;
};

}  // namespace kith
