#include "generations.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <iterator>

#include "error.h"

namespace dropreason {
namespace {

constexpr const char* kWritten[] = {"dropreason_generation",    "dropreason_kept",         "dropreason_attributes_even",
                                    "dropreason_attributes_odd", "dropreason_unlisted_even", "dropreason_unlisted_odd",
                                    "dropreason_rescued_even",   "dropreason_rescued_odd"};
constexpr const char* kWrittenWithFlows[] = {"dropreason_drained", "dropreason_flows_even", "dropreason_flows_odd"};

template <size_t Count>
bool has(const char* const (&names)[Count], const std::string& name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

Generations::Generations(bpf_object* maps, const Slices& slices, bool flows, bool take_over)
    : maps_(maps),
      generation_(bpf_map__fd(map("dropreason_generation")), sysconf(_SC_PAGESIZE), Mapping::Access::kWrite),
      kept_(maps, take_over) {
  if (flows) drained_.emplace(bpf_map__fd(map("dropreason_metrics")), bpf_map__fd(map("dropreason_drained")), slices);
  // The last generation may have been taken only partly. Ended generations that were not taken wait for the next end of a generation.
  if (!take_over || generation().taken != generation().current || generation().current == 0) return;
  Flows half;
  take(&half);
}

bpf_map* Generations::map(const char* name) const {
  bpf_map* found = bpf_object__find_map_by_name(maps_, name);
  if (found == nullptr) throw Error(Code::kMap, std::string("the BPF object has no map ") + name, 0);
  return found;
}

bool Generations::writes(const std::string& map) const { return has(kWritten, map) || (drained_ && has(kWrittenWithFlows, map)); }

Flows Generations::drain() {
  Flows flows;
  // An earlier process ended a generation and was killed before it took it.
  if (generation().taken < generation().current) {
    grace_.wait();
    take(&flows);
  }
  generation().current = generation().current + 1;
  grace_.wait();
  take(&flows);
  return flows;
}

void Generations::take(Flows* flows) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t current = generation().current;
  const uint32_t plane = (current - 1) & 1;
  generation().taken = current;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  try {
    if (drained_) drained_->copy(plane);
    kept_.merge(current - 1);
    if (drained_) take_flows(plane, flows);
  } catch (...) {
    // The next end of a generation tries again.
    generation().taken = current - 1;
    throw;
  }
}

void Generations::take_flows(uint32_t plane, Flows* flows) {
  const bpf_map* source = map(plane == 0 ? "dropreason_flows_even" : "dropreason_flows_odd");
  const size_t before = flows->keys.size();
  uint32_t count = bpf_map__max_entries(source);
  flows->keys.resize(before + count);
  flows->counts.resize(before + count);
  uint32_t position = 0;
  const int failed = bpf_map_lookup_and_delete_batch(bpf_map__fd(source), nullptr, &position, flows->keys.data() + before,
                                                     flows->counts.data() + before, &count, nullptr);
  // ENOENT means that the whole map was read.
  if (failed != 0 && failed != -ENOENT) throw Error(Code::kMap, "can't remove the flows from the map", -failed);
  flows->keys.resize(before + count);
  flows->counts.resize(before + count);
  // JavaScript holds them until the next garbage collection.
  flows->keys.shrink_to_fit();
  flows->counts.shrink_to_fit();
}

std::vector<Row> Generations::entries(const std::string& name) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (;;) {
    const uint64_t current = generation().current;
    std::vector<Row> rows = kept_.rows(name, current, !drained_);
    // If another thread has ended a generation meanwhile, the assignment of maps is unknown.
    if (generation().current == current) return rows;
  }
}

std::vector<Row> Generations::remainders() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return kept_.remainders();
}

void Generations::fold(const std::vector<dropreason_key>& keys) {
  const std::lock_guard<std::mutex> lock(mutex_);
  kept_.fold(keys);
}

}  // namespace dropreason
