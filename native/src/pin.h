#pragma once

#include <string>

namespace dropreason {

// Pin names: maps by their own names, links and programs by these plus the program's name, and `@` before the target.
constexpr char kMapPin[] = "dropreason_";
constexpr char kLinkPin[] = "link_";
constexpr char kProgramPin[] = "program_";
constexpr char kPinTarget = '@';

// Whether this process or an earlier one pinned it: the name is one of ours, and the object has the matching kind and kernel name. A pin
// that this user may not open is judged by its name.
bool is_our_pin(const std::string& directory, const std::string& name);

}  // namespace dropreason
