/// \file
/// A part of a unit of work that can be undone on its own.
#pragma once

#include <memory>

namespace tiebreak {

class unit_of_work;

/// Survives an error: rolls what came after it back, in the database and in the unit's objects.
/// Left by an exception, it rolls back; left normally, it keeps what was done. Must not outlive
/// its unit. Savepoints nest; the inner ones end with the outer.
class savepoint {
public:
    savepoint(savepoint const&) = delete;
    savepoint& operator=(savepoint const&) = delete;
    ~savepoint();

    /// Undoes everything since the savepoint; objects loaded before it hold what they held then,
    /// objects loaded or added since are no longer tracked. The unit can be used again, unless the
    /// engine has rolled the whole transaction back: then `transaction_aborted`. Two statements.
    void rollback();

    /// Keeps what was done. One statement. Called by the destructor when no exception is flying.
    void release();

private:
    friend class unit_of_work;
    struct state;
    explicit savepoint(std::unique_ptr<state> begun);
    std::unique_ptr<state> state_;
};

}  // namespace tiebreak
