/// \file
/// Where the library's few log records go: to standard error through spdlog, unless replaced.
///
/// Each record is an event name and named fields, so that a sink can write JSON or key=value.
/// No record holds a password, a token, a bound parameter or a row's content.
#pragma once

#include <functional>
#include <span>
#include <string_view>

namespace tiebreak {

/// How much a record matters.
enum class log_level : unsigned char { debug, info, warning, error };

/// One named fact; borrowed, valid during the call of the sink.
struct log_field {
    std::string_view name;   ///< for example "key"
    std::string_view value;  ///< as text
};

/// One event: for example `lost` with the fields entity, key, expected_version.
struct log_record {
    log_level level;                    ///< how much it matters
    std::string_view event;             ///< what happened, for example "lost"
    std::span<log_field const> fields;  ///< the facts
};

/// Where records go. Must not throw.
using log_sink = std::function<void(log_record const&)>;

/// Replaces the sink for the whole process; an empty function restores the default. Thread-safe;
/// a sink may be called from several threads at once and must not call the library.
void set_log_sink(log_sink sink);

/// Records below this level are not made. Default: `warning`. Thread-safe.
void set_log_level(log_level least) noexcept;

/// Hands a record to the sink, if its level is high enough. Never throws.
void log(log_level level, std::string_view event, std::span<log_field const> fields) noexcept;

}  // namespace tiebreak
