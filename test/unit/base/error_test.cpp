// Errors: total tables, messages without data, shared content.
#include <tiebreak/conflict.hpp>
#include <tiebreak/error.hpp>
#include <tiebreak/field_type.hpp>

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace tiebreak {
namespace {

std::vector<errc> every_code()
{
    std::vector<errc> codes;
    for (int i = 1; i <= static_cast<int>(errc::backend_failure); ++i)
        codes.push_back(static_cast<errc>(i));
    return codes;
}

conflict coupon_conflict()
{
    return {.entity = "coupon",
            .table = "shop_coupons",
            .key = "secret@example.org",
            .kind = conflict_kind::changed,
            .expected_version = 3,
            .actual_version = 4};
}

TEST(Error, EveryCodeHasItsOwnName)
{
    std::set<std::string_view> names;
    for (auto const code : every_code())
        names.insert(name_of(code));
    EXPECT_EQ(names.size(), every_code().size());
    EXPECT_EQ(names.count("unknown"), 0U);
    EXPECT_EQ(name_of(errc::stale_version), "stale_version");
    EXPECT_EQ(name_of(errc::backend_failure), "backend_failure");
    EXPECT_EQ(name_of(static_cast<errc>(0)), "unknown");
    EXPECT_EQ(name_of(static_cast<errc>(200)), "unknown");
}

TEST(Error, ReactionsInsideATransactionAreThoseOfTheDesign)
{
    struct row {
        errc code;
        reaction expected;
    };

    std::vector<row> const table{
        {errc::stale_version, reaction::rerun},
        {errc::precondition_failed, reaction::give_up},
        {errc::not_found, reaction::give_up},
        {errc::already_exists, reaction::give_up},
        {errc::constraint_violated, reaction::give_up},
        {errc::transaction_aborted, reaction::rerun_after_pause},
        {errc::lock_timeout, reaction::rerun_after_pause},
        {errc::unavailable, reaction::reconnect_and_rerun},
        {errc::commit_unknown, reaction::resolve},
        {errc::deadline_exceeded, reaction::give_up},
        {errc::attempts_exhausted, reaction::give_up},
        {errc::lease_lost, reaction::stop_work},
        {errc::version_exhausted, reaction::give_up},
        {errc::unsupported, reaction::give_up},
        {errc::unsafe_settings, reaction::give_up},
        {errc::backend_failure, reaction::give_up},
    };
    ASSERT_EQ(table.size(), every_code().size());
    for (auto const& [code, expected] : table)
        EXPECT_EQ(reaction_to(code, phase::in_transaction), expected) << name_of(code);
}

TEST(Error, AConnectionLostAfterCommitWasSentIsResolvedNotRerun)
{
    EXPECT_EQ(reaction_to(errc::unavailable, phase::commit_sent), reaction::resolve);
    EXPECT_EQ(reaction_to(errc::deadline_exceeded, phase::commit_sent), reaction::resolve);
    EXPECT_EQ(reaction_to(errc::transaction_aborted, phase::commit_sent),
              reaction::rerun_after_pause);
    EXPECT_EQ(reaction_to(errc::unavailable, phase::connecting), reaction::reconnect_and_rerun);
}

TEST(Error, ConflictMessageNamesTheEntityButNotTheKey)
{
    for (auto const code : {errc::stale_version, errc::precondition_failed}) {
        error const lost{code, coupon_conflict()};
        std::string const message = lost.what();
        EXPECT_NE(message.find("coupon"), std::string::npos);
        EXPECT_EQ(message.find("secret"), std::string::npos);
        EXPECT_EQ(message.find("shop_"), std::string::npos);
        ASSERT_NE(lost.what_conflicted(), nullptr);
        EXPECT_EQ(lost.what_conflicted()->key, "secret@example.org");
        EXPECT_EQ(lost.what_conflicted()->expected_version, 3);
    }
}

TEST(Error, ServerMessageStaysOutOfWhat)
{
    error const failed{errc::backend_failure, "the statement is wrong", "near \"secret\": syntax"};
    EXPECT_STREQ(failed.what(), "the statement is wrong");
    EXPECT_EQ(failed.server_message(), "near \"secret\": syntax");
    EXPECT_EQ(failed.what_conflicted(), nullptr);
    EXPECT_EQ(failed.last(), nullptr);
    EXPECT_EQ(failed.attempts(), 0);
}

TEST(Error, EndOfASeriesCarriesCountAndLastConflict)
{
    error const last{errc::stale_version, coupon_conflict()};
    error const ended{errc::attempts_exhausted, 3, last};
    EXPECT_EQ(ended.code(), errc::attempts_exhausted);
    EXPECT_EQ(ended.attempts(), 3);
    ASSERT_NE(ended.last(), nullptr);
    EXPECT_EQ(ended.last()->code(), errc::stale_version);
    ASSERT_NE(ended.what_conflicted(), nullptr);
    EXPECT_EQ(ended.what_conflicted()->entity, "coupon");
    EXPECT_NE(std::string{ended.what()}.find("3 attempts"), std::string::npos);
}

TEST(Error, SeenInChangesOnlyTheCopy)
{
    error const lost{errc::unavailable, "the server closed the connection", "EOF"};
    error const later = lost.seen_in(phase::commit_sent);
    EXPECT_EQ(lost.when(), phase::in_transaction);
    EXPECT_EQ(later.when(), phase::commit_sent);
    EXPECT_EQ(later.code(), errc::unavailable);
    EXPECT_STREQ(later.what(), lost.what());
}

TEST(Error, CopiesShareTheirContentAndNeverThrow)
{
    static_assert(std::is_nothrow_copy_constructible_v<error>);
    static_assert(std::is_nothrow_copy_assignable_v<error>);
    auto original = std::make_unique<error>(errc::not_found, "there is no such coupon");
    error const copy = *original;
    EXPECT_EQ(copy.what(), original->what());
    original.reset();
    EXPECT_STREQ(copy.what(), "there is no such coupon");
}

TEST(Error, WhatCannotBeStoredSaysSo)
{
    try {
        detail::throw_number_too_large();
    } catch (error const& refused) {
        EXPECT_EQ(refused.code(), errc::constraint_violated);
    }
    EXPECT_THROW(detail::throw_enumerator_without_name(), std::logic_error);
}

}  // namespace
}  // namespace tiebreak
