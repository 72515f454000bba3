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

// Capabilities belong to the thread (capabilities(7)), and Node has a dozen of them besides the one that calls. So each is
// made to drop its own, in a signal handler, the way in which glibc makes setuid() hold for the whole process (nptl(7)). libpsx
// does that too, but finds the threads by wrapping pthread_create at link time, which comes too late for an addon.
namespace dropreason {
namespace {

// glibc's own signal for this. No other would do: Node's thread that waits for SIGUSR1 blocks all that can be blocked, and
// glibc sees to it that this one can't be.
constexpr int kSignal = 33;
constexpr uint64_t kSignalBit = uint64_t{1} << (kSignal - 1);
// Threads that run on come at once; one that sleeps in the kernel uninterruptibly comes when it wakes.
constexpr std::chrono::seconds kPatience{5};

// As rt_sigaction(2) takes it, on x86_64 and aarch64; glibc's sigaction() refuses its own signals.
struct KernelAction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  uint64_t mask;
};

bool act(const KernelAction* next, KernelAction* previous) {
  return syscall(SYS_rt_sigaction, kSignal, next, previous, sizeof(uint64_t)) == 0;
}

// Whom each thread becomes, if anybody, and the errno where one can't.
std::atomic<const User*> becomes{nullptr};
std::atomic<int> refused{0};

// Whether the calling thread has a capability of the first 32.
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

// By system calls: glibc's functions would have all threads do it, and each has to do it between two steps of its own.
// A thread that is looked at in the middle of it gets the signal once more, when it has nothing left to do it with.
void become(const User& user) {
  if (has_become(user) && !has_effective(CAP_SETGID)) return;
  if (syscall(SYS_setgroups, user.groups.size(), user.groups.data()) != 0 ||
      syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0 || syscall(SYS_setresuid, user.uid, user.uid, user.uid) != 0) {
    refused = errno;
  }
}

// Of the calling thread. Only system calls, since it runs in a signal handler; what fails is seen afterwards.
void drop_own(int) {
  const int saved = errno;
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  // Refused without CAP_SETPCAP; EINVAL says that the kernel has no capability of that number.
  for (int each = 0; prctl(PR_CAPBSET_READ, each, 0, 0, 0) >= 0; each++) prctl(PR_CAPBSET_DROP, each, 0, 0, 0);
  // The bounding set comes before: with the user root the capability to narrow it goes.
  if (const User* user = becomes) become(*user);
  syscall(SYS_capset, &header, sets);
  errno = saved;
}

struct ThreadStatus {
  pid_t id = 0;
  std::string name;
  uint64_t capabilities = 0;  // effective, permitted, inheritable and ambient
  uint64_t bounding = 0;
  bool may_gain = false;
  bool pending = false;  // the signal has been sent and not been taken
  std::vector<uint32_t> uids;  // real, effective, saved and that of the file system
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

// False where the thread has ended.
bool read_status(pid_t id, ThreadStatus& status) {
  const std::string path = "/proc/self/task/" + std::to_string(id) + "/status";
  const std::unique_ptr<FILE, Close> file(fopen(path.c_str(), "re"));
  if (!file) return false;
  status.id = id;
  char* line = nullptr;
  size_t room = 0;
  std::unique_ptr<char, Close> owner;
  // Any length: a thread may be in thousands of groups.
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

// While this stands, the signal runs drop_own in whichever thread it reaches; setuid() must not be called meanwhile.
class Handler {
 public:
  Handler() {
    // glibc's own has been there since the second thread was made. Of it we take over the flags, SA_RESTART among them, so
    // that no system call of a thread fails for us, and the way back out of a handler, which x86_64 wants from us.
    if (!act(nullptr, &before_) || before_.handler == nullptr) {
      throw Error(Code::kCapabilities, "not every thread can be reached: this C library has no handler for signal 33", 0);
    }
    KernelAction ours = before_;
    ours.handler = drop_own;
    ours.flags |= SA_RESTART;
    if (!act(&ours, nullptr)) throw Error(Code::kCapabilities, "can't set a signal handler", errno);
  }
  ~Handler() {
    // One that is still to come would run glibc's, which would look for a setuid() that isn't there.
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
  // A thread that comes too late still looks there.
  static User whom;
  if (user) whom = *user;
  becomes = user ? &whom : nullptr;
  refused = 0;
  Handler handler;
  drop_own(0);
  // A thread made by one that had not dropped yet has what that one had: it ends with a look that finds all of them done.
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
