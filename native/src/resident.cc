#include "resident.h"

#include <limits.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace dropreason {
namespace {

// One entry of /proc/self/smaps.
struct Area {
  uintptr_t from = 0;
  uintptr_t to = 0;
  // Of the executable, mapped private, and not to be written to.
  bool is_of_executable = false;
  // No page of it was changed, be it since it was made read-only (RELRO), by a debugger, or by a relocation.
  bool is_as_in_file = true;
};

// The path as smaps has it, also of a file that was replaced; empty if it can't be read.
std::string executable() {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  return length < 0 ? "" : std::string(path, length);
}

Area parse(const std::string& line, const std::string& executable) {
  Area area;
  char permissions[5] = "";
  int path = 0;
  sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %*s %n", &area.from, &area.to, permissions, &path);
  const bool is_read_only = permissions[0] == 'r' && permissions[1] == '-' && permissions[3] == 'p';
  area.is_of_executable = is_read_only && !executable.empty() && line.substr(path) == executable;
  return area;
}

void release(const Area& area) {
  if (!area.is_of_executable || !area.is_as_in_file) return;
  madvise(reinterpret_cast<void*>(area.from), area.to - area.from, MADV_DONTNEED);
}

// Whether the field of a line like `Anonymous:            12 kB` is not 0.
bool says_some(const std::string& line, const std::string& field) {
  return line.compare(0, field.size(), field) == 0 && strtoull(line.c_str() + field.size(), nullptr, 10) > 0;
}

}  // namespace

void release_resident() {
  const std::string path = executable();
  std::ifstream areas("/proc/self/smaps");
  Area area;
  for (std::string line; std::getline(areas, line);) {
    const bool begins = line.find('-') < line.find(' ');
    if (begins) {
      release(area);
      area = parse(line, path);
    } else if (says_some(line, "Anonymous:") || says_some(line, "Swap:")) {
      area.is_as_in_file = false;
    }
  }
  release(area);
  malloc_trim(0);
}

}  // namespace dropreason
