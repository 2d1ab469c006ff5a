#pragma once

#include "gateway/http/router.h"
#include "gateway/hydrate/hydrate.h"
#include "services/notifications/notifications.kith.h"
#include "services/users/users.kith.h"

namespace kith::notifications {

// Notifications one by one (v1) and grouped (v2).
void notifications_api(Router& router, NotificationsService& notifications, users::UsersService& users,
                       Hydrator& hydrator);

}  // namespace kith::notifications
