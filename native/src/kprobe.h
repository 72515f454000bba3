#pragma once

#include <string>

#include "fd.h"

namespace dropreason {

// Opens a disabled perf event of a kprobe at a function's entry or return. Returns none and sets errno if the kernel refuses.
Fd open_kprobe(const std::string& function, bool is_return);

}  // namespace dropreason
