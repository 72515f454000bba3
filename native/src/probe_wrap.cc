#include "probe_wrap.h"

#include <cstring>

#include "convert.h"
#include "drain_worker.h"

using convert::guarded;
using dropreason::Code;
using dropreason::Error;

Napi::Function ProbeWrap::define(Napi::Env env) {
  return DefineClass(env, "Probe",
                     {
                         InstanceMethod<&ProbeWrap::attach>("attach"),
                         InstanceAccessor<&ProbeWrap::attached>("attached"),
                         InstanceAccessor<&ProbeWrap::origin>("origin"),
                         InstanceAccessor<&ProbeWrap::missing>("missing"),
                         InstanceAccessor<&ProbeWrap::start_time_millis>("startTimeMillis"),
                         InstanceAccessor<&ProbeWrap::cpus>("cpus"),
                         InstanceAccessor<&ProbeWrap::rows>("rows"),
                         InstanceAccessor<&ProbeWrap::counters>("counters"),
                         InstanceMethod<&ProbeWrap::freeze>("freeze"),
                         InstanceMethod<&ProbeWrap::drain>("drain"),
                         InstanceMethod<&ProbeWrap::interfaces>("interfaces"),
                         InstanceMethod<&ProbeWrap::entries>("entries"),
                         InstanceMethod<&ProbeWrap::remainders>("remainders"),
                         InstanceMethod<&ProbeWrap::end_rows>("endRows"),
                         InstanceMethod<&ProbeWrap::stacks>("stacks"),
                         InstanceMethod<&ProbeWrap::statistics>("statistics"),
                         InstanceMethod<&ProbeWrap::maps>("maps"),
                         InstanceMethod<&ProbeWrap::close>("close"),
                     });
}

ProbeWrap::ProbeWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ProbeWrap>(info) {
  const Napi::Env env = info.Env();
  guarded(env, [&] { probe_ = std::make_shared<dropreason::Probe>(convert::to_options(info[0])); });

  // The array shares ownership of the mapping, because JavaScript may keep it longer than the probe.
  auto owner = std::make_unique<std::shared_ptr<dropreason::Mapping>>(probe_->counters());
  const dropreason::Mapping& mapping = **owner;
  auto buffer = Napi::ArrayBuffer::New(
      env, mapping.data(), mapping.bytes(),
      [](Napi::Env, void*, std::shared_ptr<dropreason::Mapping>* mine) { delete mine; }, owner.get());
  owner.release();
  counters_ = Napi::Persistent(Napi::BigUint64Array::New(env, mapping.bytes() / sizeof(uint64_t), buffer, 0));
}

ProbeWrap::~ProbeWrap() = default;

dropreason::Probe& ProbeWrap::probe(Napi::Env env) const {
  return guarded(env, [&]() -> dropreason::Probe& {
    if (!probe_) throw Error(Code::kClosed, "the probe is closed", 0);
    return *probe_;
  });
}

void ProbeWrap::attach(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { probe(info.Env()).attach(convert::to_attachments(info[0]), convert::to_calls(info[1])); });
}

void ProbeWrap::freeze(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { probe(info.Env()).freeze(); });
}

Napi::Value ProbeWrap::attached(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return convert::from_all(env, probe(env).attached(), [&](const dropreason::Attached& each) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("program", each.attachment().program);
    object.Set("target", each.attachment().target);
    return object;
  });
}

Napi::Value ProbeWrap::origin(const Napi::CallbackInfo& info) {
  const char* name = "new";
  switch (probe(info.Env()).origin()) {
    case dropreason::Probe::Origin::kNew: break;
    case dropreason::Probe::Origin::kTakenOver: name = "taken_over"; break;
    case dropreason::Probe::Origin::kReplaced: name = "replaced"; break;
    case dropreason::Probe::Origin::kIncomplete: name = "incomplete"; break;
  }
  return Napi::String::New(info.Env(), name);
}

Napi::Value ProbeWrap::missing(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), probe(info.Env()).missing());
}

Napi::Value ProbeWrap::start_time_millis(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(probe(info.Env()).start_time_millis()));
}

Napi::Value ProbeWrap::cpus(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), probe(info.Env()).cpus()); }

Napi::Value ProbeWrap::rows(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), probe(info.Env()).rows()); }

Napi::Value ProbeWrap::counters(const Napi::CallbackInfo&) { return counters_.Value(); }

Napi::Value ProbeWrap::entries(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto rows = guarded(env, [&] { return probe(env).entries(convert::to_string(info[0])); });
  return from_rows(env, rows);
}

Napi::Value ProbeWrap::remainders(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return from_rows(env, guarded(env, [&] { return probe(env).remainders(); }));
}

Napi::Value ProbeWrap::from_rows(Napi::Env env, const std::vector<dropreason::Row>& rows) const {
  return convert::from_all(
      env, rows, [&](const dropreason::Row& row) { return convert::from_row(env, row, probe_->since_millis(row.entry)); });
}

void ProbeWrap::end_rows(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { probe(info.Env()).end_rows(convert::to_keys(info[0])); });
}

Napi::Value ProbeWrap::drain(const Napi::CallbackInfo& info) {
  probe(info.Env());
  return DrainWorker::start(info.Env(), probe_);
}

Napi::Value ProbeWrap::interfaces(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto all = guarded(env, [&] { return probe(env).interfaces(); });
  return convert::from_all(env, all, [&](const dropreason::Interface& one) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("cookie", Napi::Number::New(env, static_cast<double>(one.key.cookie)));
    object.Set("netns", Napi::Number::New(env, one.key.netns));
    object.Set("ifindex", Napi::Number::New(env, one.key.ifindex));
    object.Set("name", Napi::String::New(env, one.value.name, strnlen(one.value.name, sizeof(one.value.name))));
    return object;
  });
}

Napi::Value ProbeWrap::stacks(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto all = guarded(env, [&] { return probe(env).stacks(); });
  const Napi::Object map = env.Global().Get("Map").As<Napi::Function>().New({});
  const auto set = map.Get("set").As<Napi::Function>();
  for (const auto& [key, stack] : all) {
    Napi::Array frames = Napi::Array::New(env);
    for (uint32_t i = 0; i < DROPREASON_FRAMES && stack.frames[i] != 0; i++) {
      frames.Set(i, Napi::BigInt::New(env, static_cast<uint64_t>(stack.frames[i])));
    }
    set.Call(map, {Napi::BigInt::New(env, key), frames});
  }
  return map;
}

Napi::Value ProbeWrap::statistics(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto all = guarded(env, [&] { return probe(env).statistics(); });
  return convert::from_all(env, all, [&](const dropreason::ProgramStatistics& one) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("program", one.program);
    object.Set("runs", Napi::Number::New(env, static_cast<double>(one.runs)));
    object.Set("runNanoseconds", Napi::Number::New(env, static_cast<double>(one.run_nanoseconds)));
    object.Set("recursionMisses", Napi::Number::New(env, static_cast<double>(one.recursion_misses)));
    return object;
  });
}

Napi::Value ProbeWrap::maps(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto all = guarded(env, [&] { return probe(env).maps(); });
  return convert::from_all(env, all, [&](const dropreason::MapUse& one) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("map", one.map);
    object.Set("capacity", Napi::Number::New(env, one.capacity));
    object.Set("bytes", Napi::Number::New(env, static_cast<double>(one.bytes)));
    return object;
  });
}

void ProbeWrap::close(const Napi::CallbackInfo&) {
  if (!probe_) return;
  // The arrays are detached before the memory is freed. Its last owner is the garbage collector.
  counters_.Value().ArrayBuffer().Detach();
  probe_.reset();
}
