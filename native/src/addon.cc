#include <bpf/libbpf.h>
#include <malloc.h>
#include <napi.h>

#include <cstddef>

#include "capabilities.h"
#include "convert.h"
#include "error.h"
#include "kernel_facts.h"
#include "pin_directory.h"
#include "probe_wrap.h"
#include "resident.h"
#include "symbols.h"
#include "user.h"

namespace {

using convert::from_all;
using convert::guarded;

// The prefix of functions of 64-bit system calls, from include/asm/syscall_wrapper.h of each architecture.
#if defined(__x86_64__)
constexpr char kSyscallPrefix[] = "__x64_sys_";
#elif defined(__aarch64__)
constexpr char kSyscallPrefix[] = "__arm64_sys_";
#else
#error "unknown architecture: define the prefix of system call functions here"
#endif

// malloc's own default.
constexpr int kMmapThresholdBytes = 128 * 1024;

Napi::Array strings(Napi::Env env, std::initializer_list<const char*> items) {
  return from_all(env, items, [&](const char* item) { return Napi::String::New(env, item); });
}

Napi::Object numbers(Napi::Env env, std::initializer_list<std::pair<const char*, uint32_t>> items) {
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [name, value] : items) object.Set(name, Napi::Number::New(env, value));
  return object;
}

// Names are in the order of the enums in bpf/dropreason.h.
Napi::Object layout(Napi::Env env) {
  Napi::Object object = numbers(env, {{"reasonShift", DROPREASON_REASON_SHIFT},
                                      {"directionShift", DROPREASON_DIRECTION_SHIFT},
                                      {"maxReasons", DROPREASON_MAX_REASONS},
                                      {"noProtocol", DROPREASON_NO_PROTOCOL},
                                      {"rescued", DROPREASON_RESCUED}});
  object.Set("directions", strings(env, {"unknown", "ingress", "egress", "forward"}));
  object.Set("families", strings(env, {"other", "ipv4", "ipv6"}));
  object.Set("slots", strings(env, {"fragment", "not_packet", "no_header", "attributes_full", "unlisted_full",
                                    "notes_full", "stacks_full"}));
  static_assert(DROPREASON_SLOTS == 7, "name the new slot");
  object.Set("attributes", numbers(env, {{"protocol", DROPREASON_BY_PROTOCOL},
                                         {"interface", DROPREASON_BY_INTERFACE},
                                         {"netns", DROPREASON_BY_NETNS},
                                         {"location", DROPREASON_BY_LOCATION},
                                         {"everyLocation", DROPREASON_BY_EVERY_LOCATION},
                                         {"stack", DROPREASON_BY_STACK}}));
  object.Set("calls", numbers(env, {{"connect", DROPREASON_CALL_CONNECT}, {"accept", DROPREASON_CALL_ACCEPT}}));
  object.Set("notes", numbers(env, {{"nat", DROPREASON_NOTE_NAT}, {"conntrack", DROPREASON_NOTE_CONNTRACK}}));
  object.Set("flow", numbers(env, {{"bytes", sizeof(dropreason_flow)},
                                   {"source", offsetof(dropreason_flow, source)},
                                   {"destination", offsetof(dropreason_flow, destination)},
                                   {"location", offsetof(dropreason_flow, location)},
                                   {"stack", offsetof(dropreason_flow, stack)},
                                   {"reason", offsetof(dropreason_flow, reason)},
                                   {"cookie", offsetof(dropreason_flow, cookie)},
                                   {"netns", offsetof(dropreason_flow, netns)},
                                   {"ifindex", offsetof(dropreason_flow, ifindex)},
                                   {"error", offsetof(dropreason_flow, error)},
                                   {"port", offsetof(dropreason_flow, port)},
                                   {"protocol", offsetof(dropreason_flow, protocol)},
                                   {"direction", offsetof(dropreason_flow, direction)},
                                   {"family", offsetof(dropreason_flow, family)},
                                   {"unconfirmed", offsetof(dropreason_flow, unconfirmed)}}));
  object.Set("syscallPrefix", kSyscallPrefix);
  object.Set("hints", numbers(env, {{"ingress", DROPREASON_HINT_INGRESS}, {"egress", DROPREASON_HINT_EGRESS}}));
  return object;
}

Napi::Value kernel_facts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto facts = guarded(env, [] { return dropreason::read_kernel_facts(); });
  Napi::Object object = Napi::Object::New(env);
  object.Set("reasons", from_all(env, facts.reasons, [&](const dropreason::KernelReason& reason) {
               Napi::Object one = numbers(env, {{"value", reason.value}});
               one.Set("name", reason.name);
               return one;
             }));
  object.Set("guarded", facts.guarded);
  object.Set("casts", facts.casts);
  object.Set("libbpf", std::to_string(libbpf_major_version()) + "." + std::to_string(libbpf_minor_version()));
  return object;
}

Napi::Value symbol_ranges(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto ranges = guarded(env, [&] { return dropreason::symbol_ranges(convert::to_strings(info[0])); });
  Napi::Object object = Napi::Object::New(env);
  for (const auto& [name, range] : ranges) {
    Napi::Object one = Napi::Object::New(env);
    one.Set("start", Napi::BigInt::New(env, range.start));
    one.Set("end", Napi::BigInt::New(env, range.end));
    object.Set(name, one);
  }
  return object;
}

Napi::Value symbols_at(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto names = guarded(env, [&] { return dropreason::symbols_at(convert::to_addresses(info[0])); });
  return from_all(env, names, [&](const std::string& name) { return Napi::String::New(env, name); });
}

class ReadAhead : public Napi::AsyncWorker {
 public:
  explicit ReadAhead(Napi::Env env) : Napi::AsyncWorker(env) {}

 private:
  void Execute() override { dropreason::read_expected(); }
};

void read_ahead(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { dropreason::expect(convert::to_strings(info[0])); });
  (new ReadAhead(info.Env()))->Queue();  // deletes itself
}

void close_symbols(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { dropreason::close_symbols(convert::to_strings(info[0])); });
}

Napi::Value unpin(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto names = guarded(env, [&] { return dropreason::unpin(convert::to_string(info[0])); });
  return from_all(env, names, [&](const std::string& name) { return Napi::String::New(env, name); });
}

Napi::Value find_user(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto user = guarded(env, [&] { return dropreason::find_user(convert::to_string(info[0])); });
  Napi::Object object = numbers(env, {{"uid", user.uid}, {"gid", user.gid}});
  object.Set("groups", from_all(env, user.groups, [&](gid_t group) { return Napi::Number::New(env, group); }));
  return object;
}

void drop_capabilities(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { dropreason::drop_capabilities(convert::to_user(info[0])); });
}

class ReleaseResident : public Napi::AsyncWorker {
 public:
  explicit ReleaseResident(Napi::Env env) : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 private:
  void Execute() override { dropreason::release_resident(); }
  void OnOK() override { deferred_.Resolve(Env().Undefined()); }

  Napi::Promise::Deferred deferred_;
};

Napi::Value release_resident(const Napi::CallbackInfo& info) {
  auto* worker = new ReleaseResident(info.Env());  // deletes itself
  const Napi::Promise promise = worker->promise();
  worker->Queue();
  return promise;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  // Larger blocks are returned to the kernel when freed. By default, glibc raises this threshold to the largest freed block, and a drain's
  // megabytes stay with the process: 10 MB of resident memory (npm run soak).
  mallopt(M_MMAP_THRESHOLD, kMmapThresholdBytes);
  dropreason::capture_libbpf_log();
  exports.Set("layout", layout(env));
  exports.Set("kernelFacts", Napi::Function::New<kernel_facts>(env));
  exports.Set("symbolRanges", Napi::Function::New<symbol_ranges>(env));
  exports.Set("readAhead", Napi::Function::New<read_ahead>(env));
  exports.Set("symbolsAt", Napi::Function::New<symbols_at>(env));
  exports.Set("closeSymbols", Napi::Function::New<close_symbols>(env));
  exports.Set("unpin", Napi::Function::New<unpin>(env));
  exports.Set("findUser", Napi::Function::New<find_user>(env));
  exports.Set("dropCapabilities", Napi::Function::New<drop_capabilities>(env));
  exports.Set("releaseResident", Napi::Function::New<release_resident>(env));
  exports.Set("Probe", ProbeWrap::define(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(dropreason, init)
