// The addon is built with Debian 12's headers and must load with glibc 2.28 and GCC 8's libstdc++ (GLIBCXX_3.4.25), like Node. It avoids
// newer functions. This file defines those that the headers call. All of them are hidden in the addon.
// test/contract/libraries.test.ts checks the required versions.

#include <new>

extern "C" {
// GLIBC_2.32: if this isn't 0, libstdc++'s shared_ptr counts without atomic operations. Node has threads.
char __libc_single_threaded = 0;
}

namespace std {
// GLIBCXX_3.4.29: thrown by an allocator for too many elements.
[[noreturn]] void __throw_bad_array_new_length() { throw bad_array_new_length(); }
}  // namespace std
