#pragma once

namespace dropreason {

// Gives up every capability of every thread of this process for good, and sets no_new_privs; throws Error(kCapabilities)
// with the threads that have some left. May be called again, by one thread at a time.
void drop_capabilities();

}  // namespace dropreason
