#pragma once

#include <bpf/libbpf.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "../../bpf/dropreason.h"

namespace dropreason {

// A row as passed to JavaScript. Two pointers to the same key are the same row, which `fold` relies on.
struct Row {
  dropreason_key key;
  dropreason_entry entry;
  // Whether the kernel counts in it, at the time of the read.
  bool live = false;
};

/*
 * Sums over all generations the rows of maps that exist twice, for even and odd generations. A generation in which no run counts any more
 * is merged: its rows are added to the kept rows, then removed from the kernel. The kept rows are in a separate map. If it is pinned, a
 * process that takes over has them too.
 *
 * Only the update of one element is atomic, and a process may be killed between any two steps. So each row stores the number of the
 * generation that was added last: merging can be repeated from the beginning and adds nothing twice. To end rows: each is marked with the
 * number of the fold; that number is stored as begun, so that all of them end or none; the remainder of their kind gets their sum and that
 * number in one update; then the rows are removed.
 *
 * Not thread-safe.
 */
class KeptRows {
 public:
  // `maps` are loaded and outlive this. `take_over`: an earlier process used them.
  KeptRows(bpf_object* maps, bool take_over);

  // Adds the rows of a generation in which no run counts any more, and removes them from its maps. Throws kMap. Can be repeated.
  void merge(uint64_t generation);
  // Rows of "dropreason_attributes", "dropreason_unlisted" or "dropreason_rescued"; with `live`, including the kernel's current rows.
  // `current`: the active generation. Also exact after any step of a failed merge.
  std::vector<Row> rows(const std::string& map, uint64_t current, bool live) const;
  // The counts of ended rows, by their common fields.
  std::vector<Row> remainders() const;
  // Ends rows: they are forgotten, and their counts move to their remainders. All of them end or, if it throws, possibly none until the
  // next call or process. Not during a merge, and not for `live` rows.
  void fold(const std::vector<dropreason_key>& keys);

 private:
  struct Less {
    bool operator()(const dropreason_key& a, const dropreason_key& b) const { return memcmp(&a, &b, sizeof(a)) < 0; }
  };
  using Kept = std::map<dropreason_key, dropreason_kept, Less>;

  bpf_map* map(const std::string& name) const;
  void put(const dropreason_key& key, const dropreason_kept& value);
  void remove(const dropreason_key& key);
  // Completes the fold that has begun, and removes the marks of one that hasn't.
  void settle_folds();
  // The steps after the beginning of a fold, for the rows marked with its number.
  void finish_fold(const std::vector<dropreason_key>& keys, uint64_t number);

  bpf_object* maps_;
  // As in the map: by key, whose `map` is the number of the row's map, kRemainder, or kBegun.
  Kept kept_;
  // The highest number of any fold.
  uint64_t last_fold_ = 0;
};

}  // namespace dropreason
