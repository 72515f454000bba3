#pragma once

#include <string>
#include <vector>

#include "fd.h"

namespace dropreason {

// A directory in a BPF file system, locked for one process until this object or the process ends.
class PinDirectory {
 public:
  // Creates the directory if missing. Throws kPin if that fails or it contains foreign pins, kLocked if another process has
  // locked it.
  explicit PinDirectory(const std::string& path);

  // Path of a pin in it.
  std::string path_of(const std::string& name) const { return path_ + "/" + name; }
  // The names of all pins.
  std::vector<std::string> names() const;
  // Removes every pin. Objects without other references end. Throws kPin at a foreign pin, and leaves it.
  void clear() const;

 private:
  void refuse_foreign(const std::string& name) const;

  std::string path_;
  Fd lock_;
};

// Removes all pins and the directory; returns their names. Does nothing if there is no such directory.
std::vector<std::string> unpin(const std::string& path);

}  // namespace dropreason
