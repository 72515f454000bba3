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

// Flows that were taken out: keys and counts at the same index.
struct Flows {
  std::vector<dropreason_flow> keys;
  std::vector<dropreason_count> counts;
};

/*
 * Ends generations and takes them out of the kernel: the rows that are no array index, and where flows are counted
 * (bpf/lib/flow.bpf.h) everything. A process that takes over pinned maps knows what its predecessor has taken.
 *
 * To take a generation: `taken` is counted up first, and from then on it is this process's. What comes then can be done again, for
 * nothing counts in that plane and those maps until the next flip; flows that a process which was killed had yet to take are its
 * loss, and thrown away. So at every point the rows less their copies are the flows that are still there and the overflow.
 */
class Generations {
 public:
  // `maps` are loaded, sized and outlive this; `take_over` where an earlier process used them. `slices`: of the node rows.
  Generations(bpf_object* maps, const Slices& slices, bool flows, bool take_over);

  // Ends the current generation and takes it; its flows, where they are counted. From any thread, one at a time.
  Flows drain();
  // Rows of dropreason_attributes, _unlisted or _rescued: as of now; where flows are counted, as of the last end of a generation.
  std::vector<Row> entries(const std::string& map) const;
  // What rows had counted that have ended.
  std::vector<Row> remainders() const;
  // Ends rows of `entries`. Not while `drain` is under way.
  void fold(const std::vector<dropreason_key>& keys);
  // Whether a map is written to from user space.
  bool writes(const std::string& map) const;
  // dropreason_metrics as of the last end of a generation, where flows are counted.
  const std::shared_ptr<Mapping>& counters() const { return drained_->counters(); }

 private:
  bpf_map* map(const char* name) const;
  volatile dropreason_generation& generation() const { return *static_cast<dropreason_generation*>(generation_.data()); }
  // Takes what was counted in the generation before the current one, in which no run counts any more.
  void take(Flows* flows);
  void take_flows(uint32_t plane, Flows* flows);

  bpf_object* maps_;
  Mapping generation_;
  // Where flows are counted.
  std::optional<DrainedRows> drained_;
  GracePeriod grace_;
  // Of the rows: the kernel is waited for without it.
  mutable std::mutex mutex_;
  KeptRows kept_;
};

}  // namespace dropreason
