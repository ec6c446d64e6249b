// Where the race takes place: a database file for each strategy in a temporary folder, or the
// user's database, of which only tables named `tiebreak_race_…` are touched.
#pragma once

#include <tiebreak/database.hpp>

#include "race/options.hpp"
#include "race/temporary_folder.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tiebreak::race {

/// What stands before every table name.
inline constexpr std::string_view table_prefix = "tiebreak_race_";

/// Holds no database open between calls.
class venue {
public:
    /// Takes possession: on a user's database the mark table is made, or taken over from a race
    /// that has ended without removing it.
    /// \throws cannot_race: the database cannot be raced on, or its tables are not ours
    explicit venue(race_options const& options);
    venue(venue const&) = delete;
    venue& operator=(venue const&) = delete;
    /// Removes what it made unless `--keep`; see also `leave`.
    ~venue();

    /// The database in which a strategy is raced.
    [[nodiscard]] std::string url_for(std::string_view strategy) const;

    /// A temporary folder for files of the scenario, on the disk of $TMPDIR.
    [[nodiscard]] std::string const& folder() const noexcept { return folder_.path(); }

    /// Only one process can see the database.
    [[nodiscard]] bool in_memory() const noexcept { return in_memory_; }

    [[nodiscard]] bool is_temporary() const noexcept { return user_url_.empty(); }

    /// The folder of the database file; empty when there is none.
    [[nodiscard]] std::string database_folder() const;

    /// Freshly made tables without rows.
    void make_tables(database& in) const;

    /// Removes what was made, or answers what stays and how it is called when it is kept.
    std::vector<std::string> leave();

private:
    void take_possession();
    void drop_tables(database& in) const;

    temporary_folder folder_{"race"};
    std::string user_url_;
    bool in_memory_ = false;
    bool keep_ = false;
    bool mark_is_ours_ = false;
};

/// Opens a database of the venue, with its table prefix. Fails at once when that cannot be had.
[[nodiscard]] database open(std::string const& url, int connections_max);

/// The same for those who race or audit, when the tables are there: a server that is away is waited
/// for as long as a request may take, in every use of the database, and no commit on a server stays
/// unknown unless the URL says `certainty=as_answered`.
[[nodiscard]] database open_to_race(std::string const& url,
                                    race_options const& options,
                                    int connections_max,
                                    observer* watcher);

/// The same URL for another program, which then works on the venue's tables.
[[nodiscard]] std::string with_table_prefix(std::string const& url);

}  // namespace tiebreak::race
