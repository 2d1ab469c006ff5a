#pragma once

#include "gateway/http/router.h"
#include "gateway/hydrate/hydrate.h"
#include "services/notifications/notifications.kith.h"

namespace kith::notifications {

// What is held back, from whom, and letting them in.
void policy_api(Router& router, NotificationsService& notifications, Hydrator& hydrator);

}  // namespace kith::notifications
