// Telling the process that opened a connection from a child made by fork.
//
// A copy of a connection in a child shares the socket with its parent: whatever either sends or
// reads, even the farewell when it is closed, would mix up the other's answers.
#pragma once

namespace tiebreak::mariadb {

// Counts the forks between the first process and this one. Differs from the number kept when a
// connection was opened: the connection belongs to an ancestor.
[[nodiscard]] unsigned int generation() noexcept;

}  // namespace tiebreak::mariadb
