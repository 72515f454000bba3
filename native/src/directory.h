#pragma once

#include <string>
#include <vector>

namespace dropreason {

// Adds the names of the entries in a directory. Returns 0 or an errno. (std::filesystem needs GLIBCXX_3.4.26.)
int list_directory(const std::string& path, std::vector<std::string>* names);

}  // namespace dropreason
