#include "generations.h"

#include <bpf/bpf.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "batch.h"
#include "error.h"

namespace dropreason {
namespace {

// Their places are their numbers in the keys of dropreason_drained_entries.
constexpr const char* kEntryMaps[] = {"dropreason_attributes", "dropreason_unlisted", "dropreason_rescued"};

dropreason_count* row_at(const Mapping& mapping, size_t index) { return static_cast<dropreason_count*>(mapping.data()) + index; }

}  // namespace

Generations::Generations(bpf_object* maps, uint32_t cpus, uint32_t rows, uint32_t first_slot, bool take_over)
    : maps_(maps),
      cpus_(cpus),
      rows_(rows),
      first_slot_(first_slot),
      plane_bytes_(size_t{cpus} * rows * sizeof(dropreason_count)),
      generation_(bpf_map__fd(map("dropreason_generation")), sysconf(_SC_PAGESIZE), Mapping::Access::kWrite),
      metrics_(bpf_map__fd(map("dropreason_metrics")), DROPREASON_PLANES * plane_bytes_, Mapping::Access::kRead),
      writable_(bpf_map__fd(map("dropreason_drained")), DROPREASON_PLANES * plane_bytes_, Mapping::Access::kWrite),
      drained_(std::make_shared<Mapping>(bpf_map__fd(map("dropreason_drained")), DROPREASON_PLANES * plane_bytes_, Mapping::Access::kRead)) {
  if (!take_over) return;
  const auto [keys, values] = read_all<dropreason_key, dropreason_entry>(map("dropreason_drained_entries"));
  for (size_t i = 0; i < keys.size(); i++) entries_[keys[i]] = values[i];
  // What was taken last may have been taken half; what is ended and not taken is for the first drain.
  if (generation().taken != generation().current || generation().current == 0) return;
  Flows half;
  take(&half);
}

bpf_map* Generations::map(const char* name) const {
  bpf_map* found = bpf_object__find_map_by_name(maps_, name);
  if (found == nullptr) throw Error(Code::kMap, std::string("the BPF object has no map ") + name, 0);
  return found;
}

Flows Generations::drain() {
  const std::lock_guard<std::mutex> lock(mutex_);
  Flows flows;
  // A process that ended a generation and was killed before it could take it.
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
  const uint64_t current = generation().current;
  const uint32_t plane = (current - 1) & 1;
  generation().taken = current;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  try {
    copy_rows(plane);
    copy_rows(plane | DROPREASON_OVERFLOW);
    copy_slots();
    copy_entries(plane);
    take_flows(plane, flows);
  } catch (...) {
    // The next drain tries again.
    generation().taken = current - 1;
    throw;
  }
}

void Generations::copy_rows(uint32_t plane) {
  memcpy(static_cast<char*>(writable_.data()) + plane * plane_bytes_, static_cast<const char*>(metrics_.data()) + plane * plane_bytes_,
         plane_bytes_);
}

// They are counted in plane 0 whatever the generation, and rise all the time.
void Generations::copy_slots() {
  for (uint32_t cpu = 0; cpu < cpus_; cpu++) {
    for (uint32_t slot = 0; slot < DROPREASON_SLOTS; slot++) {
      const size_t index = size_t{cpu} * rows_ + first_slot_ + slot;
      row_at(writable_, index)->packets = *const_cast<const volatile __u64*>(&row_at(metrics_, index)->packets);
    }
  }
}

void Generations::copy_entries(uint32_t plane) {
  const bpf_map* copy = map("dropreason_drained_entries");
  for (uint8_t number = 0; number < std::size(kEntryMaps); number++) {
    const auto [keys, values] = read_all<dropreason_key, dropreason_entry>(map(kEntryMaps[number]));
    for (size_t i = 0; i < keys.size(); i++) {
      dropreason_key key = keys[i];
      key.pad = number;
      dropreason_entry& known = entries_[key];
      dropreason_entry now = known;
      now.planes[plane] = values[i].planes[plane];
      now.planes[plane | DROPREASON_OVERFLOW] = values[i].planes[plane | DROPREASON_OVERFLOW];
      // How many were rescued is no row of any generation.
      if (key.reason == DROPREASON_RESCUED) now = values[i];
      if (memcmp(&now, &known, sizeof(now)) == 0) continue;
      known = now;
      if (bpf_map_update_elem(bpf_map__fd(copy), &key, &now, BPF_ANY) != 0) throw Error(Code::kMap, "can't keep what was taken", errno);
    }
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
  // ENOENT says that the whole map was read.
  if (failed != 0 && failed != -ENOENT) throw Error(Code::kMap, "can't take the flows out", -failed);
  flows->keys.resize(before + count);
  flows->counts.resize(before + count);
  // JavaScript keeps them until it next collects garbage.
  flows->keys.shrink_to_fit();
  flows->counts.shrink_to_fit();
}

std::vector<Row> Generations::entries(const std::string& name) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Row> rows;
  for (const auto& [key, entry] : entries_) {
    if (name != kEntryMaps[key.pad]) continue;
    rows.push_back({key, entry});
    rows.back().key.pad = 0;
  }
  return rows;
}

}  // namespace dropreason
