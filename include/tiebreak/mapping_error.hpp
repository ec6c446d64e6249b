/// \file
/// What a wrong mapping says. The assertion stands inside a template named after the mistake, so
/// that the compiler's first lines name the entity and the member.
#pragma once

namespace tiebreak::mapping_error {

template <bool Ok, class Entity>
struct entity_is_not_described {
    static_assert(Ok,
                  "this struct is not described: add BOOST_DESCRIBE_STRUCT(T, (), (members…)) "
                  "after it, in its namespace");
};

template <bool Ok, class Entity>
struct entity_has_no_mapping {
    static_assert(Ok,
                  "this struct has no mapping: add constexpr auto mapping_of(T const*) beside "
                  "it, returning tiebreak::map<T>(\"table\", …)");
};

template <bool Ok, class Entity>
struct entity_has_no_key {
    static_assert(Ok,
                  "this entity has no key: add tiebreak::key<&T::member> or "
                  "tiebreak::generated_key<&T::member> to its mapping");
};

template <bool Ok, class Entity>
struct entity_has_two_keys {
    static_assert(Ok, "this entity has two keys: keep one; key<&T::a, &T::b> is a composite key");
};

template <bool Ok, class Entity>
struct entity_has_two_versions {
    static_assert(Ok,
                  "this entity has more than one version member: keep one, or name the others "
                  "in tiebreak::ignored<>");
};

template <bool Ok, class Entity>
struct entity_has_a_member_that_is_neither_described_nor_ignored {
    static_assert(Ok,
                  "a member of this struct is missing in BOOST_DESCRIBE_STRUCT: describe it, "
                  "or name it in tiebreak::ignored<>");
};

template <bool Ok, class Entity>
struct entity_has_too_many_members {
    static_assert(Ok, "an entity has at most 64 stored members");
};

template <bool Ok, class Entity, class Type, auto Member>
struct member_has_a_type_that_cannot_be_stored {
    static_assert(Ok,
                  "this member's type has no column type: use a stored type, name the member "
                  "in tiebreak::ignored<>, or specialise tiebreak::field_type");
};

template <bool Ok, class Entity, class Type>
struct key_has_a_type_that_cannot_be_a_key {
    static_assert(Ok,
                  "a key is an integer, string, blob, enum or time; a generated key is an "
                  "integer; neither is optional, real or a version");
};

template <bool Ok, class Entity>
struct first_version_does_not_fit {
    static_assert(Ok, "first_version<N> needs a counter version whose type holds N");
};

template <bool Ok, class Entity, auto Member>
struct mapping_names_a_member_that_is_not_stored {
    static_assert(Ok, "the mapping names a member that is not described or is ignored");
};

}  // namespace tiebreak::mapping_error
