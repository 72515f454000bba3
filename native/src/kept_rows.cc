#include "kept_rows.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <set>

#include "batch.h"
#include "error.h"

namespace dropreason {
namespace {

// The index of a map is its number in the keys of the kept rows.
constexpr const char* kMaps[] = {"dropreason_attributes", "dropreason_unlisted", "dropreason_rescued"};
constexpr uint8_t kRemainder = 0xff;
// Marks the one element with the number of the last fold that has begun.
constexpr uint8_t kBegun = 0xfe;

const char* parity_of(uint64_t generation) { return generation % 2 == 0 ? "_even" : "_odd"; }

void add(dropreason_entry* sum, const dropreason_entry& more) {
  sum->all.packets += more.all.packets;
  sum->all.bytes += more.all.bytes;
  sum->overflow.packets += more.overflow.packets;
  sum->overflow.bytes += more.overflow.bytes;
  if (sum->since == 0 || more.since < sum->since) sum->since = more.since;
}

bool is_row(const dropreason_key& key) { return key.map < std::size(kMaps); }

dropreason_key begun_key() {
  dropreason_key key;
  memset(&key, 0, sizeof(key));
  key.map = kBegun;
  return key;
}

// The key of a row's remainder: without the fields that come and go.
dropreason_key remainder_of(dropreason_key key) {
  key.cookie = 0;
  key.netns = 0;
  key.protocol = 0;
  memset(key.interface, 0, sizeof(key.interface));
  key.map = kRemainder;
  return key;
}

}  // namespace

KeptRows::KeptRows(bpf_object* maps, bool take_over) : maps_(maps) {
  if (!take_over) return;
  const auto [keys, values] = read_all<dropreason_key, dropreason_kept>(map("dropreason_kept"));
  for (size_t i = 0; i < keys.size(); i++) {
    kept_[keys[i]] = values[i];
    last_fold_ = std::max<uint64_t>(last_fold_, is_row(keys[i]) ? values[i].folding : values[i].merged);
  }
  settle_folds();
}

bpf_map* KeptRows::map(const std::string& name) const {
  bpf_map* found = bpf_object__find_map_by_name(maps_, name.c_str());
  if (found == nullptr) throw Error(Code::kMap, "the BPF object has no map " + name, 0);
  return found;
}

void KeptRows::put(const dropreason_key& key, const dropreason_kept& value) {
  const int failed = bpf_map_update_elem(bpf_map__fd(map("dropreason_kept")), &key, &value, BPF_ANY);
  if (failed != 0) throw Error(Code::kMap, "can't store the counts", -failed);
  kept_[key] = value;
}

void KeptRows::remove(const dropreason_key& key) {
  const int failed = bpf_map_delete_elem(bpf_map__fd(map("dropreason_kept")), &key);
  if (failed != 0 && failed != -ENOENT) throw Error(Code::kMap, "can't remove ended rows", -failed);
  kept_.erase(key);
}

void KeptRows::merge(uint64_t generation) {
  for (uint8_t number = 0; number < std::size(kMaps); number++) {
    const bpf_map* ended = map(std::string(kMaps[number]) + parity_of(generation));
    auto [keys, entries] = read_all<dropreason_key, dropreason_entry>(ended);
    for (size_t i = 0; i < keys.size(); i++) {
      dropreason_key key = keys[i];
      key.map = number;
      const auto known = kept_.find(key);
      dropreason_kept now = known == kept_.end() ? dropreason_kept{} : known->second;
      // Already added, by an earlier process or attempt that was interrupted.
      if (now.merged == generation + 1) continue;
      add(&now.entry, entries[i]);
      now.merged = generation + 1;
      put(key, now);
    }
    for (const dropreason_key& key : keys) {
      const int failed = bpf_map_delete_elem(bpf_map__fd(ended), &key);
      if (failed != 0 && failed != -ENOENT) throw Error(Code::kMap, "can't remove merged rows", -failed);
    }
  }
}

std::vector<Row> KeptRows::rows(const std::string& name, uint64_t current, bool live) const {
  Kept sums;
  std::set<dropreason_key, Less> alive;
  for (const auto& [key, kept] : kept_) {
    if (is_row(key) && name == kMaps[key.map]) sums[key] = kept;
  }
  const uint8_t number = std::find(std::begin(kMaps), std::end(kMaps), name) - std::begin(kMaps);
  for (const uint64_t generation : {current, current - 1}) {
    // The number of rescued drops belongs to no generation. It is always current, because skipped runs are read before it.
    if (!live && name != kMaps[2]) break;
    const auto [keys, entries] = read_all<dropreason_key, dropreason_entry>(map(name + parity_of(generation)));
    for (size_t i = 0; i < keys.size(); i++) {
      if (!live && keys[i].reason != DROPREASON_RESCUED) continue;
      dropreason_key key = keys[i];
      key.map = number;
      alive.insert(key);
      dropreason_kept& sum = sums[key];
      // A failed merge has added it and not removed it yet. 0: never merged (for generation 0 the previous one is -1).
      if (sum.merged == 0 || sum.merged != generation + 1) add(&sum.entry, entries[i]);
    }
  }
  std::vector<Row> rows;
  rows.reserve(sums.size());
  for (const auto& [key, kept] : sums) rows.push_back({key, kept.entry, alive.count(key) != 0});
  return rows;
}

std::vector<Row> KeptRows::remainders() const {
  std::vector<Row> rows;
  for (const auto& [key, kept] : kept_) {
    if (key.map == kRemainder) rows.push_back({key, kept.entry});
  }
  return rows;
}

void KeptRows::fold(const std::vector<dropreason_key>& keys) {
  settle_folds();
  std::vector<dropreason_key> known;
  const uint64_t number = ++last_fold_;
  for (const dropreason_key& key : keys) {
    const auto found = kept_.find(key);
    if (found == kept_.end() || !is_row(key)) continue;
    dropreason_kept marked = found->second;
    marked.folding = number;
    put(key, marked);
    known.push_back(key);
  }
  dropreason_kept begun{};
  begun.merged = number;
  put(begun_key(), begun);
  finish_fold(known, number);
}

void KeptRows::settle_folds() {
  const auto found = kept_.find(begun_key());
  const uint64_t begun = found == kept_.end() ? 0 : found->second.merged;
  std::vector<dropreason_key> ending, marked;
  for (const auto& [key, kept] : kept_) {
    if (!is_row(key) || kept.folding == 0) continue;
    (kept.folding == begun ? ending : marked).push_back(key);
  }
  for (const dropreason_key& key : marked) {
    dropreason_kept unmarked = kept_.at(key);
    unmarked.folding = 0;
    put(key, unmarked);
  }
  if (!ending.empty()) finish_fold(ending, begun);
}

void KeptRows::finish_fold(const std::vector<dropreason_key>& keys, uint64_t number) {
  Kept sums;
  for (const dropreason_key& key : keys) add(&sums[remainder_of(key)].entry, kept_.at(key).entry);
  for (const auto& [key, sum] : sums) {
    dropreason_kept now = kept_[key];
    // Already added, by a process that was interrupted.
    if (now.merged == number) continue;
    add(&now.entry, sum.entry);
    now.merged = number;
    put(key, now);
  }
  for (const dropreason_key& key : keys) remove(key);
}

}  // namespace dropreason
