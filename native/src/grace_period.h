#pragma once

#include "fd.h"

namespace dropreason {

// Waits until all BPF programs that are running now have returned.
class GracePeriod {
 public:
  GracePeriod();

  // Takes about 10 ms. Throws kMap.
  void wait() const;

 private:
  Fd inner_;
  Fd outer_;
};

}  // namespace dropreason
