#include "user.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

#include "error.h"

namespace dropreason {
namespace {

// The longest entry. A group may have thousands of members.
constexpr size_t kMostBytes = size_t{16} << 20;

// Looks up an entry of the user database with getpwnam_r() or a related function. Returns the result of `take`, or nothing if there is none.
template <typename Entry, typename Look, typename Take>
auto look_up(const std::string& what, Look look, Take take) -> std::optional<decltype(take(std::declval<const Entry&>()))> {
  for (std::vector<char> room(4096);; room.resize(2 * room.size())) {
    Entry entry{};
    Entry* found = nullptr;
    const int failed = look(&entry, room.data(), room.size(), &found);
    if (found != nullptr) return take(entry);
    if (failed == ERANGE && room.size() < kMostBytes) continue;
    // getpwnam(3): these also mean that there is no entry.
    if (failed == 0 || failed == ENOENT || failed == ESRCH || failed == EBADF || failed == EPERM) return std::nullopt;
    throw Error(Code::kUser, "can't look up " + what, failed);
  }
}

struct Account {
  uid_t uid;
  gid_t gid;
  std::string name;
};

Account account(const passwd& entry) { return {entry.pw_uid, entry.pw_gid, entry.pw_name}; }

// The highest number means "none" in system calls.
std::optional<uint32_t> number(const std::string& text) {
  if (text.empty() || text.size() > 10 || text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  const unsigned long long value = strtoull(text.c_str(), nullptr, 10);
  if (value >= UINT32_MAX) return std::nullopt;
  return value;
}

std::optional<Account> find_account(const std::string& text) {
  const auto by_name = [&](auto... rest) { return getpwnam_r(text.c_str(), rest...); };
  const auto named = look_up<passwd>(text, by_name, account);
  const auto uid = number(text);
  if (named || !uid) return named;
  return look_up<passwd>(text, [&](auto... rest) { return getpwuid_r(*uid, rest...); }, account);
}

gid_t find_group(const std::string& text) {
  const auto by_name = [&](auto... rest) { return getgrnam_r(text.c_str(), rest...); };
  const auto named = look_up<group>(text, by_name, [](const group& entry) { return entry.gr_gid; });
  if (named) return *named;
  if (const auto gid = number(text)) return *gid;
  throw Error(Code::kUser, "there is no group " + text + ": give the name of an existing one, or a number", 0);
}

std::vector<gid_t> groups_of(const Account& account) {
  int count = 64;
  for (;;) {
    std::vector<gid_t> groups(count);
    const bool fits = getgrouplist(account.name.c_str(), account.gid, groups.data(), &count) >= 0;
    groups.resize(count);
    if (fits) return groups;
  }
}

}  // namespace

User find_user(const std::string& text) {
  const size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const std::optional<Account> account = find_account(name);
  const std::optional<uint32_t> uid = account ? account->uid : number(name);
  if (!uid) throw Error(Code::kUser, "there is no user " + name + ": give the name of an existing one, or uid:gid", 0);
  if (*uid == 0) throw Error(Code::kUser, "root owns most files even without capabilities: use another user", 0);
  if (colon != std::string::npos) return {*uid, find_group(text.substr(colon + 1)), {}};
  if (!account) throw Error(Code::kUser, "uid " + name + " has no entry in /etc/passwd: add its group, as " + name + ":GID", 0);
  return {*uid, account->gid, groups_of(*account)};
}

}  // namespace dropreason
