#pragma once

#include <napi.h>

#include <memory>

#include "probe.h"

// The JavaScript wrapper of Probe. Every method runs on the JavaScript thread.
class ProbeWrap : public Napi::ObjectWrap<ProbeWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ProbeWrap(const Napi::CallbackInfo& info);
  ~ProbeWrap() override;

 private:
  dropreason::Probe& probe(Napi::Env env) const;

  void attach(const Napi::CallbackInfo& info);
  void freeze(const Napi::CallbackInfo& info);
  Napi::Value attached(const Napi::CallbackInfo& info);
  Napi::Value origin(const Napi::CallbackInfo& info);
  Napi::Value missing(const Napi::CallbackInfo& info);
  Napi::Value start_time_millis(const Napi::CallbackInfo& info);
  Napi::Value cpus(const Napi::CallbackInfo& info);
  Napi::Value rows(const Napi::CallbackInfo& info);
  Napi::Value counters(const Napi::CallbackInfo& info);
  Napi::Value drain(const Napi::CallbackInfo& info);
  Napi::Value interfaces(const Napi::CallbackInfo& info);
  Napi::Value entries(const Napi::CallbackInfo& info);
  Napi::Value remainders(const Napi::CallbackInfo& info);
  void end_rows(const Napi::CallbackInfo& info);
  Napi::Value from_rows(Napi::Env env, const std::vector<dropreason::Row>& rows) const;
  Napi::Value stacks(const Napi::CallbackInfo& info);
  Napi::Value statistics(const Napi::CallbackInfo& info);
  Napi::Value maps(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  std::shared_ptr<dropreason::Probe> probe_;
  Napi::Reference<Napi::BigUint64Array> counters_;
};
