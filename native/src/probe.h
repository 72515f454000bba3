#pragma once

#include <bpf/libbpf.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../../bpf/dropreason.h"
#include "attachment.h"
#include "generations.h"
#include "mapping.h"
#include "pin_directory.h"

namespace dropreason {

struct PinOptions {
  std::string directory;
  dropreason_identity identity{};
};

struct ProbeOptions {
  std::string object;
  uint32_t attributes_max_entries = 1;
  // Flows of one generation at most, where config.flows says that they are counted.
  uint32_t flows_max_entries = 1;
  // Everything that the kernel side is told; rows and cpus are worked out here.
  dropreason_config config{};
  std::optional<PinOptions> pin;
};

// Which failed calls the program at the return of all system calls counts.
struct Calls {
  bool connect = false;
  bool accept = false;
};

struct Interface {
  dropreason_interface key;
  dropreason_interface_name value;
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

// The maps, and the programs attached to count into them. Knows nothing of JavaScript.
class Probe {
 public:
  // How it came by its maps; the names are those of index.d.ts.
  enum class Origin { kNew, kTakenOver, kReplaced, kIncomplete };

  explicit Probe(const ProbeOptions& options);

  // All or none: what was attached of a group that fails is detached again.
  void attach(const std::vector<Attachment>& group, const Calls& calls);
  // Has the kernel refuse writes by any process to all maps that this one only reads; programs go on writing.
  void freeze();
  std::vector<Row> entries(const std::string& map) const;
  // What rows had counted that have ended.
  std::vector<Row> remainders() const { return generations_->remainders(); }
  // Ends rows of `entries`. Not while `drain` is under way.
  void end_rows(const std::vector<dropreason_key>& keys) { generations_->fold(keys); }
  // The flows of the generation, where they are counted. From any thread, one at a time. Throws kMap.
  Flows drain() { return generations_->drain(); }
  std::vector<Interface> interfaces() const;
  std::vector<Stack> stacks() const;
  std::vector<ProgramStatistics> statistics() const;
  std::vector<MapUse> maps() const;

  uint32_t cpus() const { return cpus_; }
  uint32_t rows() const { return rows_; }
  Origin origin() const { return origin_; }
  // The first pin that was missing, where that is why what was pinned was removed; else empty.
  const std::string& missing() const { return missing_; }
  // When counting began, in milliseconds since the epoch.
  uint64_t start_time_millis() const { return identity_.start_time_millis; }
  const std::vector<Attached>& attached() const { return attached_; }
  // When the row was made, in milliseconds since the epoch: by the clock as it was when counting began.
  uint64_t since_millis(const dropreason_entry& entry) const;
  // Live, or where flows are counted as of the last end of a generation.
  const std::shared_ptr<Mapping>& counters() const { return counters_ ? counters_ : generations_->counters(); }

 private:
  struct CloseObject {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  using Object = std::unique_ptr<bpf_object, CloseObject>;

  Object open(const Calls& calls, const std::vector<Attachment>& group) const;
  Object load(const Calls& calls, const std::vector<Attachment>& group) const;
  bool take_over();
  std::string missing_pin(const std::vector<std::string>& names) const;
  void pin_maps();
  void size_maps();
  bool is_attached(const Attachment& attachment) const;
  bpf_map* map(const char* name) const;
  const PinDirectory* pins() const { return pins_ ? &*pins_ : nullptr; }

  uint32_t cpus_;
  uint32_t rows_;
  ProbeOptions options_;
  Origin origin_ = Origin::kNew;
  std::string missing_;
  // Its times are those of this process where nothing is pinned.
  dropreason_identity identity_{};
  // Freed from the last to the first: the programs' links, the mapping, the maps, the right to the pins.
  std::optional<PinDirectory> pins_;
  Object maps_;
  std::shared_ptr<Mapping> counters_;
  std::optional<Generations> generations_;
  std::vector<Attached> attached_;
};

}  // namespace dropreason
