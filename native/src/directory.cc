#include "directory.h"

#include <dirent.h>

#include <cerrno>
#include <memory>

namespace dropreason {

int list_directory(const std::string& path, std::vector<std::string>* names) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
  if (directory == nullptr) return errno;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(directory.get());
    if (entry == nullptr) return errno;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names->push_back(name);
  }
}

}  // namespace dropreason
