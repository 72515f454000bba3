#include "symbols.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "error.h"

namespace dropreason {
namespace {

struct CloseFile {
  void operator()(FILE* file) const { fclose(file); }
};

// A function may be split or cloned by the compiler: kfree_skb_list.part.0 is kfree_skb_list.
std::string_view base_name(std::string_view name) { return name.substr(0, name.find('.')); }

// Calls each(address, name) for every function until it returns false; addresses are 0 where they are hidden.
template <typename Each>
void each_function(Each each) {
  const std::unique_ptr<FILE, CloseFile> file(fopen("/proc/kallsyms", "re"));
  if (!file) throw Error(Code::kSymbols, "can't open /proc/kallsyms", errno);
  char line[1024];
  while (fgets(line, sizeof(line), file.get()) != nullptr) {
    char* rest = nullptr;
    const uint64_t address = strtoull(line, &rest, 16);
    if (address == 0 || rest[0] != ' ' || strchr("tTwW", rest[1]) == nullptr) continue;
    if (!each(address, std::string_view(rest + 3, strcspn(rest + 3, " \t\n")))) return;
  }
}

}  // namespace

std::map<std::string, SymbolRange> symbol_ranges(const std::vector<std::string>& names) {
  std::map<std::string, SymbolRange> ranges;
  SymbolRange* open = nullptr;
  // The kernel's own symbols stand in order of address, so a function ends where the next one begins.
  each_function([&](uint64_t address, std::string_view name) {
    if (open != nullptr && address > open->start) {
      open->end = address;
      open = nullptr;
      if (ranges.size() == names.size()) return false;
    }
    if (open == nullptr && std::find(names.begin(), names.end(), name) != names.end()) {
      open = &ranges[std::string(name)];
      open->start = address;
    }
    return true;
  });
  return ranges;
}

std::vector<std::string> symbols_at(const std::vector<uint64_t>& addresses) {
  std::vector<std::string> found(addresses.size());
  std::vector<uint64_t> nearest(addresses.size(), 0);
  each_function([&](uint64_t start, std::string_view name) {
    for (size_t i = 0; i < addresses.size(); i++) {
      if (start < addresses[i] && start > nearest[i]) {
        nearest[i] = start;
        found[i] = base_name(name);
      }
    }
    return true;
  });
  return found;
}

}  // namespace dropreason
