#include "convert.h"

#include <algorithm>
#include <cmath>
#include <cstring>

// From libuv, exported by every Node. glibc's strerrorname_np() needs GLIBC_2.32.
extern "C" char* uv_err_name_r(int err, char* buffer, size_t size);

using dropreason::Code;
using dropreason::Error;

namespace convert {
namespace {

Napi::Value field(const Napi::Object& object, const char* name, bool fits) {
  if (!fits) throw Error(Code::kArgument, std::string("ProbeOptions.") + name + " is missing or of another type", 0);
  return object.Get(name);
}

// A 32-bit whole number. JavaScript's conversion would turn -1 into 4294967295 and NaN into 0.
uint32_t number(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  const double given = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  const bool fits = given >= 0 && given <= UINT32_MAX && given == std::floor(given);
  return field(object, name, fits).As<Napi::Number>().Uint32Value();
}

bool boolean(const Napi::Object& object, const char* name) {
  return field(object, name, object.Get(name).IsBoolean()).As<Napi::Boolean>().Value();
}

uint64_t address(const Napi::Value& value, const char* what) {
  bool lossless = false;
  const uint64_t given = value.IsBigInt() ? value.As<Napi::BigInt>().Uint64Value(&lossless) : 0;
  if (!lossless) throw Error(Code::kArgument, std::string(what) + " must be a bigint of 64 bits", 0);
  return given;
}

dropreason_range range(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (value.IsUndefined()) return {0, 0};
  const Napi::Object bounds = field(object, name, value.IsObject()).As<Napi::Object>();
  return {address(bounds.Get("start"), "SymbolRange.start"), address(bounds.Get("end"), "SymbolRange.end")};
}

bool is_bytes(const Napi::Value& value) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array;
}

std::optional<dropreason::PinOptions> to_pin(const Napi::Value& value) {
  if (value.IsUndefined()) return std::nullopt;
  if (!value.IsObject()) throw Error(Code::kArgument, "expected PinOptions", 0);
  const auto object = value.As<Napi::Object>();
  dropreason::PinOptions pin{to_string(object.Get("directory"))};
  const std::string fingerprint = to_string(object.Get("fingerprint"));
  if (fingerprint.empty() || fingerprint.size() > sizeof(pin.identity.fingerprint)) {
    throw Error(Code::kArgument, "PinOptions.fingerprint must have 1 to 64 bytes", 0);
  }
  memcpy(pin.identity.fingerprint, fingerprint.data(), fingerprint.size());
  const Napi::Value start = object.Get("startTimeMillis");
  const double given = start.IsNumber() ? start.As<Napi::Number>().DoubleValue() : -1;
  if (!(given >= 0)) throw Error(Code::kArgument, "PinOptions.startTimeMillis must be a time", 0);
  pin.identity.start_time_millis = static_cast<uint64_t>(given);
  return pin;
}

void to_flows(const Napi::Value& value, dropreason::ProbeOptions* options) {
  if (value.IsUndefined()) return;
  if (!value.IsObject()) throw Error(Code::kArgument, "expected FlowOptions", 0);
  const auto object = value.As<Napi::Object>();
  options->flows_max_entries = number(object, "maxEntries");
  options->config.ports = boolean(object, "ports");
  options->config.flows = 1;
}

// The number if it has no name.
std::string errno_name(int err) {
  if (err == 0) return "";
  char name[64] = {};
  uv_err_name_r(-err, name, sizeof(name));
  return name[0] == 'E' ? name : std::to_string(err);
}

}  // namespace

Napi::Error to_js_error(Napi::Env env, const Error& error) {
  Napi::Error thrown = Napi::Error::New(env, error.what());
  thrown.Value().Set("code", dropreason::name_of(error.code()));
  thrown.Value().Set("errno", errno_name(error.err()));
  thrown.Value().Set("details", error.details());
  return thrown;
}

std::string to_string(const Napi::Value& value) {
  if (!value.IsString()) throw Error(Code::kArgument, "expected a string", 0);
  return value.As<Napi::String>().Utf8Value();
}

// Element by element, because the length may be anything up to 2^32.
std::vector<std::string> to_strings(const Napi::Value& value) {
  if (!value.IsArray()) throw Error(Code::kArgument, "expected an array of strings", 0);
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < array.Length(); i++) strings.push_back(to_string(array.Get(i)));
  return strings;
}

std::vector<uint64_t> to_addresses(const Napi::Value& value) {
  if (!value.IsArray()) throw Error(Code::kArgument, "expected an array of addresses", 0);
  const auto array = value.As<Napi::Array>();
  std::vector<uint64_t> addresses;
  for (uint32_t i = 0; i < array.Length(); i++) addresses.push_back(address(array.Get(i), "an address"));
  return addresses;
}

dropreason::ProbeOptions to_options(const Napi::Value& value) {
  if (!value.IsObject()) throw Error(Code::kArgument, "expected ProbeOptions", 0);
  const auto object = value.As<Napi::Object>();
  dropreason::ProbeOptions options;
  options.object = field(object, "object", object.Get("object").IsString()).ToString().Utf8Value();
  options.attributes_max_entries = number(object, "attributesMaxEntries");
  options.config.reasons = std::min<uint32_t>(number(object, "reasons"), DROPREASON_MAX_REASONS);
  options.config.unspecified = number(object, "unspecified");
  options.config.attributes = number(object, "attributes");
  options.config.netfilter = number(object, "netfilter");
  options.config.atomic = boolean(object, "atomic");
  options.config.reasoned = boolean(object, "reasoned");
  options.config.notes = boolean(object, "notes");
  options.config.rescue = boolean(object, "rescue");
  options.config.fragments = range(object, "fragments");
  options.config.lists = range(object, "lists");
  const auto hints = field(object, "hints", is_bytes(object.Get("hints"))).As<Napi::Uint8Array>();
  memcpy(options.config.hints, hints.Data(), std::min(hints.ByteLength(), sizeof(options.config.hints)));
  to_flows(object.Get("flows"), &options);
  options.pin = to_pin(object.Get("pin"));
  return options;
}

std::vector<dropreason::Attachment> to_attachments(const Napi::Value& value) {
  if (!value.IsArray()) throw Error(Code::kArgument, "expected an array of attachments", 0);
  const auto array = value.As<Napi::Array>();
  std::vector<dropreason::Attachment> attachments;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::Value each = array.Get(i);
    if (!each.IsObject()) throw Error(Code::kArgument, "expected an attachment", 0);
    const auto object = each.As<Napi::Object>();
    attachments.push_back({to_string(object.Get("program")), to_string(object.Get("target"))});
  }
  return attachments;
}

std::optional<dropreason::User> to_user(const Napi::Value& value) {
  if (value.IsUndefined()) return std::nullopt;
  if (!value.IsObject()) throw Error(Code::kArgument, "expected a user", 0);
  const auto object = value.As<Napi::Object>();
  dropreason::User user{number(object, "uid"), number(object, "gid"), {}};
  const Napi::Value groups = object.Get("groups");
  if (!groups.IsArray()) throw Error(Code::kArgument, "expected an array of groups", 0);
  const auto array = groups.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::Value each = array.Get(i);
    if (!each.IsNumber()) throw Error(Code::kArgument, "expected the number of a group", 0);
    user.groups.push_back(each.As<Napi::Number>().Uint32Value());
  }
  return user;
}

dropreason::Calls to_calls(const Napi::Value& value) {
  if (value.IsUndefined()) return {};
  if (!value.IsObject()) throw Error(Code::kArgument, "expected the calls to count", 0);
  const auto object = value.As<Napi::Object>();
  return {boolean(object, "connect"), boolean(object, "accept")};
}

std::vector<dropreason_key> to_keys(const Napi::Value& value) {
  if (!value.IsArray()) throw Error(Code::kArgument, "expected an array of ids", 0);
  const auto array = value.As<Napi::Array>();
  std::vector<dropreason_key> keys(array.Length());
  for (uint32_t i = 0; i < keys.size(); i++) {
    char bytes[sizeof(dropreason_key) + 2];
    size_t length = 0;
    const napi_status status = napi_get_value_string_latin1(array.Env(), array.Get(i), bytes, sizeof(bytes), &length);
    if (status != napi_ok || length != sizeof(dropreason_key)) throw Error(Code::kArgument, "expected the id of a row", 0);
    memcpy(&keys[i], bytes, sizeof(dropreason_key));
  }
  return keys;
}

Napi::Object from_row(Napi::Env env, const dropreason::Row& row, uint64_t since_millis) {
  Napi::Object object = Napi::Object::New(env);
  const auto& [location, stack, cookie, reason, netns, error, protocol, direction, family, unconfirmed, map, interface] = row.key;
  napi_value id = nullptr;
  napi_create_string_latin1(env, reinterpret_cast<const char*>(&row.key), sizeof(row.key), &id);
  object.Set("id", id);
  object.Set("live", row.live);
  object.Set("sinceMillis", Napi::Number::New(env, static_cast<double>(since_millis)));
  object.Set("cookie", Napi::Number::New(env, static_cast<double>(cookie)));
  object.Set("location", Napi::BigInt::New(env, static_cast<uint64_t>(location)));
  object.Set("reason", Napi::Number::New(env, reason));
  object.Set("netns", Napi::Number::New(env, netns));
  object.Set("error", Napi::Number::New(env, error));
  object.Set("protocol", Napi::Number::New(env, protocol));
  object.Set("direction", Napi::Number::New(env, direction));
  object.Set("family", Napi::Number::New(env, family));
  object.Set("interface", Napi::String::New(env, interface, strnlen(interface, sizeof(interface))));
  object.Set("stack", Napi::BigInt::New(env, static_cast<uint64_t>(stack)));
  object.Set("unconfirmed", unconfirmed != 0);
  const auto& [all, overflow, since] = row.entry;
  const auto set = [&](const char* name, uint64_t count) { object.Set(name, Napi::Number::New(env, static_cast<double>(count))); };
  set("packets", all.packets);
  set("bytes", all.bytes);
  set("overflowPackets", overflow.packets);
  set("overflowBytes", overflow.bytes);
  return object;
}

}  // namespace convert
