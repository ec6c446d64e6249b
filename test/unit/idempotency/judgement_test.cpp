// Every row of the state machine, and that the request is compared before anything else.
#include "idempotency/judgement.hpp"

#include <gtest/gtest.h>

namespace tiebreak::detail {

namespace {

TEST(KeyJudgement, OfAKeyNobodyHasIsToBegin)
{
    EXPECT_EQ(judge({}), key_judgement::begin);
}

TEST(KeyJudgement, OfAnotherRequestIsReuseInEveryState)
{
    for (bool const answered : {false, true})
        for (bool const overdue : {false, true})
            for (bool const mine : {false, true})
                EXPECT_EQ(judge({.exists = true,
                                 .answered = answered,
                                 .is_overdue = overdue,
                                 .is_mine = mine}),
                          key_judgement::refuse_as_reused);
}

TEST(KeyJudgement, OfAnAnsweredKeyIsToReplayHoweverOldTheClaimWas)
{
    EXPECT_EQ(judge({.exists = true, .same_request = true, .answered = true}),
              key_judgement::replay);
    EXPECT_EQ(judge({.exists = true, .same_request = true, .answered = true, .is_overdue = true}),
              key_judgement::replay);
}

TEST(KeyJudgement, OfAnAnswerThatThisCallWroteIsThatItWasExecuted)
{
    EXPECT_EQ(judge({.exists = true, .same_request = true, .answered = true, .is_mine = true}),
              key_judgement::answer_as_executed);
}

TEST(KeyJudgement, OfAClaimDependsOnItsDeadlineAndOwner)
{
    EXPECT_EQ(judge({.exists = true, .same_request = true}), key_judgement::report_in_progress);
    EXPECT_EQ(judge({.exists = true, .same_request = true, .is_overdue = true}),
              key_judgement::take_over);
    EXPECT_EQ(judge({.exists = true, .same_request = true, .is_mine = true}), key_judgement::go_on);
    EXPECT_EQ(judge({.exists = true, .same_request = true, .is_overdue = true, .is_mine = true}),
              key_judgement::take_over);
}

}  // namespace

}  // namespace tiebreak::detail
