#pragma once

namespace dropreason {

// Reduces the resident memory of this process. Unmaps the pages of the executable that equal the file (the next use maps them again from the
// page cache), and returns to the kernel what malloc() has free. Takes some milliseconds. Never fails.
void release_resident();

}  // namespace dropreason
