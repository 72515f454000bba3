#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace dropreason {

// Whose rights a process has.
struct User {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};

// From `user` or `user:group`, each a name or a number. Without a group it is the user's own, with all others that the user is in.
// Throws Error(kUser) for one that isn't there, and for root.
User find_user(const std::string& text);

}  // namespace dropreason
