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

// symbol_ranges() and symbols_at() read all of /proc/kallsyms and keep only the open file. They throw Error(kSymbols) if it can't be
// opened. If functions share a name, the first one is used.
// Waits for read_expected() if that is reading the same names.
std::map<std::string, SymbolRange> symbol_ranges(const std::vector<std::string>& names);
// Announces the names of the next symbol_ranges(), so that any thread can read them in advance with read_expected(). Does nothing if names
// are already announced.
void expect(const std::vector<std::string>& names);
void read_expected();
// The functions that contain return addresses. An address may be the first byte after a function that ends with a call.
std::vector<std::string> symbols_at(const std::vector<uint64_t>& addresses);
// Closes the file. From then on only functions with these names are known, including their compiler-made variants.
void close_symbols(const std::vector<std::string>& names);

}  // namespace dropreason
