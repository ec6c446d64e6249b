// What is guaranteed on a database and what weakens it, in sentences for people.
#include "sqlite/checks.hpp"

#include "sqlite/connection.hpp"
#include "sqlite/opening.hpp"

#include <sqlite3.h>

#include <array>
#include <stdexcept>
#include <sys/vfs.h>

namespace tiebreak::sqlite {

namespace {

struct file_system {
    unsigned long magic;
    char const* weakness;
};

constexpr char const* network = "the file is on a network file system: its locks and the "
                                "write-ahead log are not reliable there";

constexpr std::array file_systems{
    file_system{0x6969, network},      // NFS
    file_system{0x517B, network},      // SMB
    file_system{0xFF534D42, network},  // CIFS
    file_system{0xFE534D42, network},  // SMB2
    file_system{0x01021997, network},  // 9P
    file_system{0x00C36400, network},  // Ceph
    file_system{0x47504653, network},  // GPFS
    file_system{0x0BD00BD0, network},  // Lustre
    file_system{0x01021994, "the file is on tmpfs: it is lost when the machine restarts"},
    file_system{
        0x65735546,
        "the file is on a FUSE file system: whether locks and flushes are real depends on it"},
};

class report {
public:
    void holds(std::string text) { findings_.push_back({false, std::move(text)}); }

    void weakened(std::string text) { findings_.push_back({true, std::move(text)}); }

    [[nodiscard]] std::vector<sql::finding> take() { return std::move(findings_); }

private:
    std::vector<sql::finding> findings_;
};

void check_durability(report& to, sqlite3* on, bool in_memory)
{
    if (in_memory) {
        to.weakened("the database is in memory: it ends with the process");
        return;
    }
    if (has_write_ahead_log(on))
        to.holds("readers and the writer do not wait for each other (write-ahead log)");
    else
        to.weakened("there is no write-ahead log: readers and the writer wait for each other");
    if (ask(on, "PRAGMA synchronous") == "2")
        to.holds("a commit survives a power cut once it is answered (synchronous=FULL)");
    else
        to.weakened("synchronous=NORMAL: a power cut can lose the last commits; the end of a "
                    "process cannot");
}

void check_gate(report& to, options const& how, gate const* turns)
{
    if (turns == nullptr && !how.gate)
        to.weakened("the gate is off: a writer among many can wait until its deadline");
    else if (turns != nullptr && turns->in_use())
        to.holds("writers of all processes take turns (file " + turns->file() + ")");
    else if (turns != nullptr)
        to.weakened("writers do not take turns, one among many can wait until its deadline (" +
                    turns->why_not() + ")");
}

void check_file_system(report& to, std::string const& path)
{
    struct statfs about {};

    if (::statfs(path.c_str(), &about) != 0) {
        to.weakened("the file system cannot be told");
        return;
    }
    for (auto const& one : file_systems)
        if (one.magic == static_cast<unsigned long>(about.f_type) % 0x1'0000'0000UL)
            to.weakened(one.weakness);
    auto const free = about.f_bavail * static_cast<unsigned long>(about.f_bsize);
    constexpr unsigned long little = 100UL << 20U;
    if (free < little)
        to.weakened("the disk is almost full: " + std::to_string(free >> 20U) + " MB are left");
}

void check_content(report& to, sqlite3* on)
{
    auto const damage = ask(on, "PRAGMA quick_check(1)");
    if (damage == "ok")
        to.holds("the file is not damaged (quick check)");
    else
        to.weakened("the file is damaged: " + damage);
    auto const strays = ask(on, "SELECT count(*) FROM pragma_foreign_key_check");
    if (strays == "0")
        to.holds("references between rows are kept, and all are whole (foreign keys)");
    else
        to.weakened(strays + " references between rows lead nowhere, written while foreign keys "
                             "were off");
}

}  // namespace

std::vector<sql::finding> check(sql::connection& of)
{
    auto* const mine = dynamic_cast<connection*>(&of);
    if (mine == nullptr)
        throw std::invalid_argument("the connection is not one of SQLite");
    auto* const on = mine->handle();
    auto const& how = mine->opened_with();
    report to;
    to.holds("SQLite " + mine->engine_version() +
             ": one writer at a time, so every isolation level is at least kept");
    check_durability(to, on, is_in_memory(how));
    if (!is_in_memory(how)) {
        check_gate(to, how, mine->turns());
        check_file_system(to, sqlite3_db_filename(on, "main"));
    }
    try {
        check_content(to, on);
    } catch (error const& e) {
        to.weakened(std::string(e.what()) + " (" + std::string(e.server_message()) + ")");
    }
    return to.take();
}

}  // namespace tiebreak::sqlite
