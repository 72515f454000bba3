#pragma once

#include <signal.h>

namespace dropreason {

// No signal reaches this thread in the meantime, but for those that tell of its own faults; they come afterwards. The verifier gives
// up with EAGAIN where a signal is pending (bpf_check, signal_pending), so that those of a profiler or of a timer would keep a program
// from loading for ever. sigprocmask(2) is about the calling thread; pthread_sigmask() needs GLIBC_2.32.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&all, fault);
    sigprocmask(SIG_BLOCK, &all, &before_);
  }
  ~BlockedSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace dropreason
