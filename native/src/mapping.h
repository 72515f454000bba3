#pragma once

#include <cstddef>

namespace dropreason {

// Memory of a map that the kernel and this process share. Unmapped when the last owner is destroyed.
class Mapping {
 public:
  enum class Access { kRead, kWrite };

  Mapping(int map_fd, size_t bytes, Access access);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  void* data_;
  size_t bytes_;
};

}  // namespace dropreason
