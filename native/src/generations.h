#pragma once

#include <bpf/libbpf.h>

#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "../../bpf/dropreason.h"
#include "grace_period.h"
#include "mapping.h"

namespace dropreason {

struct Row {
  dropreason_key key;
  dropreason_entry entry;
};

// Flows that were taken out: keys and counts at the same index.
struct Flows {
  std::vector<dropreason_flow> keys;
  std::vector<dropreason_count> counts;
};

/*
 * Ends generations and takes them out of the kernel (bpf/lib/flow.bpf.h), and has all rows as of the last time, in maps of their
 * own: a process that takes over pinned maps so knows what its predecessor has taken.
 *
 * To take a generation: `taken` is counted up first, and from then on it is this process's. The copying can be done again, for
 * nothing counts in that plane until the next flip; flows that a process which was killed had yet to take are its loss, and
 * thrown away. So at every point the rows less their copies are the flows that are still there and the overflow.
 */
class Generations {
 public:
  // `maps` are loaded, sized and outlive this; `take_over` where an earlier process used them.
  Generations(bpf_object* maps, uint32_t cpus, uint32_t rows, uint32_t first_slot, bool take_over);

  // Ends the current generation; everything that was counted since the last drain. From any thread, one at a time.
  Flows drain();
  // Rows of dropreason_attributes, _unlisted or _rescued, as of the last drain.
  std::vector<Row> entries(const std::string& map) const;
  // dropreason_metrics as of the last drain.
  const std::shared_ptr<Mapping>& counters() const { return drained_; }

 private:
  struct Less {
    bool operator()(const dropreason_key& a, const dropreason_key& b) const { return memcmp(&a, &b, sizeof(a)) < 0; }
  };

  bpf_map* map(const char* name) const;
  volatile dropreason_generation& generation() const { return *static_cast<dropreason_generation*>(generation_.data()); }
  // Takes what was counted in the generation before the current one, in which no run counts any more.
  void take(Flows* flows);
  void copy_rows(uint32_t plane);
  void copy_slots();
  void copy_entries(uint32_t plane);
  void take_flows(uint32_t plane, Flows* flows);

  bpf_object* maps_;
  uint32_t cpus_;
  uint32_t rows_;
  uint32_t first_slot_;
  size_t plane_bytes_;
  Mapping generation_;
  Mapping metrics_;
  Mapping writable_;
  std::shared_ptr<Mapping> drained_;
  GracePeriod grace_;
  mutable std::mutex mutex_;
  // By key, whose pad is the map's number.
  std::map<dropreason_key, dropreason_entry, Less> entries_;
};

}  // namespace dropreason
