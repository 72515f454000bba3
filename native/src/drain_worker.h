#pragma once

#include <napi.h>

#include <memory>
#include <optional>

#include "error.h"
#include "probe.h"

// Drains on a thread of libuv's pool, because it waits for the kernel. Keeps the probe alive until it is done.
class DrainWorker : public Napi::AsyncWorker {
 public:
  // Returns a promise of the flows. Called on the JavaScript thread.
  static Napi::Value start(Napi::Env env, std::shared_ptr<dropreason::Probe> probe);

 private:
  DrainWorker(Napi::Env env, std::shared_ptr<dropreason::Probe> probe);

  void Execute() override;
  void OnOK() override;

  std::shared_ptr<dropreason::Probe> probe_;
  Napi::Promise::Deferred deferred_;
  dropreason::Flows flows_;
  std::optional<dropreason::Error> error_;
};
