#pragma once

#include <bpf/bpf.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "error.h"

namespace dropreason {

// Reads a whole hash map in one system call.
template <typename Key, typename Value>
std::pair<std::vector<Key>, std::vector<Value>> read_all(const bpf_map* source) {
  uint32_t count = bpf_map__max_entries(source);
  std::pair<std::vector<Key>, std::vector<Value>> all{std::vector<Key>(count), std::vector<Value>(count)};
  uint32_t position = 0;
  const int failed =
      bpf_map_lookup_batch(bpf_map__fd(source), nullptr, &position, all.first.data(), all.second.data(), &count, nullptr);
  // ENOENT means that the whole map was read.
  if (failed != 0 && failed != -ENOENT) throw Error(Code::kMap, std::string("can't read the map ") + bpf_map__name(source), -failed);
  all.first.resize(count);
  all.second.resize(count);
  return all;
}

}  // namespace dropreason
