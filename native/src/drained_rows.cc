#include "drained_rows.h"

#include <cstring>

#include "../../bpf/dropreason.h"

namespace dropreason {
namespace {

dropreason_count* row_at(const Mapping& mapping, size_t index) { return static_cast<dropreason_count*>(mapping.data()) + index; }

}  // namespace

size_t Slices::plane_bytes() const { return size_t{cpus} * rows * sizeof(dropreason_count); }

DrainedRows::DrainedRows(int metrics_fd, int drained_fd, const Slices& slices)
    : slices_(slices),
      metrics_(metrics_fd, DROPREASON_PLANES * slices.plane_bytes(), Mapping::Access::kRead),
      writable_(drained_fd, DROPREASON_PLANES * slices.plane_bytes(), Mapping::Access::kWrite),
      drained_(std::make_shared<Mapping>(drained_fd, DROPREASON_PLANES * slices.plane_bytes(), Mapping::Access::kRead)) {}

void DrainedRows::copy(uint32_t plane) {
  copy_rows(plane);
  copy_rows(plane | DROPREASON_OVERFLOW);
  copy_slots();
}

void DrainedRows::copy_rows(uint32_t plane) {
  const size_t bytes = slices_.plane_bytes();
  memcpy(static_cast<char*>(writable_.data()) + plane * bytes, static_cast<const char*>(metrics_.data()) + plane * bytes, bytes);
}

// Loss slots are counted in plane 0 in every generation, and increase all the time.
void DrainedRows::copy_slots() {
  for (uint32_t cpu = 0; cpu < slices_.cpus; cpu++) {
    for (uint32_t slot = 0; slot < DROPREASON_SLOTS; slot++) {
      const size_t index = size_t{cpu} * slices_.rows + slices_.first_slot + slot;
      row_at(writable_, index)->packets = *const_cast<const volatile __u64*>(&row_at(metrics_, index)->packets);
    }
  }
}

}  // namespace dropreason
