#include "resident.h"

#include <malloc.h>
#include <sys/mman.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>

namespace dropreason {
namespace {

// One entry of /proc/self/smaps.
struct Area {
  uintptr_t from = 0;
  uintptr_t to = 0;
  // Of a file, mapped private, and not to be written to.
  bool is_of_file = false;
  // No page of it was changed, be it since it was made read-only (RELRO), by a debugger, or by a relocation.
  bool is_as_in_file = true;
};

Area parse(const std::string& line) {
  Area area;
  char permissions[5] = "";
  uint64_t inode = 0;
  sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %4s %*x %*s %" SCNu64, &area.from, &area.to, permissions, &inode);
  area.is_of_file = inode != 0 && permissions[0] == 'r' && permissions[1] == '-' && permissions[3] == 'p';
  return area;
}

void release(const Area& area) {
  if (!area.is_of_file || !area.is_as_in_file) return;
  madvise(reinterpret_cast<void*>(area.from), area.to - area.from, MADV_DONTNEED);
}

// Whether the field of a line like `Anonymous:            12 kB` is not 0.
bool says_some(const std::string& line, const std::string& field) {
  return line.compare(0, field.size(), field) == 0 && std::stoull(line.substr(field.size())) > 0;
}

}  // namespace

void release_resident() {
  std::ifstream areas("/proc/self/smaps");
  Area area;
  for (std::string line; std::getline(areas, line);) {
    const bool begins = line.find('-') < line.find(' ');
    if (begins) {
      release(area);
      area = parse(line);
    } else if (says_some(line, "Anonymous:") || says_some(line, "Swap:")) {
      area.is_as_in_file = false;
    }
  }
  release(area);
  malloc_trim(0);
}

}  // namespace dropreason
