#include "mapping.h"

#include <sys/mman.h>

#include <cerrno>

#include "error.h"

namespace dropreason {

Mapping::Mapping(int map_fd, size_t bytes, Access access) : bytes_(bytes) {
  data_ = mmap(nullptr, bytes, access == Access::kWrite ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, map_fd, 0);
  if (data_ == MAP_FAILED) throw Error(Code::kMap, "can't map the counters", errno);
}

Mapping::~Mapping() { munmap(data_, bytes_); }

}  // namespace dropreason
