//! From tokens to syntax, with the precedence of CEL: `||`, `&&`, relations, `+ -`, `! -`, members.
//!
//! It recurses for a parenthesis, a bracket, an operator and its right operand only, all of which the lexer has counted.
//! Macros are refused here, as it is here that CEL expands them; whether a function exists is a question of types.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::fault::{Complaint, shown};
use super::lexer::{Mark, Operator, Symbol, Token, too_big};
use super::tree::{Addition, Comparison, Literal};

/// A piece of syntax and the place that a fault of it has: its operator, or else its beginning.
#[derive(Debug)]
pub(super) struct Node<'s> {
    pub(super) syntax: Syntax<'s>,
    pub(super) at: usize,
}

/// Parentheses leave no trace but the shape of the tree.
#[derive(Debug)]
pub(super) enum Syntax<'s> {
    Literal(Literal),
    Name(&'s str),
    List(Vec<Node<'s>>),
    Not(Box<Node<'s>>),
    Negate(Box<Node<'s>>),
    Infix(Infix, Box<Node<'s>>, Box<Node<'s>>),
    /// `function(arguments)`.
    Call(&'s str, Vec<Node<'s>>),
    /// `has(selection)`: the selection is a chain that ends in a [`Step::Select`].
    Has(Box<Node<'s>>),
    /// `a.b.c()`: flat, as no limit counts its dots.
    Chain(Box<Node<'s>>, Vec<Step<'s>>),
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Infix {
    Or,
    And,
    Compare(Comparison),
    In,
    Add(Addition),
}

/// What follows a dot, and where its name stands.
#[derive(Debug)]
pub(super) enum Step<'s> {
    Select {
        name: &'s str,
        at: usize,
    },
    Call {
        name: &'s str,
        at: usize,
        arguments: Vec<Node<'s>>,
    },
}

/// CEL's own words, which name nothing. (After a dot they may: CEL forbids only `in`, `true`, `false` and `null` there.)
#[rustfmt::skip]
const RESERVED: [&str; 17] = [
    "as", "break", "const", "continue", "else", "for", "function", "if", "import",
    "let", "loop", "package", "namespace", "return", "var", "void", "while",
];

/// What CEL expands into a loop over a list.
const MACROS: [&str; 5] = ["all", "exists", "exists_one", "map", "filter"];

/// The syntax of a whole condition.
pub(super) fn parse(tokens: Vec<Token<'_>>) -> Result<Node<'_>, Complaint> {
    let end = tokens.last().map_or(0, |token| token.end);
    let mut parser = Parser {
        tokens: tokens.into_iter().peekable(),
        end,
    };
    let whole = parser.expression(0)?;
    match parser.tokens.next() {
        None => Ok(whole),
        Some(token) => Err(parser.no_operator(Some(&token), "an operator or the end")),
    }
}

struct Parser<'s> {
    tokens: Peekable<IntoIter<Token<'s>>>,
    /// Where the last token ends.
    end: usize,
}

impl<'s> Parser<'s> {
    /// An expression whose operators all bind more tightly than `looser`.
    fn expression(&mut self, looser: u8) -> Result<Node<'s>, Complaint> {
        let mut left = self.unary()?;
        while let Some((infix, at)) = self.infix_above(looser) {
            let right = self.expression(binding(infix))?;
            left = Node {
                syntax: Syntax::Infix(infix, Box::new(left), Box::new(right)),
                at,
            };
        }
        Ok(left)
    }

    fn infix_above(&mut self, looser: u8) -> Option<(Infix, usize)> {
        let token = self.tokens.peek()?;
        let found = (infix(&token.symbol).filter(|it| binding(*it) > looser)?, token.at);
        self.tokens.next();
        Some(found)
    }

    fn unary(&mut self) -> Result<Node<'s>, Complaint> {
        let sign = |token: &Token<'_>| matches!(token.symbol, Symbol::Operator(Operator::Not | Operator::Minus));
        let Some(token) = self.tokens.next_if(sign) else {
            let primary = self.primary()?;
            return self.member(primary);
        };
        if token.symbol == Symbol::Operator(Operator::Not) {
            let operand = Box::new(self.unary()?);
            return Ok(Node {
                syntax: Syntax::Not(operand),
                at: token.at,
            });
        }
        match self.negative_literal(token.at) {
            Some(literal) => self.member(literal),
            None => self.negated(token.at),
        }
    }

    /// What a minus negates. As in CEL, the second of two has no number of its own: no `--9223372036854775808`.
    fn negated(&mut self, at: usize) -> Result<Node<'s>, Complaint> {
        let minus = |token: &Token<'_>| token.symbol == Symbol::Operator(Operator::Minus);
        let operand = match self.tokens.next_if(minus) {
            Some(token) => self.negated(token.at)?,
            None => self.unary()?,
        };
        Ok(Node {
            syntax: Syntax::Negate(Box::new(operand)),
            at,
        })
    }

    /// The number behind a minus, which belongs to it: only so can the smallest Int be written.
    fn negative_literal(&mut self, at: usize) -> Option<Node<'s>> {
        let literal = match self.tokens.peek()?.symbol {
            Symbol::Int(magnitude) => Literal::Int(0_i64.checked_sub_unsigned(magnitude)?),
            Symbol::Double(magnitude) => Literal::Double(-magnitude),
            _ => return None,
        };
        self.tokens.next();
        Some(Node {
            syntax: Syntax::Literal(literal),
            at,
        })
    }

    fn primary(&mut self) -> Result<Node<'s>, Complaint> {
        let Some(token) = self.tokens.next() else {
            return Err(self.no_value(None));
        };
        let at = token.at;
        let syntax = match token.symbol {
            Symbol::Int(magnitude) => {
                let number = i64::try_from(magnitude).map_err(|_| too_big(at, &magnitude.to_string()))?;
                Syntax::Literal(Literal::Int(number))
            }
            Symbol::Double(number) => Syntax::Literal(Literal::Double(number)),
            Symbol::Text(text) => Syntax::Literal(Literal::String(text.into())),
            Symbol::Bool(value) => Syntax::Literal(Literal::Bool(value)),
            Symbol::Name(name) => self.name_or_call(name, at)?,
            Symbol::Mark(Mark::OpenParenthesis) => {
                let inner = self.expression(0)?;
                self.close(Mark::CloseParenthesis, "`)`")?;
                return Ok(inner);
            }
            Symbol::Mark(Mark::OpenBracket) => Syntax::List(self.list()?),
            _ => return Err(self.no_value(Some(&token))),
        };
        Ok(Node { syntax, at })
    }

    fn name_or_call(&mut self, name: &'s str, at: usize) -> Result<Syntax<'s>, Complaint> {
        if RESERVED.contains(&name) {
            return Err(reserved(name, at));
        }
        if self.tokens.next_if(|token| is(token, Mark::OpenParenthesis)).is_none() {
            return Ok(Syntax::Name(name));
        }
        let arguments = self.arguments()?;
        if name == "has" {
            selection(arguments, at)
        } else {
            Ok(Syntax::Call(name, arguments))
        }
    }

    /// The dots behind `base` and what they lead to.
    fn member(&mut self, base: Node<'s>) -> Result<Node<'s>, Complaint> {
        let mut steps = Vec::new();
        while self.tokens.next_if(|token| is(token, Mark::Dot)).is_some() {
            steps.push(self.step()?);
        }
        if steps.is_empty() {
            return Ok(base);
        }
        let at = base.at;
        Ok(Node {
            syntax: Syntax::Chain(Box::new(base), steps),
            at,
        })
    }

    fn step(&mut self) -> Result<Step<'s>, Complaint> {
        let token = self.tokens.next();
        let Some(Token {
            symbol: Symbol::Name(name),
            at,
            ..
        }) = token
        else {
            return Err(self.no_name(token.as_ref()));
        };
        if self.tokens.next_if(|token| is(token, Mark::OpenParenthesis)).is_none() {
            return Ok(Step::Select { name, at });
        }
        if MACROS.contains(&name) {
            return Err(no_macro(name, at));
        }
        Ok(Step::Call {
            name,
            at,
            arguments: self.arguments()?,
        })
    }

    /// What stands between the parentheses of a call, and the closing one.
    fn arguments(&mut self) -> Result<Vec<Node<'s>>, Complaint> {
        let mut arguments = Vec::new();
        if self.tokens.next_if(|token| is(token, Mark::CloseParenthesis)).is_some() {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression(0)?);
            if self.tokens.next_if(|token| is(token, Mark::Comma)).is_none() {
                self.close(Mark::CloseParenthesis, "`,` or `)`")?;
                return Ok(arguments);
            }
        }
    }

    /// What stands between brackets, and the closing one. As in CEL, a comma may follow the last item.
    fn list(&mut self) -> Result<Vec<Node<'s>>, Complaint> {
        let mut items = Vec::new();
        while self.tokens.next_if(|token| is(token, Mark::CloseBracket)).is_none() {
            items.push(self.expression(0)?);
            if self.tokens.next_if(|token| is(token, Mark::Comma)).is_none() {
                self.close(Mark::CloseBracket, "`,` or `]`")?;
                break;
            }
        }
        Ok(items)
    }

    fn close(&mut self, mark: Mark, expected: &str) -> Result<(), Complaint> {
        match self.tokens.next() {
            Some(token) if is(&token, mark) => Ok(()),
            other => Err(self.no_operator(other.as_ref(), &format!("an operator or {expected}"))),
        }
    }
}

fn is(token: &Token<'_>, mark: Mark) -> bool {
    token.symbol == Symbol::Mark(mark)
}

/// The operator that `symbol` is between two operands, if it is one.
fn infix(symbol: &Symbol<'_>) -> Option<Infix> {
    let Symbol::Operator(operator) = symbol else {
        return None;
    };
    match operator {
        Operator::Or => Some(Infix::Or),
        Operator::And => Some(Infix::And),
        Operator::Not => None,
        Operator::Equal => Some(Infix::Compare(Comparison::Equal)),
        Operator::NotEqual => Some(Infix::Compare(Comparison::NotEqual)),
        Operator::Less => Some(Infix::Compare(Comparison::Less)),
        Operator::LessOrEqual => Some(Infix::Compare(Comparison::LessOrEqual)),
        Operator::Greater => Some(Infix::Compare(Comparison::Greater)),
        Operator::GreaterOrEqual => Some(Infix::Compare(Comparison::GreaterOrEqual)),
        Operator::In => Some(Infix::In),
        Operator::Plus => Some(Infix::Add(Addition::Plus)),
        Operator::Minus => Some(Infix::Add(Addition::Minus)),
    }
}

/// How tightly an operator binds, from 1.
fn binding(infix: Infix) -> u8 {
    match infix {
        Infix::Or => 1,
        Infix::And => 2,
        Infix::Compare(_) | Infix::In => 3,
        Infix::Add(_) => 4,
    }
}

/// `has(record.x)`. CEL expands it while parsing, so its form is a question of syntax.
fn selection(arguments: Vec<Node<'_>>, at: usize) -> Result<Syntax<'_>, Complaint> {
    if let Ok([argument]) = <[Node<'_>; 1]>::try_from(arguments)
        && let Syntax::Chain(_, steps) = &argument.syntax
        && let Some(Step::Select { .. }) = steps.last()
    {
        return Ok(Syntax::Has(Box::new(argument)));
    }
    Err(Complaint::syntax(
        at,
        "`has()` takes one attribute",
        "write `has(record.x)`, `has(user.x)` or `has(user.attributes.x)`",
    ))
}

/// The complaints of the parser: what it expected, what it found, and the mend that fits what was found.
impl Parser<'_> {
    fn complaint(&self, expected: &str, token: Option<&Token<'_>>, help: &str) -> Complaint {
        let (at, found) = token.map_or((self.end, "the end".into()), |token| {
            (token.at, describe(&token.symbol))
        });
        Complaint::syntax(at, format!("expected {expected}, found {found}"), help)
    }

    fn no_value(&self, token: Option<&Token<'_>>) -> Complaint {
        let help = match token.map(|token| &token.symbol) {
            None => "end with a value, as in `record.owner == user.name`",
            Some(Symbol::Mark(Mark::Dot)) => "a name begins with a letter, a number with a digit: `0.5`",
            Some(Symbol::Mark(_)) => "put a value before it, or take it out",
            Some(_) => "put a value before it; \"not\" is `!`, \"not equal\" is `!=`",
        };
        self.complaint("a value", token, help)
    }

    fn no_operator(&self, token: Option<&Token<'_>>, expected: &str) -> Complaint {
        let help = match token.map(|token| &token.symbol) {
            None => "close what is open",
            Some(Symbol::Name(name)) => match name.to_ascii_lowercase().as_str() {
                "and" => "write `&&`",
                "or" => "write `||`",
                "is" | "eq" => "write `==`",
                "not" => "write `!`, as in `!(x in ['a', 'b'])`",
                _ => "join both sides with an operator, such as `&&` or `==`",
            },
            Some(Symbol::Mark(Mark::OpenBracket)) => {
                "conditions do not index lists; write `'a' in record.organizations`"
            }
            Some(Symbol::Mark(Mark::OpenParenthesis)) => "only a function can be called, as in `size(record.name)`",
            Some(Symbol::Mark(_)) => "take it out, or open it before",
            Some(Symbol::Operator(Operator::Not)) => "write `!=`, or `!` before what it negates",
            Some(_) => "join both sides with an operator, such as `&&` or `==`",
        };
        self.complaint(expected, token, help)
    }

    fn no_name(&self, token: Option<&Token<'_>>) -> Complaint {
        let help = match token.map(|token| &token.symbol) {
            Some(Symbol::Int(_) | Symbol::Double(_)) => "a Double has digits on both sides of one dot: `0.5`",
            Some(Symbol::Operator(Operator::In) | Symbol::Bool(_)) => "a word of CEL cannot name an attribute",
            _ => "name an attribute, as in `record.city`",
        };
        self.complaint("a name after `.`", token, help)
    }
}

/// What was found, for a message. Texts are left out: they may hold what is nobody's business.
fn describe(symbol: &Symbol<'_>) -> String {
    match symbol {
        Symbol::Operator(operator) => format!("`{}`", operator.text()),
        Symbol::Int(number) => format!("`{number}`"),
        Symbol::Double(number) => format!("`{number:?}`"),
        Symbol::Text(_) => "a text".into(),
        Symbol::Bool(value) => format!("`{value}`"),
        Symbol::Name(name) => format!("`{}`", shown(name)),
        Symbol::Mark(mark) => format!("`{}`", mark.text()),
    }
}

fn reserved(name: &str, at: usize) -> Complaint {
    Complaint::syntax(
        at,
        format!("`{name}` is a word that CEL keeps for itself"),
        "attributes are `record.x`, `user.x` and `user.attributes.x`",
    )
}

fn no_macro(name: &str, at: usize) -> Complaint {
    Complaint::syntax(
        at,
        format!("conditions have no `.{name}()`: nothing runs over a list"),
        "write `x in ['a', 'b']`, `'a' in record.organizations` or `size(record.organizations) > 0`",
    )
}
