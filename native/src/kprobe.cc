#include "kprobe.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fstream>

namespace dropreason {
namespace {

constexpr char kDevice[] = "/sys/bus/event_source/devices/kprobe/";

}  // namespace

// Like bpf_program__attach_kprobe() (perf's kprobe device, 4.17), which does not expose the descriptor.
Fd open_kprobe(const std::string& function, bool is_return) {
  perf_event_attr attributes{};
  attributes.size = sizeof(attributes);
  // "config:0": the bit that selects the return.
  std::string format;
  unsigned bit = 0;
  if (!(std::ifstream(kDevice + std::string("type")) >> attributes.type)) {
    errno = ENOENT;
    return Fd();
  }
  if (is_return) {
    if (!(std::ifstream(kDevice + std::string("format/retprobe")) >> format) || sscanf(format.c_str(), "config:%u", &bit) != 1) {
      errno = ENOENT;
      return Fd();
    }
    attributes.config |= uint64_t{1} << bit;
  }
  attributes.kprobe_func = reinterpret_cast<uintptr_t>(function.c_str());
  return Fd(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC));
}

}  // namespace dropreason
