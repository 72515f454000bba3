#include "symbols.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>

#include "error.h"

namespace dropreason {
namespace {

// The compiler may split or clone a function: kfree_skb_list.part.0 is kfree_skb_list.
std::string_view base_name(std::string_view name) { return name.substr(0, name.find('.')); }

// Node's workers share the file.
std::mutex reading;

struct Function {
  uint64_t address;
  std::string name;
};

FILE* file = nullptr;
// The functions that are known after the file is closed.
std::optional<std::vector<Function>> kept;

// The kernel decides when the file is opened whether to show addresses. So it is opened once and kept open: after dropping capabilities,
// the process still has the access it had at the start.
FILE* kallsyms() {
  if (file == nullptr) file = fopen("/proc/kallsyms", "re");
  if (file == nullptr) throw Error(Code::kSymbols, "can't open /proc/kallsyms", errno);
  rewind(file);
  return file;
}

// Calls each(address, name) for every function with a visible address.
template <typename Each>
void each_function(Each each) {
  const std::lock_guard<std::mutex> lock(reading);
  if (kept) {
    for (const Function& function : *kept) each(function.address, function.name);
    return;
  }
  FILE* file = kallsyms();
  char line[1024];
  while (fgets(line, sizeof(line), file) != nullptr) {
    char* rest = nullptr;
    const uint64_t address = strtoull(line, &rest, 16);
    if (address == 0 || rest[0] != ' ' || strchr("tTwW", rest[1]) == nullptr) continue;
    each(address, std::string_view(rest + 3, strcspn(rest + 3, " \t\n")));
  }
}

using Ranges = std::map<std::string, SymbolRange>;

struct Expected {
  std::vector<std::string> names;
  // Nothing before they are read, and if they couldn't be read: symbol_ranges() then tries again and throws the error.
  std::optional<Ranges> ranges;
};
// Held while a thread reads.
std::mutex asking;
std::optional<Expected> expected;

Ranges find_ranges(const std::vector<std::string>& names) {
  Ranges ranges;
  uint64_t highest = 0;
  bool ordered = true;
  // A function ends where the next one begins.
  const auto narrow = [&](uint64_t address) {
    for (auto& [name, range] : ranges) {
      if (address > range.start && address < range.end) range.end = address;
    }
  };
  each_function([&](uint64_t address, std::string_view name) {
    narrow(address);
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      const bool first = ranges.try_emplace(std::string(name), SymbolRange{address, UINT64_MAX}).second;
      if (first && highest > address) ordered = false;
    }
    highest = std::max(highest, address);
  });
  // The kernel's own functions are in address order, but those of modules aren't: the next one may have come before.
  if (!ordered) each_function([&](uint64_t address, std::string_view) { narrow(address); });
  return ranges;
}

}  // namespace

void expect(const std::vector<std::string>& names) {
  const std::lock_guard<std::mutex> lock(asking);
  if (!expected) expected = Expected{names, {}};
}

void read_expected() {
  const std::lock_guard<std::mutex> lock(asking);
  if (!expected || expected->ranges) return;
  try {
    expected->ranges = find_ranges(expected->names);
  } catch (const Error&) {
  }
}

std::map<std::string, SymbolRange> symbol_ranges(const std::vector<std::string>& names) {
  std::optional<Ranges> ranges;
  {
    const std::lock_guard<std::mutex> lock(asking);
    if (expected && expected->names == names) {
      ranges = std::move(expected->ranges);
      expected.reset();
    }
  }
  return ranges ? std::move(*ranges) : find_ranges(names);
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
  });
  return found;
}

void close_symbols(const std::vector<std::string>& names) {
  const std::set<std::string_view> wanted(names.begin(), names.end());
  std::vector<Function> functions;
  std::vector<uint64_t> addresses;
  each_function([&](uint64_t address, std::string_view name) {
    addresses.push_back(address);
    if (wanted.count(base_name(name)) != 0) functions.push_back({address, std::string(name)});
  });
  // A function ends where the next one begins. That one is kept without its name, after those with a name.
  std::sort(addresses.begin(), addresses.end());
  const size_t named = functions.size();
  for (size_t i = 0; i < named; i++) {
    const auto next = std::upper_bound(addresses.begin(), addresses.end(), functions[i].address);
    if (next != addresses.end()) functions.push_back({*next, ""});
  }
  const std::lock_guard<std::mutex> lock(reading);
  kept = std::move(functions);
  if (file != nullptr) fclose(file);
  file = nullptr;
}

}  // namespace dropreason
