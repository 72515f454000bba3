#include "capabilities.h"

#include <dirent.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "error.h"

// Capabilities belong to a thread (capabilities(7)), and Node has a dozen threads besides the caller. So each thread drops its own in a
// signal handler, as glibc's setuid() does for the whole process (nptl(7)). libpsx does this too, but finds threads by wrapping
// pthread_create at link time, which is too late for an addon.
namespace dropreason {
namespace {

// glibc's own signal for this. Others don't work: Node's thread that waits for SIGUSR1 blocks all signals that can be blocked, and glibc
// makes sure that this one can't be.
constexpr int kSignal = 33;
constexpr uint64_t kSignalBit = uint64_t{1} << (kSignal - 1);
// Running threads react at once. A thread in uninterruptible sleep reacts when it wakes.
constexpr std::chrono::seconds kPatience{5};

// The struct of rt_sigaction(2) on x86_64 and aarch64. glibc's sigaction() rejects its internal signals.
struct KernelAction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  uint64_t mask;
};

bool act(const KernelAction* next, KernelAction* previous) {
  return syscall(SYS_rt_sigaction, kSignal, next, previous, sizeof(uint64_t)) == 0;
}

// The user that each thread changes to, if any, and the errno if a thread can't.
std::atomic<const User*> becomes{nullptr};
std::atomic<int> refused{0};

// Whether the calling thread has the capability, one of the first 32.
bool has_effective(int capability) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  return syscall(SYS_capget, &header, sets) == 0 && (sets[0].effective & (1u << capability)) != 0;
}

bool has_become(const User& user) {
  uid_t uids[3] = {};
  gid_t gids[3] = {};
  return syscall(SYS_getresuid, &uids[0], &uids[1], &uids[2]) == 0 && syscall(SYS_getresgid, &gids[0], &gids[1], &gids[2]) == 0 &&
         std::count(std::begin(uids), std::end(uids), user.uid) == 3 && std::count(std::begin(gids), std::end(gids), user.gid) == 3;
}

// Uses system calls, because glibc's functions would change all threads, and each thread must do it between two of its own steps.
// A thread that is checked in the middle gets the signal again, when it has nothing left to do it with.
void become(const User& user) {
  if (has_become(user) && !has_effective(CAP_SETGID)) return;
  if (syscall(SYS_setgroups, user.groups.size(), user.groups.data()) != 0 ||
      syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0 || syscall(SYS_setresuid, user.uid, user.uid, user.uid) != 0) {
    refused = errno;
  }
}

// Drops the capabilities of the calling thread. Runs in a signal handler, so it uses only system calls. Failures are detected later.
void drop_own(int) {
  const int saved = errno;
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  // Fails without CAP_SETPCAP. EINVAL means that the kernel has no capability with that number.
  for (int each = 0; prctl(PR_CAPBSET_READ, each, 0, 0, 0) >= 0; each++) prctl(PR_CAPBSET_DROP, each, 0, 0, 0);
  // The bounding set comes first: changing from root to another user removes the capability to narrow it.
  if (const User* user = becomes) become(*user);
  syscall(SYS_capset, &header, sets);
  errno = saved;
}

struct ThreadStatus {
  pid_t id = 0;
  std::string name;
  uint64_t capabilities = 0;  // effective, permitted, inheritable or ambient
  uint64_t bounding = 0;
  bool may_gain = false;
  bool pending = false;  // the signal has been sent and not handled yet
  std::vector<uint32_t> uids;  // real, effective, saved and file system
  std::vector<uint32_t> gids;
  std::vector<uint32_t> groups;

  bool done() const { return capabilities == 0 && !may_gain && !pending; }
  bool is(const User& user) const {
    const auto all = [](const std::vector<uint32_t>& ids, uint32_t id) { return std::count(ids.begin(), ids.end(), id) == 4; };
    return all(uids, user.uid) && all(gids, user.gid) &&
           std::is_permutation(groups.begin(), groups.end(), user.groups.begin(), user.groups.end());
  }
};

std::vector<uint32_t> numbers_in(const char* text) {
  std::vector<uint32_t> numbers;
  for (char* end = nullptr;; text = end) {
    const unsigned long number = strtoul(text, &end, 10);
    if (end == text) return numbers;
    numbers.push_back(number);
  }
}

struct Close {
  void operator()(FILE* file) const { fclose(file); }
  void operator()(DIR* directory) const { closedir(directory); }
  void operator()(char* text) const { free(text); }
};

// False if the thread has ended.
bool read_status(pid_t id, ThreadStatus& status) {
  const std::string path = "/proc/self/task/" + std::to_string(id) + "/status";
  const std::unique_ptr<FILE, Close> file(fopen(path.c_str(), "re"));
  if (!file) return false;
  status.id = id;
  char* line = nullptr;
  size_t room = 0;
  std::unique_ptr<char, Close> owner;
  // Lines can be long: a thread may be in thousands of groups.
  while (getline(&line, &room, file.get()) >= 0) {
    owner.release();
    owner.reset(line);
    char* value = strchr(line, ':');
    if (value == nullptr) continue;
    *value++ = 0;
    const std::string_view key = line;
    const uint64_t bits = strtoull(value, nullptr, 16);
    if (key == "Name") status.name.assign(value + 1, strcspn(value + 1, "\n"));
    if (key == "CapEff" || key == "CapPrm" || key == "CapInh" || key == "CapAmb") status.capabilities |= bits;
    if (key == "CapBnd") status.bounding = bits;
    if (key == "NoNewPrivs") status.may_gain = bits == 0;
    if (key == "Uid") status.uids = numbers_in(value);
    if (key == "Gid") status.gids = numbers_in(value);
    if (key == "Groups") status.groups = numbers_in(value);
    if (key == "SigPnd") status.pending = (bits & kSignalBit) != 0;
  }
  return true;
}

std::vector<ThreadStatus> threads() {
  const std::unique_ptr<DIR, Close> directory(opendir("/proc/self/task"));
  if (!directory) throw Error(Code::kCapabilities, "can't list the threads of this process", errno);
  std::vector<ThreadStatus> all;
  while (const dirent* entry = readdir(directory.get())) {
    ThreadStatus status;
    const pid_t id = atoi(entry->d_name);
    if (id > 0 && read_status(id, status)) all.push_back(status);
  }
  return all;
}

// While this exists, the signal runs drop_own in the thread that receives it. setuid() must not be called meanwhile.
class Handler {
 public:
  Handler() {
    // glibc's handler is present since the second thread was created. We keep its flags, including SA_RESTART, so that no system call of
    // a thread fails, and its restorer, which x86_64 requires.
    if (!act(nullptr, &before_) || before_.handler == nullptr) {
      throw Error(Code::kCapabilities, "not every thread can be reached: this C library has no handler for signal 33", 0);
    }
    KernelAction ours = before_;
    ours.handler = drop_own;
    ours.flags |= SA_RESTART;
    if (!act(&ours, nullptr)) throw Error(Code::kCapabilities, "can't set a signal handler", errno);
  }
  ~Handler() {
    // A signal that is still pending would run glibc's handler, which would look for a setuid() that isn't there.
    if (restore) act(&before_, nullptr);
  }
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;

  bool restore = false;

 private:
  KernelAction before_{};
};

}  // namespace

void drop_capabilities(const std::optional<User>& user) {
  const bool bounding = has_effective(CAP_SETPCAP);
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  // Static, because a late thread still reads it.
  static User whom;
  if (user) whom = *user;
  becomes = user ? &whom : nullptr;
  refused = 0;
  Handler handler;
  drop_own(0);
  // A new thread inherits the capabilities of its creator, which may not have dropped them yet. So it repeats until all threads are done.
  for (;;) {
    if (refused != 0) throw Error(Code::kCapabilities, "can't become uid " + std::to_string(whom.uid), refused);
    std::string left;
    for (const ThreadStatus& thread : threads()) {
      if (thread.done() && (!bounding || thread.bounding == 0) && (!user || thread.is(*user))) continue;
      left += (left.empty() ? "" : ", ") + thread.name + " (" + std::to_string(thread.id) + ")";
      if (!thread.pending) syscall(SYS_tgkill, getpid(), thread.id, kSignal);
    }
    handler.restore = left.empty();
    if (left.empty()) return;
    if (std::chrono::steady_clock::now() > give_up) {
      throw Error(Code::kCapabilities, "these threads have capabilities left: " + left, 0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace dropreason
