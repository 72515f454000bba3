#pragma once

#include "fd.h"

namespace dropreason {

// Waits until every run of a BPF program that is going on now has ended.
class GracePeriod {
 public:
  GracePeriod();

  // Some 10 ms. Throws kMap.
  void wait() const;

 private:
  Fd inner_;
  Fd outer_;
};

}  // namespace dropreason
