//! What conditions come to.

use super::super::Truth::{self, False, True, Unknown};
use super::truth;

const RECORD: &str = r#"{
    "id": "c-17", "creator": "bob", "organizations": ["emea", "apac"], "creatorRoles": ["forged"],
    "name": "Zoë", "city": "Berlin", "age": 42, "score": 1.5, "vip": true,
    "born": "2026-11-30T01:00:00+01:00", "tags": []
}"#;

fn check(record: &str, cases: &[(&str, Truth)]) {
    for (source, expected) in cases {
        assert_eq!(truth(source, record), *expected, "{source}");
    }
}

#[test]
fn values_are_compared_and_calculated() {
    check(
        RECORD,
        &[
            ("true", True),
            ("false", False),
            ("record.city == 'Berlin'", True),
            ("record.city != 'Berlin'", False),
            ("record.city < 'Bern'", True),
            ("record.city <= 'Berlin'", True),
            ("'é' > 'z'", True),
            ("'\\uffff' < '😀'", True),
            (
                "record.age > 41 && record.age >= 42 && record.age < 43 && record.age <= 42",
                True,
            ),
            (
                "record.age + 1 == 43 && record.age - 1 == 41 && -record.age == -42",
                True,
            ),
            (
                "record.score + 0.25 == 1.75 && -record.score < 0.0 && 0.0 == -0.0",
                True,
            ),
            ("record.vip == true && record.vip != false && !!record.vip", True),
            ("record.born == timestamp('2026-11-30T00:00:00Z')", True),
            ("now - record.born == duration('24h')", True),
            (
                "record.born + duration('24h') == now && duration('-24h') + now == record.born",
                True,
            ),
            ("now - duration('23h59m59s') > record.born", True),
            ("duration('1h') - duration('90m') == duration('-30m')", True),
            ("duration('1h') + duration('30m') < duration('5401s')", True),
            ("record.id == 'c-17' && record.creator == user.name", True),
            (
                "user.account == 'bob.smith' && user.attributes.department == 'Sales'",
                True,
            ),
        ],
    );
}

#[test]
fn texts_and_lists_are_looked_into() {
    check(
        RECORD,
        &[
            ("record.city in ['Paris', 'Berlin']", True),
            ("record.city in ['Paris']", False),
            ("record.city in []", False),
            ("record.city in ['Berlin', 'Paris', 'Berlin']", True),
            ("record.age in [40 + 2]", True),
            ("record.born in [now]", False),
            ("'emea' in record.organizations && !('x' in record.organizations)", True),
            ("'a' in record.tags", False),
            ("'launch-team' in user.groups", True),
            (
                "size(record.organizations) == 2 && record.tags.size() == 0 && size([1, 2]) == 2",
                True,
            ),
            (
                "size(record.name) == 3 && 'naïve 😀'.size() == 7 && size('') == 0",
                True,
            ),
            (
                "record.city.startsWith('Ber') && record.city.endsWith('lin') && record.city.contains('rli')",
                True,
            ),
            ("record.city.startsWith('ber')", False),
            ("record.city.contains('')", True),
        ],
    );
}

#[test]
fn the_roles_of_the_creator_are_not_read_from_the_record() {
    check(
        RECORD,
        &[
            ("'editor' in record.creatorRoles", True),
            ("'forged' in record.creatorRoles", False),
        ],
    );
}

#[test]
fn what_is_absent_or_of_another_type_is_unknown() {
    let record = r#"{"city": 7, "name": null, "age": 1.0, "visits": 1e2, "score": "1.5", "vip": "true",
        "born": "2026-12-01", "seen": 0, "tags": ["a", 1], "organizations": "emea", "owner": {}}"#;
    check(
        record,
        &[
            ("record.city == 'Berlin'", Unknown),
            ("record.city != 'Berlin'", Unknown),
            ("!(record.city == 'Berlin')", Unknown),
            ("record.name == ''", Unknown),
            ("record.age == 1", Unknown),
            ("record.visits == 100", Unknown),
            ("record.score == 1.5", Unknown),
            ("record.vip", Unknown),
            ("!record.vip", Unknown),
            ("record.born < now", Unknown),
            ("record.seen < now", Unknown),
            ("'a' in record.tags", Unknown),
            ("size(record.tags) == 2", Unknown),
            ("'emea' in record.organizations", Unknown),
            ("record.owner == user.name", Unknown),
            ("record.creator == user.name", Unknown),
            ("user.email == 'a'", Unknown),
            ("user.organization == 'a'", Unknown),
            ("user.attributes.package == 'a'", Unknown),
            ("record.city in ['a', 'b']", Unknown),
            ("record.city in []", Unknown),
            ("'a' in ['a', record.city]", Unknown),
            ("'a' in [record.city, 'a']", Unknown),
            ("size([record.city]) == 1", Unknown),
            ("size(record.city) == 1", Unknown),
            ("record.city.contains('')", Unknown),
            ("'a'.contains(record.city)", Unknown),
            ("record.age + 1 == 2", Unknown),
            ("-record.age == 2", Unknown),
        ],
    );
}

#[test]
fn has_is_never_unknown() {
    let record = r#"{"city": "Berlin", "name": null, "age": 1.0, "tags": [1], "score": 1}"#;
    check(
        record,
        &[
            ("has(record.city)", True),
            ("has(record.name)", False),
            ("has(record.age)", False),
            ("has(record.score)", True),
            ("has(record.tags)", False),
            ("has(record.vip)", False),
            ("has(record.creatorRoles)", True),
            (
                "has(user.account) && has(user.groups) && has(user.attributes.department)",
                True,
            ),
            (
                "has(user.email) || has(user.organization) || has(user.attributes.package)",
                False,
            ),
        ],
    );
}

#[test]
fn numbers_in_json_are_what_is_declared() {
    for (record, source, expected) in [
        (
            r#"{"age": 9223372036854775807}"#,
            "record.age == 9223372036854775807",
            True,
        ),
        (
            r#"{"age": -9223372036854775808}"#,
            "record.age == -9223372036854775808",
            True,
        ),
        (r#"{"age": 9223372036854775808}"#, "has(record.age)", False),
        (r#"{"age": 0.0}"#, "has(record.age)", False),
        (r#"{"age": 1E0}"#, "has(record.age)", False),
        (r#"{"score": 3}"#, "record.score == 3.0", True),
        (r#"{"score": -3e2}"#, "record.score == -300.0", True),
        (r#"{"score": 18446744073709551616}"#, "record.score > 1.8e19", True),
    ] {
        assert_eq!(truth(source, record), expected, "{source} {record}");
    }
}

#[test]
fn overflows_are_unknown() {
    let record = r#"{"age": 9223372036854775807, "visits": -9223372036854775808, "score": 1.7e308,
        "born": "0001-01-01T00:00:00Z", "seen": "9999-12-31T23:59:59Z"}"#;
    check(
        record,
        &[
            ("record.age + 1 > 0", Unknown),
            ("record.visits - 1 < 0", Unknown),
            ("-record.visits > 0", Unknown),
            ("-(-9223372036854775808) > 0", Unknown),
            ("--record.visits < 0", Unknown),
            ("record.age + -1 + 1 == record.age", True),
            ("record.score + record.score > 0.0", Unknown),
            ("-record.score - record.score < 0.0", Unknown),
            ("record.born - duration('1s') < now", Unknown),
            ("duration('-1s') + record.born < now", Unknown),
            ("record.seen + duration('1s') > now", Unknown),
            ("record.seen - now > duration('1s')", Unknown),
            ("now - timestamp('1734-08-22T00:12:44Z') > duration('1s')", True),
            ("now - timestamp('1734-08-22T00:12:43Z') > duration('1s')", Unknown),
            ("timestamp('1734-08-22T00:12:43Z') - now < duration('1s')", Unknown),
        ],
    );
}

#[test]
fn unknown_behaves_as_an_error_in_cel() {
    let words = [("true", True), ("false", False), ("record.vip", Unknown)];
    for (left, left_truth) in words {
        for (right, right_truth) in words {
            let and = match (left_truth, right_truth) {
                (False, _) | (_, False) => False,
                (True, True) => True,
                _ => Unknown,
            };
            let or = match (left_truth, right_truth) {
                (True, _) | (_, True) => True,
                (False, False) => False,
                _ => Unknown,
            };
            assert_eq!(truth(&format!("{left} && {right}"), "{}"), and, "{left} && {right}");
            assert_eq!(truth(&format!("{left} || {right}"), "{}"), or, "{left} || {right}");
        }
    }
    check(
        "{}",
        &[
            ("!record.vip", Unknown),
            ("record.vip == record.vip", Unknown),
            ("!has(record.vip) || record.vip", True),
        ],
    );
}

#[test]
fn only_a_true_condition_holds() {
    use super::{Customers, compile};
    use crate::policy::condition::{Inputs, RecordAttribute, UserAttribute, Value};

    struct Nothing;
    impl Inputs for Nothing {
        fn record(&self, _: &RecordAttribute) -> Option<Value<'_>> {
            Some(Value::Double(f64::NAN))
        }
        fn user(&self, _: &UserAttribute) -> Option<Value<'_>> {
            Some(Value::Double(f64::NAN))
        }
        fn now(&self) -> crate::api::Moment {
            crate::api::Moment::MIN
        }
    }
    for (source, holds) in [
        ("now < timestamp('0001-01-01T00:00:01Z')", true),
        ("1 > 2", false),
        ("has(user.name)", false),
        ("user.name == 'a'", false),
        ("has(record.score)", false),
        ("has(record.city)", false),
    ] {
        assert_eq!(compile(source, &Customers).unwrap().holds(&Nothing), holds, "{source}");
    }
}
