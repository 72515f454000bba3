#pragma once

#include <signal.h>

namespace dropreason {

// Blocks all signals for this thread, except for its own faults. They are delivered afterwards. The verifier gives up with EAGAIN while a
// signal is pending (bpf_check, signal_pending), so a profiler or timer could prevent loading forever. sigprocmask(2) affects the calling
// thread; pthread_sigmask() needs GLIBC_2.32.
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
