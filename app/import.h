#pragma once

#include "app/command.h"

namespace kith {

Command import_network_command();

}  // namespace kith
