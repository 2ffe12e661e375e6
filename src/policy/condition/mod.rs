//! Conditions: the part of CEL in which a role scopes its rows and a sharing rule picks its records.
//!
//! A condition goes through [`compile`] once, when the object that holds it is validated, and is evaluated many times:
//!
//! 1. `lexer` cuts the text into tokens and counts the limits, before anything recurses;
//! 2. `parser` builds the syntax, with CEL's precedence and nothing that a condition may not say;
//! 3. `types` resolves names against a [`Scope`] and turns the syntax into a typed [`Expr`] (`tree`);
//! 4. `eval` finds a [`Truth`] for that tree and some [`Inputs`]; `request` reads those from a JSON record.
//!
//! The first fault of the first step that finds one is the answer. What is allowed here means the same in CEL, where
//! "unknown" is an error; `tests/condition_differential.rs` lists the few corners in which the two differ, and why.
//! What lives elsewhere: which records a condition is asked about, and what becomes of a fault.

mod eval;
mod fault;
mod functions;
mod lexer;
mod operators;
mod parser;
mod request;
mod tree;
mod types;

pub use eval::{Inputs, List, Truth, Value};
pub use fault::{Fault, FaultKind};
pub use request::{Request, User};
pub use tree::{
    Addition, Attribute, Collection, Comparison, Expr, Literal, Measured, RecordAttribute, StringTest, Type,
    UserAttribute,
};
pub use types::Scope;

/// A condition that has been compiled: well formed, within the limits and of type Bool.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    source: Box<str>,
    tree: Expr,
}

/// Compiles `source` for an object, whose fields and users `scope` knows.
///
/// # Errors
/// The first fault: limits and syntax are judged before types, operands from left to right before their operator.
pub fn compile(source: &str, scope: &impl Scope) -> Result<Condition, Fault> {
    lexer::lex(source)
        .and_then(parser::parse)
        .and_then(|syntax| types::check(&syntax, scope))
        .map(|tree| Condition {
            source: source.into(),
            tree,
        })
        .map_err(|complaint| complaint.locate(source))
}

impl Condition {
    /// The text it was compiled from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The typed tree, for whoever explains the condition or translates it.
    #[must_use]
    pub fn tree(&self) -> &Expr {
        &self.tree
    }

    /// Whether the condition is true, false or unknown for `inputs`.
    #[must_use]
    pub fn evaluate(&self, inputs: &impl Inputs) -> Truth {
        eval::truth(&self.tree, inputs)
    }

    /// Whether the condition holds for `inputs`: one that ends unknown does not.
    #[must_use]
    pub fn holds(&self, inputs: &impl Inputs) -> bool {
        self.evaluate(inputs) == Truth::True
    }
}

#[cfg(test)]
mod tests;
