//! What a condition may not say: the kind of fault, its place, and that message and help are there.

use super::super::FaultKind::{self, Limit, Syntax, Type, UnknownName};
use super::fault;

fn check(cases: &[(&str, FaultKind, usize, usize)]) {
    for (source, kind, line, column) in cases {
        let fault = fault(source);
        assert_eq!(
            (fault.kind, fault.line, fault.column),
            (*kind, *line, *column),
            "{source}: {fault}"
        );
        assert!(!fault.help.is_empty(), "{source}");
    }
}

#[test]
fn what_is_not_an_expression_is_refused() {
    check(&[
        ("", Syntax, 1, 1),
        ("  \n ", Syntax, 1, 1),
        ("record.city = 'x'", Syntax, 1, 13),
        ("record.vip & true", Syntax, 1, 12),
        ("record.vip | true", Syntax, 1, 12),
        ("record.vip and true", Syntax, 1, 12),
        ("not record.vip", Syntax, 1, 5),
        ("record.city <> 'x'", Syntax, 1, 14),
        ("true &&", Syntax, 1, 8),
        ("true && \n", Syntax, 1, 8),
        ("&& true", Syntax, 1, 1),
        ("true true", Syntax, 1, 6),
        ("(true", Syntax, 1, 6),
        ("true)", Syntax, 1, 5),
        ("(true]", Syntax, 1, 6),
        ("()", Syntax, 1, 2),
        ("1 in [,]", Syntax, 1, 7),
        ("1 in [1,,]", Syntax, 1, 9),
        ("size('a',) == 1", Syntax, 1, 10),
        ("size('a' == 1", Syntax, 1, 14),
        ("record. == 1", Syntax, 1, 9),
        ("record.", Syntax, 1, 8),
        (".record.vip", Syntax, 1, 1),
        ("record..vip", Syntax, 1, 8),
        ("record.in == 1", Syntax, 1, 8),
        ("record.true", Syntax, 1, 8),
        ("record.vip // it is", Syntax, 1, 12),
        ("record.vip # it is", Syntax, 1, 12),
        ("Ä", Syntax, 1, 1),
        ("'é' == ‘é’", Syntax, 1, 8),
        ("true;", Syntax, 1, 5),
        ("true\u{a0}", Syntax, 1, 5),
        ("true\n && 'ü' == é", Syntax, 2, 12),
        ("a.b('x'", Syntax, 1, 8),
        ("1(2)", Syntax, 1, 2),
        ("record.size()()", Syntax, 1, 14),
    ]);
}

#[test]
fn the_rest_of_cel_is_refused() {
    check(&[
        ("record.vip ? true : false", Syntax, 1, 12),
        ("record.tags[0] == 'a'", Syntax, 1, 12),
        ("(record.tags[0]) == 'a'", Syntax, 1, 13),
        ("{'a': 1} == {}", Syntax, 1, 1),
        ("record.age * 2 == 2", Syntax, 1, 12),
        ("record.age / 2 == 2", Syntax, 1, 12),
        ("record.age % 2 == 2", Syntax, 1, 12),
        ("null == null", Syntax, 1, 1),
        ("record.tags.all(t, t == 'a')", Syntax, 1, 13),
        ("record.tags.exists(t, t == 'a')", Syntax, 1, 13),
        ("record.tags.exists_one(t, t == 'a')", Syntax, 1, 13),
        ("size(record.tags.map(t, t)) == 1", Syntax, 1, 18),
        ("size(record.tags.filter(t, true)) == 1", Syntax, 1, 18),
        ("record.?city == 'a'", Syntax, 1, 8),
        ("record.`city` == 'a'", Syntax, 1, 8),
        ("if", Syntax, 1, 1),
        ("package.x == 1", Syntax, 1, 1),
        ("while(true)", Syntax, 1, 1),
        ("1u == 1", Syntax, 1, 1),
        ("0x1F == 31", Syntax, 1, 1),
        ("r'a' == 'a'", Syntax, 1, 2),
        ("b'a' == 'a'", Syntax, 1, 2),
        ("'''a''' == 'a'", Syntax, 1, 3),
        ("record.name.matches('^a')", Type, 1, 13),
        ("matches(record.name, '^a')", Type, 1, 1),
        ("int(record.score) == 1", Type, 1, 1),
        ("string(record.age) == '1'", Type, 1, 1),
        ("record.born.getHours() == 1", Type, 1, 13),
        ("type(1) == 2", Type, 1, 1),
    ]);
}

#[test]
fn literals_are_as_written_down_in_the_contract() {
    check(&[
        ("9223372036854775808 == 1", Syntax, 1, 1),
        ("-(9223372036854775808) == 1", Syntax, 1, 3),
        ("1 - 9223372036854775808 == 1", Syntax, 1, 5),
        ("--9223372036854775808 == 1", Syntax, 1, 3),
        ("-9223372036854775809 == 1", Syntax, 1, 2),
        ("99999999999999999999999 == 1", Syntax, 1, 1),
        ("1e999 == 1.0", Syntax, 1, 1),
        (".5 == 0.5", Syntax, 1, 1),
        ("1. == 1.0", Syntax, 1, 4),
        ("1e == 1.0", Syntax, 1, 2),
        ("1.5.2 == 1.0", Syntax, 1, 5),
        ("'a", Syntax, 1, 1),
        ("'a\nb' == 'a'", Syntax, 1, 1),
        ("'a\"", Syntax, 1, 1),
        ("'\\", Syntax, 1, 2),
        ("'\\a' == 'a'", Syntax, 1, 2),
        ("'\\x41' == 'a'", Syntax, 1, 2),
        ("'\\101' == 'a'", Syntax, 1, 2),
        ("'\\U00000041' == 'a'", Syntax, 1, 2),
        ("'\\u04' == 'a'", Syntax, 1, 2),
        ("'\\u+041' == 'a'", Syntax, 1, 2),
        ("'a\\ud83d\\ude00' == 'a'", Syntax, 1, 3),
    ]);
}

#[test]
fn types_must_fit_their_operators() {
    check(&[
        ("1", Type, 1, 1),
        ("record.city", Type, 1, 1),
        ("record.age + 1", Type, 1, 12),
        ("1 == 1.0", Type, 1, 3),
        ("record.score == 1", Type, 1, 14),
        ("record.age < 1.5", Type, 1, 12),
        ("record.age == '1'", Type, 1, 12),
        ("record.born == '2026-12-01T00:00:00Z'", Type, 1, 13),
        ("record.born > now - now", Type, 1, 13),
        ("record.tags == record.tags", Type, 1, 13),
        ("record.tags == ['a']", Type, 1, 16),
        ("record.tags != 'a'", Type, 1, 13),
        ("true < false", Type, 1, 6),
        ("record.tags < record.tags", Type, 1, 13),
        ("1 < 2 < 3", Type, 1, 7),
        ("1 && true", Type, 1, 1),
        ("true || 'a'", Type, 1, 9),
        ("!1", Type, 1, 1),
        ("!record.city == 'Berlin'", Type, 1, 1),
        ("-true", Type, 1, 1),
        ("-'a' == 'a'", Type, 1, 1),
        ("-duration('1h') < duration('1h')", Type, 1, 1),
        ("'a' + 'b' == 'ab'", Type, 1, 5),
        ("size(record.tags + ['a']) == 1", Type, 1, 20),
        ("size(record.tags + record.tags) == 1", Type, 1, 18),
        ("1 + 1.0 == 2.0", Type, 1, 3),
        ("now + now == now", Type, 1, 5),
        ("duration('1h') - now == now", Type, 1, 16),
        ("now + 1 == now", Type, 1, 5),
        ("true + true == 2", Type, 1, 6),
        ("'a' in 'abc'", Type, 1, 5),
        ("'a' in [1]", Type, 1, 5),
        ("1 in [1.0]", Type, 1, 3),
        ("1 in record.tags", Type, 1, 3),
        ("1 in [1, '2']", Type, 1, 10),
        ("1 in [[1]]", Type, 1, 7),
        ("'a' in [record.tags]", Type, 1, 9),
        ("record.tags in [['a']]", Type, 1, 17),
        ("record.tags in record.tags", Type, 1, 13),
        ("['a'] in record.tags", Type, 1, 1),
        ("'a' in record", Type, 1, 5),
        ("record.age.startsWith('1')", Type, 1, 1),
        ("record.city.startsWith(1)", Type, 1, 24),
        ("record.tags.contains('a')", Type, 1, 1),
        ("record.city.contains()", Type, 1, 13),
        ("record.city.contains('a', 'b')", Type, 1, 13),
        ("contains(record.city, 'a')", Type, 1, 1),
        ("size(1) == 1", Type, 1, 6),
        ("size() == 1", Type, 1, 1),
        ("size('a', 'b') == 1", Type, 1, 1),
        ("'a'.size(1) == 1", Type, 1, 5),
        ("size(size('a')) == 1", Type, 1, 6),
        ("size(record) == 1", Type, 1, 6),
        ("user == user", Type, 1, 1),
        ("user.attributes == 'a'", Type, 1, 1),
        ("record.foo() == 1", Type, 1, 8),
        ("record.city.length == 1", Type, 1, 13),
        ("['a'].length == 1", Type, 1, 7),
        ("now.year == 1", Type, 1, 5),
        ("city == 'Berlin'", Type, 1, 1),
        ("foo.bar.baz == 1", Type, 1, 1),
        ("TRUE", Type, 1, 1),
    ]);
}

#[test]
fn moments_and_durations_are_read_when_the_condition_is_compiled() {
    check(&[
        ("record.born < timestamp('2026-02-30T00:00:00Z')", Type, 1, 25),
        ("record.born < timestamp('2026-12-01T00:00:00.5Z')", Type, 1, 25),
        ("record.born < timestamp('2026-12-01')", Type, 1, 25),
        ("record.born < timestamp(record.city)", Type, 1, 25),
        ("record.born < timestamp(record.born)", Type, 1, 25),
        ("record.born < timestamp(0)", Type, 1, 25),
        ("record.born < '2026-12-01T00:00:00Z'.timestamp()", Type, 1, 38),
        ("now - now < duration('')", Type, 1, 22),
        ("now - now < duration('-')", Type, 1, 22),
        ("now - now < duration('0s')", Type, 1, 22),
        ("now - now < duration('1.5h')", Type, 1, 22),
        ("now - now < duration('1d')", Type, 1, 22),
        ("now - now < duration('1m1h')", Type, 1, 22),
        ("now - now < duration('1ms')", Type, 1, 22),
        ("now - now < duration('--1h')", Type, 1, 22),
        ("now - now < duration('+1h')", Type, 1, 22),
        ("now - now < duration('1h-1m')", Type, 1, 22),
        ("now - now < duration('87600h1s')", Type, 1, 22),
        ("now - now < duration('87601h')", Type, 1, 22),
        ("now - now < duration('-87601h')", Type, 1, 22),
        ("now - now < duration('10000h1h')", Type, 1, 22),
        ("now - now < duration('+1234h')", Type, 1, 22),
        ("now - now < duration('000001h')", Type, 1, 22),
        ("now - now < duration('100000h')", Type, 1, 22),
        ("now - now < duration('100000m')", Type, 1, 22),
        ("now - now < duration(user.name)", Type, 1, 22),
        ("now - now < duration('1h', '1h')", Type, 1, 13),
    ]);
}

#[test]
fn has_takes_one_attribute() {
    check(&[
        ("has()", Syntax, 1, 1),
        ("has(record)", Syntax, 1, 1),
        ("has('a')", Syntax, 1, 1),
        ("has(record.city, record.name)", Syntax, 1, 1),
        ("has(record.city.size())", Syntax, 1, 1),
        ("has(record.city == 'a')", Syntax, 1, 1),
        ("has(user.attributes)", Type, 1, 5),
        ("has(now.x)", Type, 1, 9),
        ("has(record.city.x)", Type, 1, 17),
        ("has(record.zzz)", UnknownName, 1, 12),
        ("record.has(city)", Type, 1, 12),
    ]);
}

#[test]
fn unknown_attributes_are_their_own_kind() {
    check(&[
        ("record.zzz == 1", UnknownName, 1, 8),
        ("\n  record.vip\n  && record.zzz", UnknownName, 3, 13),
        ("user.zzz == 'a'", UnknownName, 1, 6),
        ("user.department == 'a'", UnknownName, 1, 6),
        ("user.attributes.zzz == 'a'", UnknownName, 1, 17),
        ("record.attributes.x == 'a'", UnknownName, 1, 8),
        ("record.if == 1", UnknownName, 1, 8),
        ("record.City == 'a'", UnknownName, 1, 8),
    ]);
}

#[test]
fn the_first_fault_wins() {
    check(&[
        // syntax before types
        ("record.zzz == 1 && (", Syntax, 1, 21),
        ("record.zzz == 1 && record.tags.all(t, true)", Syntax, 1, 32),
        ("1 + 'a' ==", Syntax, 1, 11),
        // operands from left to right, before their operator
        ("1 == 1.0 && record.zzz", Type, 1, 3),
        ("record.zzz && 1 == 1.0", UnknownName, 1, 8),
        ("1 && record.zzz", UnknownName, 1, 13),
        ("foo(record.zzz)", UnknownName, 1, 12),
        ("record.zzz.foo(1 == 1.0)", UnknownName, 1, 8),
        ("record.city.foo(1 == 1.0)", Type, 1, 19),
        ("duration(record.zzz) > duration('1h')", UnknownName, 1, 17),
        ("record.zzz in [1, 'a']", UnknownName, 1, 8),
        ("1.0 in [1, 'a']", Type, 1, 12),
        ("-record.zzz + true", UnknownName, 1, 9),
        ("record.zzz.a.b", UnknownName, 1, 8),
    ]);
}

#[test]
fn limits_are_counted_before_parsing() {
    let bytes = format!("record.vip{}", " ".repeat(991));
    let wide = format!("'{}' == 'ä'", "ä".repeat(496));
    let tokens = format!("true{}", " && true".repeat(32));
    let signs = "-".repeat(65);
    let items = format!("1 in [{}]", "1,".repeat(63));
    let names = "a ".repeat(65);
    let depth = format!("{}true{}", "(".repeat(17), ")".repeat(17));
    let brackets = format!("{}size([1]) == 1{}", "(".repeat(15), ")".repeat(15));
    check(&[
        (&bytes, Limit, 1, 1_001),
        (&wide, Limit, 1, 504),
        (&tokens, Limit, 1, 257),
        (&signs, Limit, 1, 65),
        (&items, Limit, 1, 131),
        (&names, Limit, 1, 129),
        (&depth, Limit, 1, 17),
        (&brackets, Limit, 1, 21),
        // the parser never sees a condition beyond a limit, the lexer stops at what comes first
        (&format!(") {tokens}"), Limit, 1, 259),
        (&format!("§ {tokens}"), Syntax, 1, 1),
    ]);
}

#[test]
fn the_help_says_what_to_write_instead() {
    for (source, help) in [
        ("record.city = 'x'", "write `==`"),
        ("record.vip and true", "write `&&`"),
        ("record.vip or true", "write `||`"),
        ("record.city == 'a' not", "write `!`"),
        ("1 == 1.0", "write both as Double: `1.0`"),
        ("record.age == 1.0", "write both as Int"),
        ("record.age == record.score", "declare both fields with one type"),
        ("record.name.matches('a')", "`.startsWith()`, `.endsWith()`"),
        ("lower(record.name) == 'a'", "the functions are"),
        (
            "record.born > '2026-12-01T00:00:00Z'",
            "`timestamp('2026-12-01T00:00:00Z')`",
        ),
        ("record.tags.contains('a')", "`'a' in list`"),
        ("record.tags == 'a'", "`'a' in record.organizations`"),
        ("record.vip ? true : false", "`a && b || !a && c`"),
        ("record.tags[0] == 'a'", "'a' in record.organizations"),
        ("city == 'a'", "write `record.city`"),
        ("null == record.city", "`!has(record.x)`"),
        ("!record.city == 'a'", "parentheses"),
        (".5 == record.score", "`0.5`"),
        ("record.zzz == 1", "`spec.objects`"),
        ("user.attributes.zzz == '1'", "`spec.accounts.attributes`"),
        ("user.zzz == '1'", "`groups`"),
        ("startsWith(record.city, 'a')", "write `text.startsWith('part')`"),
        ("int(record.city) == 1", "nothing converts"),
        ("'24h'.duration() == now - now", "write `duration(...)`"),
        ("record.name.matches('a')", "regular expressions"),
        ("record.tags.startsWith('a')", "ask for one item"),
        ("record.score == 1.5u", "join both sides"),
        ("-duration('1h') < now - now", "write the sign into it"),
        ("'a' + 'b' == 'ab'", "texts are not joined"),
        ("now + now == now", "add a duration"),
        ("now + 5 == now", "write it as a duration"),
        ("now - 1.5 == now", "write it as a duration"),
        ("duration('1h') - now == now", "put the Timestamp first"),
        ("'a' in record.city", "`text.contains('part')`"),
        ("1 in record.age", "put a list behind it"),
        ("record.city == 1", "put both in quotes"),
        ("record.city == 1.5", "put both in quotes"),
        ("record.city == true", "put both in quotes"),
        ("record.vip == 1", "use values of one type"),
        ("record.born == duration('1h')", "subtract one Timestamp"),
        ("now - now == '1h'", "`duration('24h')`"),
        ("record.age == -1.5", "write both as Int"),
        ("record.age is 1", "write `==`"),
        ("record.age eq 1", "write `==`"),
        ("record.5 == 1", "digits on both sides"),
        ("record.in == 1", "a word of CEL"),
    ] {
        let fault = fault(source);
        assert!(fault.help.contains(help), "{source}: {fault}");
    }
    assert_eq!(fault("record.city == ‘x’").help, "put a text in `'` or `\"`");
}

#[test]
fn the_message_names_what_was_found() {
    for (source, found) in [
        ("lower(record.name) == 'a'", "`lower()`"),
        ("'a'.lower() == 'a'", "`.lower()`"),
        ("record.tags.size(1) == 1", "`.size()` takes no argument"),
        ("now < timestamp('soon')", "`soon` is no moment"),
        ("()", "found `)`"),
        ("true && == 1", "found `==`"),
        ("1 1", "found `1`"),
        ("!record.age", "`!` takes a Bool, this is an Int"),
        ("-record.city < 'a'", "this is a String"),
        ("record.vip < true", "`<` does not compare one Bool with another"),
        (
            "record.city >= 1",
            "`>=` compares equal types, not a String with an Int",
        ),
        ("now + now == now", "`+` does not take a Timestamp and a Timestamp"),
        ("1 - 'a' == 1", "`-` does not take an Int and a String"),
        ("record == 1", "`record` by itself has no place here"),
        ("size(record.age) == 1", "this is `record.age`, an Int"),
        ("size(user.name == 'a') == 1", "this is a Bool"),
        ("duration(user.name) < now - now", "this is `user.name`, a String"),
    ] {
        let fault = fault(source);
        assert!(fault.message.contains(found), "{source}: {fault}");
    }
}

#[test]
fn a_fault_is_bounded_and_printable() {
    let name = "x".repeat(900);
    for source in [
        format!("record.{name}"),
        format!("{name} == 1"),
        "1".repeat(900),
        format!("{name}()"),
        format!("now > timestamp('{name}')"),
        "\u{202e}".into(),
        "\u{0}".into(),
        "now > timestamp('\u{202e}\u{7}')".into(),
    ] {
        let fault = fault(&source);
        assert!(fault.message.chars().count() < 150, "{fault}");
        assert!(!fault.message.contains(['\u{202e}', '\u{0}', '\u{7}']), "{fault}");
    }
}
