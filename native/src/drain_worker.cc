#include "drain_worker.h"

#include "convert.h"

namespace {

// An ArrayBuffer that owns the memory of a vector, without a copy.
template <typename Item>
Napi::ArrayBuffer buffer_of(Napi::Env env, std::vector<Item>* items) {
  if (items->empty()) return Napi::ArrayBuffer::New(env, 0);
  auto owner = std::make_unique<std::vector<Item>>(std::move(*items));
  auto buffer = Napi::ArrayBuffer::New(
      env, owner->data(), owner->size() * sizeof(Item), [](Napi::Env, void*, std::vector<Item>* mine) { delete mine; }, owner.get());
  owner.release();
  return buffer;
}

}  // namespace

DrainWorker::DrainWorker(Napi::Env env, std::shared_ptr<dropreason::Probe> probe)
    : Napi::AsyncWorker(env), probe_(std::move(probe)), deferred_(Napi::Promise::Deferred::New(env)) {}

Napi::Value DrainWorker::start(Napi::Env env, std::shared_ptr<dropreason::Probe> probe) {
  auto* worker = new DrainWorker(env, std::move(probe));
  worker->Queue();
  return worker->deferred_.Promise();
}

// Runs on a pool thread. Errors are reported on the JavaScript thread.
void DrainWorker::Execute() {
  dropreason::clear_libbpf_log();
  try {
    flows_ = probe_->drain();
  } catch (const dropreason::Error& error) {
    error_ = error;
  }
}

void DrainWorker::OnOK() {
  const Napi::Env env = Env();
  if (error_) {
    deferred_.Reject(convert::to_js_error(env, *error_).Value());
    return;
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("count", Napi::Number::New(env, static_cast<double>(flows_.keys.size())));
  object.Set("keys", buffer_of(env, &flows_.keys));
  object.Set("counts", buffer_of(env, &flows_.counts));
  deferred_.Resolve(object);
}
