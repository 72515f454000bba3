#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "mapping.h"

namespace dropreason {

// The memory layout of node rows; see bpf/dropreason.h.
struct Slices {
  uint32_t cpus;
  uint32_t rows;
  uint32_t first_slot;

  size_t plane_bytes() const;
};

// The node rows as of the end of the last generation, in a separate map.
class DrainedRows {
 public:
  DrainedRows(int metrics_fd, int drained_fd, const Slices& slices);

  // Copies the generation's plane and that of its overflow, in which no run counts, and the loss slots. Idempotent.
  void copy(uint32_t plane);
  const std::shared_ptr<Mapping>& counters() const { return drained_; }

 private:
  void copy_rows(uint32_t plane);
  void copy_slots();

  Slices slices_;
  Mapping metrics_;
  Mapping writable_;
  std::shared_ptr<Mapping> drained_;
};

}  // namespace dropreason
