#pragma once

#include <string>

#include "fd.h"

namespace dropreason {

// The perf event of a kprobe at a function's entry, or at its return; not enabled yet. None, and errno, where the kernel refuses.
Fd open_kprobe(const std::string& function, bool is_return);

}  // namespace dropreason
