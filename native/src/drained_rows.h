#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "mapping.h"

namespace dropreason {

// How node rows lie in memory: bpf/dropreason.h.
struct Slices {
  uint32_t cpus;
  uint32_t rows;
  uint32_t first_slot;

  size_t plane_bytes() const;
};

// The node rows as of the last end of a generation, in a map of their own.
class DrainedRows {
 public:
  DrainedRows(int metrics_fd, int drained_fd, const Slices& slices);

  // Of the generation's plane and that of its overflow, in which no run counts; and of the loss slots. Can be done again.
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
