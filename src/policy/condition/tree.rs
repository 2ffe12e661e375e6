//! The typed tree of a condition: names are resolved, literals read, and every operator has operands that it takes.
//!
//! Evaluation, explanations and translations (SQL) all start here; none of them looks at the text again.

use std::fmt;

use crate::api::Moment;

/// What an attribute or an expression may be. A list literal has none: it stands only where a [`Collection`] may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Text.
    String,
    /// A signed integer of 64 bits.
    Int,
    /// A finite IEEE 754 number of 64 bits.
    Double,
    /// `true` or `false`.
    Bool,
    /// A [`Moment`].
    Timestamp,
    /// Whole seconds, either way.
    Duration,
    /// A list of Strings, always an attribute.
    StringList,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String => "String",
            Self::Int => "Int",
            Self::Double => "Double",
            Self::Bool => "Bool",
            Self::Timestamp => "Timestamp",
            Self::Duration => "Duration",
            Self::StringList => "StringList",
        })
    }
}

/// A typed expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A value written down.
    Literal(Literal),
    /// `now`.
    Now,
    /// `record.X`, `user.X` or `user.attributes.X`.
    Attribute(Attribute),
    /// `has(record.X)`: whether the attribute is there, with its type.
    Has(Attribute),
    /// `!operand`, of a Bool.
    Not(Box<Expr>),
    /// `left && right`, of Bools.
    And(Box<Expr>, Box<Expr>),
    /// `left || right`, of Bools.
    Or(Box<Expr>, Box<Expr>),
    /// `left < right` and its like, of equal scalar types; ordered ones unless the comparison is `==` or `!=`.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// `-operand`, of an Int or a Double.
    Negate(Box<Expr>),
    /// `left + right` or `left - right`, of the type named.
    Add(Addition, Type, Box<Expr>, Box<Expr>),
    /// `item in collection`, an item of the collection's type.
    In(Box<Expr>, Collection),
    /// `text.startsWith(part)` and its like, of Strings.
    Test(StringTest, Box<Expr>, Box<Expr>),
    /// `size(measured)`.
    Size(Measured),
}

impl Expr {
    /// The type of its value.
    #[must_use]
    pub fn kind(&self) -> Type {
        match self {
            Self::Literal(literal) => literal.kind(),
            Self::Attribute(attribute) => attribute.kind(),
            Self::Now => Type::Timestamp,
            Self::Negate(operand) => operand.kind(),
            Self::Add(_, kind, _, _) => *kind,
            Self::Size(_) => Type::Int,
            Self::Has(_)
            | Self::Not(_)
            | Self::And(..)
            | Self::Or(..)
            | Self::Compare(..)
            | Self::In(..)
            | Self::Test(..) => Type::Bool,
        }
    }
}

/// A value written down in a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `'text'`, without the quotes and escapes.
    String(Box<str>),
    /// `42`.
    Int(i64),
    /// `1.5`, always finite.
    Double(f64),
    /// `true`.
    Bool(bool),
    /// `timestamp('2026-12-01T00:00:00Z')`.
    Timestamp(Moment),
    /// `duration('-24h')`, in seconds.
    Duration(i64),
}

impl Literal {
    /// The type of the value.
    #[must_use]
    pub fn kind(&self) -> Type {
        match self {
            Self::String(_) => Type::String,
            Self::Int(_) => Type::Int,
            Self::Double(_) => Type::Double,
            Self::Bool(_) => Type::Bool,
            Self::Timestamp(_) => Type::Timestamp,
            Self::Duration(_) => Type::Duration,
        }
    }
}

/// Something that the record or the user may have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Attribute {
    /// `record.X`.
    Record(RecordAttribute),
    /// `user.X`.
    User(UserAttribute),
}

impl Attribute {
    /// The type it is declared with.
    #[must_use]
    pub fn kind(&self) -> Type {
        match self {
            Self::Record(attribute) => attribute.kind,
            Self::User(attribute) => attribute.kind(),
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(attribute) => write!(f, "record.{}", attribute.name),
            Self::User(attribute) => write!(f, "user.{attribute}"),
        }
    }
}

/// A field of the object or a system attribute of its records, with its type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordAttribute {
    /// The name after `record.`.
    pub name: Box<str>,
    /// The declared type.
    pub kind: Type,
}

impl RecordAttribute {
    /// The attribute whose value never comes from the record itself: the active roles that its creator has.
    pub const CREATOR_ROLES: &'static str = "creatorRoles";

    /// The attributes that every record may have, whatever its object declares.
    pub const SYSTEM: [(&'static str, Type); 7] = [
        ("id", Type::String),
        ("creator", Type::String),
        ("owner", Type::String),
        ("organization", Type::String),
        ("organizations", Type::StringList),
        ("contentGroups", Type::StringList),
        (Self::CREATOR_ROLES, Type::StringList),
    ];
}

/// What a condition may know of the user who asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UserAttribute {
    /// `user.name`: `metadata.name`.
    Name,
    /// `user.account`.
    Account,
    /// `user.email`.
    Email,
    /// `user.position`.
    Position,
    /// `user.organization`: the organization of the session.
    Organization,
    /// `user.groups`: the user groups in force that list her.
    Groups,
    /// `user.attributes.X`, one that the tenant declares.
    Declared(Box<str>),
}

impl UserAttribute {
    /// All but the declared ones, in the order in which help names them.
    pub const FIXED: [Self; 6] = [
        Self::Name,
        Self::Account,
        Self::Email,
        Self::Position,
        Self::Organization,
        Self::Groups,
    ];

    /// The type of its value.
    #[must_use]
    pub fn kind(&self) -> Type {
        match self {
            Self::Groups => Type::StringList,
            _ => Type::String,
        }
    }
}

/// The name after `user.`.
impl fmt::Display for UserAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("name"),
            Self::Account => f.write_str("account"),
            Self::Email => f.write_str("email"),
            Self::Position => f.write_str("position"),
            Self::Organization => f.write_str("organization"),
            Self::Groups => f.write_str("groups"),
            Self::Declared(name) => write!(f, "attributes.{name}"),
        }
    }
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

/// `+` or `-` between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Addition {
    /// `+`
    Plus,
    /// `-`
    Minus,
}

impl fmt::Display for Addition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plus => "+",
            Self::Minus => "-",
        })
    }
}

/// What a String may be asked about another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StringTest {
    /// `.startsWith()`
    StartsWith,
    /// `.endsWith()`
    EndsWith,
    /// `.contains()`
    Contains,
}

/// What `in` looks into.
#[derive(Clone, Debug, PartialEq)]
pub enum Collection {
    /// A StringList.
    Attribute(Attribute),
    /// `[a, b]`: expressions of one scalar type, perhaps none at all.
    Literal(Vec<Expr>),
}

/// What `size()` measures.
#[derive(Clone, Debug, PartialEq)]
pub enum Measured {
    /// The characters of a String.
    Text(Box<Expr>),
    /// The items of a list.
    Collection(Collection),
}
