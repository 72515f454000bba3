#include "pin.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "fd.h"

namespace dropreason {
namespace {

bool begins_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

// The kernel stores 15 bytes of a name.
bool is_kernel_name(const char* kept, const std::string& name) { return name.compare(0, BPF_OBJ_NAME_LEN - 1, kept) == 0; }

// No command distinguishes maps, programs and links, but their file names do: "anon_inode:bpf-map", "bpf-prog", "bpf-link".
bool is_kind(int fd, const char* kind) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  char target[PATH_MAX] = {};
  return readlink(path.c_str(), target, sizeof(target) - 1) > 0 && strstr(target, kind) != nullptr;
}

bool is_map(int fd, const std::string& name) {
  bpf_map_info info{};
  uint32_t size = sizeof(info);
  return is_kind(fd, "bpf-map") && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && is_kernel_name(info.name, name);
}

bool is_program(int fd, const std::string& name) {
  bpf_prog_info info{};
  uint32_t size = sizeof(info);
  return is_kind(fd, "bpf-prog") && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && is_kernel_name(info.name, name);
}

// For a link, the kernel returns the program's id. Looking it up requires CAP_SYS_ADMIN; without it, only the kind is checked.
bool is_link(int fd, const std::string& program) {
  bpf_link_info info{};
  uint32_t size = sizeof(info);
  if (!is_kind(fd, "bpf-link") || bpf_obj_get_info_by_fd(fd, &info, &size) != 0) return false;
  const Fd attached(bpf_prog_get_fd_by_id(info.prog_id));
  return attached.get() < 0 ? errno == EPERM : is_program(attached.get(), program);
}

std::string program_of(const std::string& name, const char* prefix) {
  const std::string rest = name.substr(strlen(prefix));
  return rest.substr(0, rest.find(kPinTarget));
}

}  // namespace

bool is_our_pin(const std::string& directory, const std::string& name) {
  const bool map = begins_with(name, kMapPin);
  const bool link = begins_with(name, kLinkPin);
  if (!map && !link && !begins_with(name, kProgramPin)) return false;
  const std::string path = directory + "/" + name;
  struct statx there;  // lstat() needs GLIBC_2.33
  if (statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE, &there) != 0 || !S_ISREG(there.stx_mode)) return false;
  const Fd fd(bpf_obj_get(path.c_str()));
  if (fd.get() < 0) return errno == EPERM || errno == EACCES;
  if (map) return is_map(fd.get(), name);
  return link ? is_link(fd.get(), program_of(name, kLinkPin)) : is_program(fd.get(), program_of(name, kProgramPin));
}

}  // namespace dropreason
