#pragma once

#include <bpf/libbpf.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../../bpf/dropreason.h"
#include "attachment.h"
#include "pin_directory.h"

namespace dropreason {

struct PinOptions {
  std::string directory;
  dropreason_identity identity{};
};

struct ProbeOptions {
  std::string object;
  uint32_t attributes_max_entries = 1;
  // Everything that the kernel side is told; rows is worked out here.
  dropreason_config config{};
  std::optional<PinOptions> pin;
};

// Which failed calls the program at the return of all system calls counts.
struct Calls {
  bool connect = false;
  bool accept = false;
};

struct Row {
  dropreason_key key;
  dropreason_count count;
};

struct Stack {
  uint64_t key;
  dropreason_stack stack;
};

struct ProgramStatistics {
  std::string program;
  uint64_t runs;
  uint64_t run_nanoseconds;
  uint64_t recursion_misses;
};

struct MapUse {
  std::string map;
  uint32_t capacity;
  uint64_t bytes;
};

// Counters that the kernel writes and this process reads; unmapped when the last owner lets go.
class Mapping {
 public:
  Mapping(int map_fd, size_t bytes);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  void* data_;
  size_t bytes_;
};

// The maps, and the programs attached to count into them. Knows nothing of JavaScript.
class Probe {
 public:
  // How it came by its maps; the names are those of index.d.ts.
  enum class Origin { kNew, kTakenOver, kReplaced };

  explicit Probe(const ProbeOptions& options);

  // All or none: what was attached of a group that fails is detached again.
  void attach(const std::vector<Attachment>& group, const Calls& calls);
  std::vector<Row> entries(const std::string& map) const;
  std::vector<Stack> stacks() const;
  std::vector<ProgramStatistics> statistics() const;
  std::vector<MapUse> maps() const;

  uint32_t cpus() const { return cpus_; }
  uint32_t rows() const { return rows_; }
  Origin origin() const { return origin_; }
  // In milliseconds since the epoch; 0 where nothing is pinned.
  uint64_t start_time_millis() const { return identity_.start_time_millis; }
  const std::vector<Attached>& attached() const { return attached_; }
  const std::shared_ptr<Mapping>& counters() const { return counters_; }

 private:
  struct CloseObject {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  using Object = std::unique_ptr<bpf_object, CloseObject>;

  Object open(const Calls& calls, const std::vector<Attachment>& group) const;
  bool take_over();
  void pin_maps();
  bool is_attached(const Attachment& attachment) const;
  bpf_map* map(const char* name) const;
  const PinDirectory* pins() const { return pins_ ? &*pins_ : nullptr; }

  uint32_t cpus_;
  uint32_t rows_;
  ProbeOptions options_;
  Origin origin_ = Origin::kNew;
  dropreason_identity identity_{};
  // Freed from the last to the first: the programs' links, the mapping, the maps, the right to the pins.
  std::optional<PinDirectory> pins_;
  Object maps_;
  std::shared_ptr<Mapping> counters_;
  std::vector<Attached> attached_;
};

}  // namespace dropreason
