#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace dropreason {

// The user and groups of a process.
struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};

// Parses `user` or `user:group`, each a name or a number. Without a group, the user's own groups are used.
// Throws Error(kUser) if there is no such user or group, and for root.
User find_user(const std::string& text);

}  // namespace dropreason
