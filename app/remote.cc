#include "app/remote.h"

namespace kith {

RemoteServices::RemoteServices(Channel& channel)
    : users_(channel),
      graph_(channel),
      posts_(channel),
      reactions_(channel),
      pages_(channel),
      timeline_(channel),
      notifications_(channel),
      search_(channel),
      auth_(channel) {}

Services RemoteServices::services() {
  return {users_, graph_, posts_, reactions_, pages_, timeline_, notifications_, search_, auth_};
}

}  // namespace kith
