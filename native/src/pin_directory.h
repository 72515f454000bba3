#pragma once

#include <string>
#include <vector>

#include "fd.h"

namespace dropreason {

// A directory of a BPF file system, and the right to it: one process at a time, until this object or the process ends.
class PinDirectory {
 public:
  // Makes the directory where it isn't there. Throws kPin where it can't be had or holds what isn't ours, kLocked where another
  // process has it.
  explicit PinDirectory(const std::string& path);

  // Path of a pin in it.
  std::string path_of(const std::string& name) const { return path_ + "/" + name; }
  // What is pinned, by name.
  std::vector<std::string> names() const;
  // Removes every pin: what nobody else holds ends. Throws kPin at one that isn't ours, and leaves it.
  void clear() const;

 private:
  void refuse_foreign(const std::string& name) const;

  std::string path_;
  Fd lock_;
};

// Removes all pins and the directory itself; names what was there. Nothing where there is no such directory.
std::vector<std::string> unpin(const std::string& path);

}  // namespace dropreason
