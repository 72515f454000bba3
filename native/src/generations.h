#pragma once

#include <bpf/libbpf.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "../../bpf/dropreason.h"
#include "drained_rows.h"
#include "grace_period.h"
#include "kept_rows.h"
#include "mapping.h"

namespace dropreason {

// Flows removed from the kernel: keys and counts at the same index.
struct Flows {
  std::vector<dropreason_flow> keys;
  std::vector<dropreason_count> counts;
};

/*
 * Ends generations and moves their counts out of the kernel: rows that are not array elements and, with flows, everything
 * (bpf/lib/flow.bpf.h). A process that takes over pinned maps knows what its predecessor has taken.
 *
 * To take a generation, `taken` is incremented first; from then on it belongs to this process. The following steps are idempotent,
 * because nothing counts in that plane and those maps until the next flip. If a process is killed while taking flows, the remaining ones
 * are discarded. So at every point the rows less their copies equal the flows that are still there plus the overflow.
 */
class Generations {
 public:
  // `maps` are loaded and sized, and outlive this. `take_over`: an earlier process used them. `slices`: of the node rows.
  Generations(bpf_object* maps, const Slices& slices, bool flows, bool take_over);

  // Ends the current generation and takes it; returns its flows, if counted. From any thread, one at a time.
  Flows drain();
  // Rows of dropreason_attributes, _unlisted or _rescued: current, or with flows as of the last end of a generation.
  std::vector<Row> entries(const std::string& map) const;
  // The counts of ended rows.
  std::vector<Row> remainders() const;
  // Ends rows of `entries`. Not during `drain`.
  void fold(const std::vector<dropreason_key>& keys);
  // Whether user space writes to a map.
  bool writes(const std::string& map) const;
  // With flows: dropreason_metrics as of the last end of a generation.
  const std::shared_ptr<Mapping>& counters() const { return drained_->counters(); }

 private:
  bpf_map* map(const char* name) const;
  volatile dropreason_generation& generation() const { return *static_cast<dropreason_generation*>(generation_.data()); }
  // Takes the counts of the generation before the current one, in which no run counts any more.
  void take(Flows* flows);
  void take_flows(uint32_t plane, Flows* flows);

  bpf_object* maps_;
  Mapping generation_;
  // Set if flows are counted.
  std::optional<DrainedRows> drained_;
  GracePeriod grace_;
  // Protects the rows. Not held while waiting for the kernel.
  mutable std::mutex mutex_;
  KeptRows kept_;
};

}  // namespace dropreason
