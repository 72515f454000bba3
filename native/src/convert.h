#pragma once

#include <napi.h>

#include <optional>
#include <string>
#include <vector>

#include "error.h"
#include "probe.h"
#include "user.h"

// Converts between JavaScript values and plain C++ values.
namespace convert {

// A JavaScript error with code, errno and details.
Napi::Error to_js_error(Napi::Env env, const dropreason::Error& error);

// Runs `body` and rethrows its exceptions as JavaScript errors.
template <typename Body>
decltype(auto) guarded(Napi::Env env, Body body) {
  // libbpf's log of an earlier call doesn't belong to this one.
  dropreason::clear_libbpf_log();
  try {
    return body();
  } catch (const dropreason::Error& error) {
    throw to_js_error(env, error);
  }
}

// These throw Error(kArgument) for values of another type.
std::string to_string(const Napi::Value& value);
std::vector<std::string> to_strings(const Napi::Value& value);
std::vector<uint64_t> to_addresses(const Napi::Value& value);
dropreason::ProbeOptions to_options(const Napi::Value& value);
std::vector<dropreason::Attachment> to_attachments(const Napi::Value& value);
std::optional<dropreason::User> to_user(const Napi::Value& value);
dropreason::Calls to_calls(const Napi::Value& value);
Napi::Object from_row(Napi::Env env, const dropreason::Row& row, uint64_t since_millis);
// Ids of rows, as returned by `from_row`.
std::vector<dropreason_key> to_keys(const Napi::Value& value);

// An array of `each(item)`.
template <typename Items, typename Each>
Napi::Array from_all(Napi::Env env, const Items& items, Each each) {
  Napi::Array array = Napi::Array::New(env, items.size());
  uint32_t index = 0;
  for (const auto& item : items) array.Set(index++, each(item));
  return array;
}

}  // namespace convert
