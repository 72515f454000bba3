#pragma once

#include <string>

namespace dropreason {

// What pins are called: maps by their own names, links and programs by these with the program's name, and `@` before its target.
constexpr char kMapPin[] = "dropreason_";
constexpr char kLinkPin[] = "link_";
constexpr char kProgramPin[] = "program_";
constexpr char kPinTarget = '@';

// Whether this process, or an earlier one, has pinned that: the name is one of ours, and what is pinned is of the kind and
// of the kernel's name that belong to it. A pin that this user may not open is judged by its name.
bool is_our_pin(const std::string& directory, const std::string& name);

}  // namespace dropreason
