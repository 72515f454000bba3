// The addon is built with Debian 12's headers, and has to load with glibc 2.28 and GCC 8's libstdc++ (GLIBCXX_3.4.25), as Node itself
// does. Calls to newer functions are avoided; this file defines what the headers call on their own. All of it is hidden in the addon.
// test/contract/libraries.test.ts reads which versions are needed.

#include <new>

extern "C" {
// GLIBC_2.32: libstdc++'s shared_ptr counts without atomic operations where this isn't 0. Node has threads.
char __libc_single_threaded = 0;
}

namespace std {
// GLIBCXX_3.4.29: what an allocator throws when it is asked for more elements than can be.
[[noreturn]] void __throw_bad_array_new_length() { throw bad_array_new_length(); }
}  // namespace std
