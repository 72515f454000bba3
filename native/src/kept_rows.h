#pragma once

#include <bpf/libbpf.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "../../bpf/dropreason.h"

namespace dropreason {

// A row as JavaScript is told of it. Two pointers to one key are one row: it is what `fold` is told.
struct Row {
  dropreason_key key;
  dropreason_entry entry;
  // Whether the kernel counts in it now, as of the read.
  bool live = false;
};

/*
 * The rows of the maps that have one map for the even generations and one for the odd, summed over all generations. A generation that no
 * run counts in any more is merged: added to what is kept, then removed from the kernel. What is kept is in a map of its own, so
 * that where that is pinned a process which takes over has it too.
 *
 * No step is atomic but the update of one element, and a process may be killed between any two. So each row has the number of the
 * generation that was added to it last: merging can be done again from the beginning, and adds nothing twice. Likewise rows that
 * end: each is marked with the number of the fold; then that number is written down as begun, so that all of them end or none; then the
 * remainder of their kind gets their sum and that number in one update; then they are removed.
 *
 * Not for several threads at a time.
 */
class KeptRows {
 public:
  // `maps` are loaded and outlive this; `take_over` where an earlier process used them.
  KeptRows(bpf_object* maps, bool take_over);

  // Adds the rows of a generation in which no run counts any more, and removes them from its maps. Throws kMap; can be called again.
  void merge(uint64_t generation);
  // Rows of "dropreason_attributes", "dropreason_unlisted" or "dropreason_rescued"; with `live`, with what the kernel has now. `current`:
  // the generation that is counted in. Exact between any two steps of a merge that failed.
  std::vector<Row> rows(const std::string& map, uint64_t current, bool live) const;
  // What rows had counted that have ended, by what such rows have in common.
  std::vector<Row> remainders() const;
  // Ends rows: they are forgotten, and what they counted goes to their remainders. All of them or, where it throws, perhaps none until
  // the next call or process. Only while nothing merges, and not for rows that are `live`.
  void fold(const std::vector<dropreason_key>& keys);

 private:
  struct Less {
    bool operator()(const dropreason_key& a, const dropreason_key& b) const { return memcmp(&a, &b, sizeof(a)) < 0; }
  };
  using Kept = std::map<dropreason_key, dropreason_kept, Less>;

  bpf_map* map(const std::string& name) const;
  void put(const dropreason_key& key, const dropreason_kept& value);
  void remove(const dropreason_key& key);
  // Ends the rows of the fold that has begun, and takes the marks of one that hasn't off.
  void settle_folds();
  // What follows the beginning of a fold: for the rows that are marked with its number.
  void finish_fold(const std::vector<dropreason_key>& keys, uint64_t number);

  bpf_object* maps_;
  // As in the map: by key, whose pad is the number of the row's map, kRemainder, or kBegun.
  Kept kept_;
  // The highest number that any fold was given.
  uint64_t last_fold_ = 0;
};

}  // namespace dropreason
