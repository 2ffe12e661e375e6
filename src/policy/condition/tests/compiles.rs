//! What a condition may say, and the tree it becomes.

use super::super::{
    Addition, Attribute, Collection, Comparison, Expr, Literal, Measured, RecordAttribute, StringTest, Type,
    UserAttribute, compile,
};
use super::{Customers, compiled};

#[test]
fn everything_that_is_allowed_compiles() {
    for source in [
        "true",
        "record.vip",
        "record.vip && !record.vip || false",
        "!!record.vip",
        "record.city == 'Berlin'",
        "record.city != \"Berlin\"",
        "record.age == 1",
        "record.score == 1.5",
        "record.vip == true",
        "record.born == record.seen",
        "record.born - record.seen == duration('1h')",
        "record.age < 1",
        "record.score >= 1e3",
        "record.city <= 'M'",
        "record.born > now",
        "now - record.born > duration('-24h')",
        "record.city in ['Berlin', 'Paris']",
        "record.city in ['Berlin', record.name, user.name,]",
        "record.age in [1, record.visits + 2]",
        "record.vip in [true]",
        "now in [record.born]",
        "record.city in []",
        "'vip' in record.tags",
        "'emea' in record.organizations || 'g' in record.contentGroups || 'r' in record.creatorRoles",
        "'launch-team' in user.groups",
        "record.age + 1 - -2 > -record.visits",
        "-record.score + 1.0 < 0.5E-3",
        "now + duration('1h') < duration('1h') + now",
        "duration('1h') + duration('1m') > duration('90s') - duration('-1s')",
        "record.city.startsWith('B') && record.city.endsWith('n') || 'Berlin'.contains(record.city)",
        "size(record.city) == record.city.size()",
        "size(record.tags) == record.tags.size()",
        "size(['a']) == [1, 2].size() || size([]) == 0",
        "record.born < timestamp('2026-12-01T00:00:00+01:00')",
        "has(record.city) && has(record.creatorRoles)",
        "has(user.email) && has(user.attributes.department)",
        "has((record.city))",
        "(record).city == 'Berlin'",
        "record . city == 'Berlin'",
        "record.id == record.owner || record.creator == record.organization",
        "user.name == user.account || user.email == user.position || user.organization == 'emea'",
        "user.attributes.department == 'Sales'",
        "user.attributes.package == 'words of CEL may follow a dot'",
        "1 < 2 == true",
        "record.city == 'Berlin'\n\t&& record.vip\r\n",
        "-9223372036854775808 < 9223372036854775807",
        "- 9223372036854775808 < 007",
        "duration('87600h') > duration('-87600h')",
        "duration('87599h60m') > duration('9999h')",
    ] {
        compiled(source);
    }
}

#[test]
fn a_condition_keeps_its_source() {
    assert_eq!(compiled(" record.vip ").source(), " record.vip ");
}

#[test]
fn escapes_stand_for_their_characters() {
    let source = r#"record.city == '\\\'\"\n\r\t\u00e9\u20AC "' "#;
    let Expr::Compare(_, _, text) = compiled(source).tree().clone() else {
        panic!("no comparison");
    };
    assert_eq!(*text, Expr::Literal(Literal::String("\\'\"\n\r\té€ \"".into())));
}

#[test]
fn operators_bind_as_in_cel() {
    for (source, same) in [
        ("true || false && false", "true || (false && false)"),
        ("true || false || true", "(true || false) || true"),
        ("true && 1 == 2", "true && (1 == 2)"),
        ("1 + 2 == 3", "(1 + 2) == 3"),
        ("5 - 2 - 1 == 2", "((5 - 2) - 1) == 2"),
        ("1 < 2 == true", "(1 < 2) == true"),
        ("1 in [1] == true", "(1 in [1]) == true"),
        ("!true == false", "(!true) == false"),
        ("-record.age + 1 == 0", "(-record.age) + 1 == 0"),
        ("- -record.age == 0", "-(-record.age) == 0"),
        ("!'ab'.contains('b') || true", "(!('ab'.contains('b'))) || true"),
        ("1 -1 == 0", "1 - 1 == 0"),
    ] {
        assert_eq!(compiled(source).tree(), compiled(same).tree(), "{source}");
    }
}

fn record(name: &str, kind: Type) -> Attribute {
    Attribute::Record(RecordAttribute {
        name: name.into(),
        kind,
    })
}

fn boxed(expr: Expr) -> Box<Expr> {
    Box::new(expr)
}

#[test]
fn the_tree_is_typed_and_read() {
    let text = |text: &str| Expr::Literal(Literal::String(text.into()));
    for (source, tree) in [
        (
            "record.city in ['Berlin']",
            Expr::In(
                boxed(Expr::Attribute(record("city", Type::String))),
                Collection::Literal(vec![text("Berlin")]),
            ),
        ),
        (
            "'a' in record.tags",
            Expr::In(
                boxed(text("a")),
                Collection::Attribute(record("tags", Type::StringList)),
            ),
        ),
        (
            "now - duration('1h') < now",
            Expr::Compare(
                Comparison::Less,
                boxed(Expr::Add(
                    Addition::Minus,
                    Type::Timestamp,
                    boxed(Expr::Now),
                    boxed(Expr::Literal(Literal::Duration(3_600))),
                )),
                boxed(Expr::Now),
            ),
        ),
        (
            "user.attributes.department.endsWith('s')",
            Expr::Test(
                StringTest::EndsWith,
                boxed(Expr::Attribute(Attribute::User(UserAttribute::Declared(
                    "department".into(),
                )))),
                boxed(text("s")),
            ),
        ),
        (
            "size(user.groups) == -1",
            Expr::Compare(
                Comparison::Equal,
                boxed(Expr::Size(Measured::Collection(Collection::Attribute(
                    Attribute::User(UserAttribute::Groups),
                )))),
                boxed(Expr::Literal(Literal::Int(-1))),
            ),
        ),
        (
            "!has(record.id)",
            Expr::Not(boxed(Expr::Has(record("id", Type::String)))),
        ),
    ] {
        let condition = compiled(source);
        assert_eq!(*condition.tree(), tree, "{source}");
        assert_eq!(condition.tree().kind(), Type::Bool, "{source}");
    }
}

#[test]
fn a_system_attribute_keeps_its_type_whatever_the_object_declares() {
    struct Greedy;
    impl super::Scope for Greedy {
        fn record(&self, _: &str) -> Option<Type> {
            Some(Type::Int)
        }
        fn has_user_attribute(&self, _: &str) -> bool {
            false
        }
    }
    assert!(compile("record.id == 'a' && 'r' in record.creatorRoles", &Greedy).is_ok());
}

#[test]
fn the_limits_themselves_are_allowed() {
    let tokens = format!("true{}", " && true".repeat(31)) + " && !record.vip";
    for source in [
        format!("record.vip{}", " ".repeat(990)),
        // 32 literals and 31 operators
        format!("true{}", " && true".repeat(31)),
        // one more operator, as `!` counts
        format!("!true{}", " && true".repeat(31)),
        // no dot's name counts, nor do dots, commas, parentheses
        format!("{}(record.vip)", "!".repeat(63)),
        format!("{}true{}", "(".repeat(16), ")".repeat(16)),
        format!("{}size(['a']) == 1{}", "(".repeat(14), ")".repeat(14)),
    ] {
        compiled(&source);
    }
    assert!(compile(&tokens, &Customers).is_err());
}
