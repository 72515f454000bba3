#pragma once

#include <string>
#include <vector>

namespace dropreason {

// Adds the names of what a directory holds. Returns 0 or an errno. (std::filesystem needs GLIBCXX_3.4.26.)
int list_directory(const std::string& path, std::vector<std::string>* names);

}  // namespace dropreason
