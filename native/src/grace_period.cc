#include "grace_period.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <cstdint>

#include "error.h"

namespace dropreason {

GracePeriod::GracePeriod() : inner_(bpf_map_create(BPF_MAP_TYPE_ARRAY, "dropreason_one", sizeof(uint32_t), sizeof(uint32_t), 1, nullptr)) {
  // The map is never written.
  if (inner_.get() < 0 || bpf_map_freeze(inner_.get()) != 0) throw Error(Code::kMap, "can't create a map for waiting", errno);
  bpf_map_create_opts options{};
  options.sz = sizeof(options);
  options.inner_map_fd = inner_.get();
  outer_ = Fd(bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "dropreason_of", sizeof(uint32_t), sizeof(uint32_t), 1, &options));
  if (outer_.get() < 0) throw Error(Code::kMap, "can't create a map for waiting", errno);
}

// An update of a map of maps returns when no program can use the old inner map any more (maybe_wait_bpf_programs(), 4.20).
void GracePeriod::wait() const {
  const uint32_t zero = 0;
  const int inner = inner_.get();
  if (bpf_map_update_elem(outer_.get(), &zero, &inner, BPF_ANY) != 0) throw Error(Code::kMap, "can't wait for running programs", errno);
}

}  // namespace dropreason
