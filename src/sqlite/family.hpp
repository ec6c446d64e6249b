// The open connections of this process, so that a child made by fork leaves them alone.
//
// A connection belongs to the process that opened it. A copy in a child would share the turn at the
// gate with its parent, and could damage the file by rolling back what is not its own.
#pragma once

namespace tiebreak::sqlite {

// Part of whatever must not be used by a child; `left_behind` runs in the child, inside fork, where
// only what is safe in a signal handler may be done.
class family_member {
public:
    family_member();
    family_member(family_member const&) = delete;
    family_member& operator=(family_member const&) = delete;

    virtual void left_behind() noexcept = 0;

protected:
    ~family_member();

private:
    friend struct family;

    family_member* previous_ = nullptr;
    family_member* next_ = nullptr;
};

}  // namespace tiebreak::sqlite
