#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dropreason {

struct KernelReason {
  std::string name;
  uint32_t value;
};

struct KernelFacts {
  std::vector<KernelReason> reasons;
  bool guarded;
  bool casts;
};

// Reads the running kernel's BTF. Throws Error(kBtf) if there is none.
KernelFacts read_kernel_facts();

}  // namespace dropreason
