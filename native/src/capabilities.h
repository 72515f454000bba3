#pragma once

#include <optional>

#include "user.h"

namespace dropreason {

// Permanently drops every capability of every thread of this process, and sets no_new_privs. If `user` is given, changes each thread to it
// first. Throws Error(kCapabilities) if that fails, or with the threads that have capabilities left. May be called again, by one thread
// at a time.
void drop_capabilities(const std::optional<User>& user = std::nullopt);

}  // namespace dropreason
