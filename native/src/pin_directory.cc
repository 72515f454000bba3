#include "pin_directory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>

#include "directory.h"
#include "error.h"
#include "pin.h"

namespace dropreason {
namespace {

// stat() needs GLIBC_2.33.
bool exists(const std::string& path) {
  struct statx ignored;
  return statx(AT_FDCWD, path.c_str(), 0, 0, &ignored) == 0;
}

// Also creates missing parents within a BPF file system, but nothing outside one.
void make_directory(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (exists(path)) return;
  if (slash != std::string::npos && slash > 0) make_directory(path.substr(0, slash));
  struct statfs parent;
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (statfs(directory.c_str(), &parent) != 0) throw Error(Code::kPin, "can't access " + directory, errno);
  if (parent.f_type != BPF_FS_MAGIC) {
    throw Error(Code::kPin, directory + " is not in a BPF file system (mount -t bpf bpf /sys/fs/bpf)", 0);
  }
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw Error(Code::kPin, "can't create the directory " + path, errno);
}

}  // namespace

PinDirectory::PinDirectory(const std::string& path) : path_(path) {
  make_directory(path);
  struct statfs here;
  if (statfs(path.c_str(), &here) != 0) throw Error(Code::kPin, "can't access " + path, errno);
  if (here.f_type != BPF_FS_MAGIC) throw Error(Code::kPin, path + " is not in a BPF file system (mount -t bpf bpf /sys/fs/bpf)", 0);
  lock_ = Fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock_.get() < 0) throw Error(Code::kPin, "can't open " + path, errno);
  if (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) throw Error(Code::kLocked, "another process uses the pins in " + path, errno);
  for (const std::string& name : names()) refuse_foreign(name);
}

// The owner of a foreign pin depends on it, so nothing in such a directory is changed.
void PinDirectory::refuse_foreign(const std::string& name) const {
  if (is_our_pin(path_, name)) return;
  throw Error(Code::kPin,
              path_of(name) + " doesn't belong to dropreason: use a separate directory for the pins, such as /sys/fs/bpf/dropreason", 0);
}

std::vector<std::string> PinDirectory::names() const {
  std::vector<std::string> names;
  if (const int err = list_directory(path_, &names)) throw Error(Code::kPin, "can't list " + path_, err);
  return names;
}

void PinDirectory::clear() const {
  for (const std::string& name : names()) {
    refuse_foreign(name);
    if (unlink(path_of(name).c_str()) != 0) throw Error(Code::kPin, "can't remove " + path_of(name), errno);
  }
}

std::vector<std::string> unpin(const std::string& path) {
  if (!exists(path) && errno == ENOENT) return {};
  const PinDirectory directory(path);
  std::vector<std::string> names = directory.names();
  directory.clear();
  // A mount point can't be removed.
  if (rmdir(path.c_str()) != 0 && errno != EBUSY) throw Error(Code::kPin, "can't remove " + path, errno);
  return names;
}

}  // namespace dropreason
