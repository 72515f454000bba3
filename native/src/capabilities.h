#pragma once

#include <optional>

#include "user.h"

namespace dropreason {

// Gives up every capability of every thread of this process for good, and sets no_new_privs; before that, has each become `user`. Throws
// Error(kCapabilities) where it can't become that user, or with the threads that have some left. May be called again, by one
// thread at a time.
void drop_capabilities(const std::optional<User>& user = std::nullopt);

}  // namespace dropreason
