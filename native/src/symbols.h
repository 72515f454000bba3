#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dropreason {

struct SymbolRange {
  uint64_t start = 0;
  uint64_t end = 0;  // exclusive
};

// Both read /proc/kallsyms through, and keep nothing but the open file; throw Error(kSymbols) where it can't be opened. Of
// functions that share a name the first one is meant.
// Waits for read_expected() where that looks for the same names.
std::map<std::string, SymbolRange> symbol_ranges(const std::vector<std::string>& names);
// What symbol_ranges() will be asked for; nothing where something is expected already. Then any thread may look for it.
void expect(const std::vector<std::string>& names);
void read_expected();
// The functions that return addresses lie in: one may be the first byte behind a function that ends with a call.
std::vector<std::string> symbols_at(const std::vector<uint64_t>& addresses);
// Closes the file. From then on only functions of these names are known, with those that the compiler made of them.
void close_symbols(const std::vector<std::string>& names);

}  // namespace dropreason
