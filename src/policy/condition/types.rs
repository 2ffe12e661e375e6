//! From syntax to the typed tree: names are resolved, and every operator gets operands that it takes.
//!
//! Operands are judged from left to right and before their operator, so the first fault is the one a reader meets first.
//! Nothing converts by itself: Int and Double never mix, and a String is no Timestamp.

use super::fault::{Complaint, FaultKind, shown};
use super::functions;
use super::operators;
use super::parser::{Infix, Node, Step, Syntax};
use super::tree::{Attribute, Expr, RecordAttribute, Type, UserAttribute};

/// What a condition may name, besides what every condition may.
pub trait Scope {
    /// The type of the field `name` that the object declares, if it does. System attributes are none of its business.
    fn record(&self, name: &str) -> Option<Type>;
    /// Whether the tenant declares the user attribute `name`.
    fn has_user_attribute(&self, name: &str) -> bool;
}

/// The typed tree of a condition.
pub(super) fn check(syntax: &Node<'_>, scope: &impl Scope) -> Result<Expr, Complaint> {
    let whole = Checker { scope }.value(syntax)?;
    match whole.kind() {
        Type::Bool => Ok(whole),
        other => Err(Complaint::types(
            syntax.at,
            format!("a condition is a Bool, this is {}", a(other)),
            "compare it with something, as in `record.owner == user.name`",
        )),
    }
}

/// What a piece of syntax stands for.
pub(super) enum Meaning {
    Record,
    User,
    UserAttributes,
    /// A list literal and the type of its items, `None` if it has none.
    List(Vec<Expr>, Option<Type>),
    Value(Expr),
}

/// An argument of a call and its place.
pub(super) struct Argument {
    pub(super) meaning: Meaning,
    pub(super) at: usize,
}

struct Checker<'a, S> {
    scope: &'a S,
}

impl<S: Scope> Checker<'_, S> {
    /// What `node` stands for, which must be a value.
    fn value(&self, node: &Node<'_>) -> Result<Expr, Complaint> {
        match self.meaning(node)? {
            Meaning::Value(value) => Ok(value),
            other => Err(no_value(&other, node.at)),
        }
    }

    fn meaning(&self, node: &Node<'_>) -> Result<Meaning, Complaint> {
        let at = node.at;
        let value = match &node.syntax {
            Syntax::Name(name) => return self.root(name, at),
            Syntax::List(items) => return self.list(items),
            Syntax::Chain(base, steps) => return self.chain(base, steps),
            Syntax::Literal(literal) => Expr::Literal(literal.clone()),
            Syntax::Not(operand) => operators::not(self.value(operand)?, at)?,
            Syntax::Negate(operand) => operators::negate(self.value(operand)?, at)?,
            Syntax::Infix(infix, left, right) => self.infix(*infix, left, right, at)?,
            Syntax::Has(selection) => self.has(selection)?,
            Syntax::Call(name, arguments) => functions::call(name, self.arguments(arguments)?, at)?,
        };
        Ok(Meaning::Value(value))
    }

    fn root(&self, name: &str, at: usize) -> Result<Meaning, Complaint> {
        match name {
            "record" => Ok(Meaning::Record),
            "user" => Ok(Meaning::User),
            "now" => Ok(Meaning::Value(Expr::Now)),
            _ => Err(Complaint::types(
                at,
                format!("`{}` is no name that a condition knows", shown(name)),
                match self.record_attribute(name, at) {
                    Ok(_) => format!("write `record.{name}`"),
                    Err(_) => "conditions know `record`, `user` and `now`; a text is written in quotes".into(),
                },
            )),
        }
    }

    fn chain(&self, base: &Node<'_>, steps: &[Step<'_>]) -> Result<Meaning, Complaint> {
        let mut meaning = self.meaning(base)?;
        for step in steps {
            meaning = match step {
                Step::Select { name, at } => self.select(&meaning, name, *at)?,
                Step::Call { name, at, arguments } => {
                    let target = Argument { meaning, at: base.at };
                    Meaning::Value(functions::method(target, name, self.arguments(arguments)?, *at)?)
                }
            };
        }
        Ok(meaning)
    }

    fn select(&self, from: &Meaning, name: &str, at: usize) -> Result<Meaning, Complaint> {
        let attribute = match from {
            Meaning::Record => Attribute::Record(self.record_attribute(name, at)?),
            Meaning::User if name == "attributes" => return Ok(Meaning::UserAttributes),
            Meaning::User => Attribute::User(fixed_user_attribute(name, at)?),
            Meaning::UserAttributes => Attribute::User(self.declared_user_attribute(name, at)?),
            Meaning::List(..) | Meaning::Value(_) => {
                return Err(Complaint::types(
                    at,
                    format!("{} has no attribute `{}`", describe(from), shown(name)),
                    "only `record`, `user` and `user.attributes` have attributes",
                ));
            }
        };
        Ok(Meaning::Value(Expr::Attribute(attribute)))
    }

    fn record_attribute(&self, name: &str, at: usize) -> Result<RecordAttribute, Complaint> {
        let system = RecordAttribute::SYSTEM
            .iter()
            .find(|(system, _)| *system == name)
            .map(|(_, kind)| *kind);
        let kind = system.or_else(|| self.scope.record(name)).ok_or_else(|| {
            let names: Vec<_> = RecordAttribute::SYSTEM
                .iter()
                .map(|(system, _)| format!("`{system}`"))
                .collect();
            unknown(
                at,
                format!("the object has no field `{}`", shown(name)),
                format!(
                    "declare it in the Tenant's `spec.objects`, or use a system attribute: {}",
                    names.join(", ")
                ),
            )
        })?;
        Ok(RecordAttribute {
            name: name.into(),
            kind,
        })
    }

    fn declared_user_attribute(&self, name: &str, at: usize) -> Result<UserAttribute, Complaint> {
        if self.scope.has_user_attribute(name) {
            return Ok(UserAttribute::Declared(name.into()));
        }
        Err(unknown(
            at,
            format!("users have no attribute `{}`", shown(name)),
            "declare it in the Tenant's `spec.accounts.attributes`",
        ))
    }

    /// A list literal: items of one scalar type.
    fn list(&self, items: &[Node<'_>]) -> Result<Meaning, Complaint> {
        let mut values = Vec::with_capacity(items.len());
        let mut of = None;
        for item in items {
            let value = self.value(item)?;
            let kind = value.kind();
            if kind == Type::StringList {
                return Err(Complaint::types(
                    item.at,
                    "a list holds no lists",
                    "write one list, or two `in` and `||`",
                ));
            }
            if let Some(first) = of.filter(|first| *first != kind) {
                return Err(Complaint::types(
                    item.at,
                    format!(
                        "a list holds one type: it begins with {}, this is {}",
                        a(first),
                        a(kind)
                    ),
                    "write all items as the same type",
                ));
            }
            of = Some(kind);
            values.push(value);
        }
        Ok(Meaning::List(values, of))
    }

    fn has(&self, selection: &Node<'_>) -> Result<Expr, Complaint> {
        match self.meaning(selection)? {
            Meaning::Value(Expr::Attribute(attribute)) => Ok(Expr::Has(attribute)),
            other => Err(no_value(&other, selection.at)),
        }
    }

    fn infix(&self, infix: Infix, left: &Node<'_>, right: &Node<'_>, at: usize) -> Result<Expr, Complaint> {
        let first = self.value(left)?;
        match infix {
            Infix::In => operators::is_in(first, self.meaning(right)?, at),
            Infix::Or => operators::logic("||", Expr::Or, (first, left.at), (self.value(right)?, right.at)),
            Infix::And => operators::logic("&&", Expr::And, (first, left.at), (self.value(right)?, right.at)),
            Infix::Add(addition) => operators::add(addition, first, self.value(right)?, at),
            Infix::Compare(comparison) => operators::compare(comparison, first, self.value(right)?, at),
        }
    }

    fn arguments(&self, nodes: &[Node<'_>]) -> Result<Vec<Argument>, Complaint> {
        nodes
            .iter()
            .map(|node| {
                Ok(Argument {
                    meaning: self.meaning(node)?,
                    at: node.at,
                })
            })
            .collect()
    }
}

/// `user.X`, but for `user.attributes`.
fn fixed_user_attribute(name: &str, at: usize) -> Result<UserAttribute, Complaint> {
    UserAttribute::FIXED
        .into_iter()
        .find(|attribute| attribute.to_string() == name)
        .ok_or_else(|| {
            let names: Vec<_> = UserAttribute::FIXED
                .iter()
                .map(|attribute| format!("`{attribute}`"))
                .collect();
            unknown(
                at,
                format!("`user` has no attribute `{}`", shown(name)),
                format!(
                    "it has {}, and `user.attributes.x` for what the Tenant declares",
                    names.join(", ")
                ),
            )
        })
}

fn unknown(at: usize, message: String, help: impl Into<String>) -> Complaint {
    Complaint::new(FaultKind::UnknownName, at, message, help)
}

/// What is wrong with something that stands where a value is wanted.
pub(super) fn no_value(meaning: &Meaning, at: usize) -> Complaint {
    let help = match meaning {
        Meaning::Record => "name an attribute, as in `record.city`",
        Meaning::User => "name an attribute, as in `user.name`",
        Meaning::UserAttributes => "name an attribute, as in `user.attributes.department`",
        Meaning::List(..) => {
            "a list literal stands behind `in` or in `size()`, as in `record.city in ['Berlin', 'Paris']`"
        }
        Meaning::Value(_) => "write an attribute: `record.x`, `user.x` or `user.attributes.x`",
    };
    Complaint::types(at, format!("{} has no place here", describe(meaning)), help)
}

/// What `meaning` is, for a message.
pub(super) fn describe(meaning: &Meaning) -> String {
    match meaning {
        Meaning::Record => "`record` by itself".into(),
        Meaning::User => "`user` by itself".into(),
        Meaning::UserAttributes => "`user.attributes` by itself".into(),
        Meaning::List(..) => "a list literal".into(),
        Meaning::Value(Expr::Attribute(attribute)) => format!("`{attribute}`, {}", a(attribute.kind())),
        Meaning::Value(value) => a(value.kind()),
    }
}

/// The type with its article.
pub(super) fn a(kind: Type) -> String {
    if kind == Type::Int {
        format!("an {kind}")
    } else {
        format!("a {kind}")
    }
}
