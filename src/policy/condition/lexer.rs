//! From text to tokens. The limits are counted here, so that nothing behind the lexer can recurse deeply.

use super::fault::{Complaint, FaultKind, shown};

/// The longest condition, in bytes.
const MAX_BYTES: usize = 1_000;
/// The most operators, literals and names that no dot precedes.
const MAX_TOKENS: usize = 64;
/// The most parentheses and brackets that are open at once.
const MAX_DEPTH: usize = 16;

/// A token and where it begins and ends, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'s> {
    pub(super) symbol: Symbol<'s>,
    pub(super) at: usize,
    pub(super) end: usize,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Symbol<'s> {
    Operator(Operator),
    /// Without a sign, hence up to 9223372036854775808, which only unary minus makes an Int.
    Int(u64),
    Double(f64),
    Text(String),
    Bool(bool),
    Name(&'s str),
    /// One of `( ) [ ] , .`
    Mark(Mark),
}

/// The operators, each of which counts as a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Not,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Plus,
    Minus,
}

/// Punctuation, which does not count as a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    OpenParenthesis,
    CloseParenthesis,
    OpenBracket,
    CloseBracket,
    Comma,
    Dot,
}

impl Mark {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::OpenParenthesis => "(",
            Self::CloseParenthesis => ")",
            Self::OpenBracket => "[",
            Self::CloseBracket => "]",
            Self::Comma => ",",
            Self::Dot => ".",
        }
    }
}

impl Operator {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Not => "!",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::Plus => "+",
            Self::Minus => "-",
        }
    }
}

/// Longer symbols before those that they begin with.
const SYMBOLS: [(&str, Symbol<'static>); 17] = [
    ("||", Symbol::Operator(Operator::Or)),
    ("&&", Symbol::Operator(Operator::And)),
    ("==", Symbol::Operator(Operator::Equal)),
    ("!=", Symbol::Operator(Operator::NotEqual)),
    ("<=", Symbol::Operator(Operator::LessOrEqual)),
    (">=", Symbol::Operator(Operator::GreaterOrEqual)),
    ("<", Symbol::Operator(Operator::Less)),
    (">", Symbol::Operator(Operator::Greater)),
    ("!", Symbol::Operator(Operator::Not)),
    ("+", Symbol::Operator(Operator::Plus)),
    ("-", Symbol::Operator(Operator::Minus)),
    ("(", Symbol::Mark(Mark::OpenParenthesis)),
    (")", Symbol::Mark(Mark::CloseParenthesis)),
    ("[", Symbol::Mark(Mark::OpenBracket)),
    ("]", Symbol::Mark(Mark::CloseBracket)),
    (",", Symbol::Mark(Mark::Comma)),
    (".", Symbol::Mark(Mark::Dot)),
];

/// What people write who know another language, or more of CEL than conditions have: how it begins and the mend.
const FOREIGN: [(&str, &str); 14] = [
    ("=", "write `==` to compare"),
    ("&", "write `&&` for \"and\""),
    ("|", "write `||` for \"or\""),
    (
        "//",
        "conditions have no comments and no division; put the comment beside the condition, in YAML",
    ),
    (
        "#",
        "conditions have no comments; put the comment beside the condition, in YAML",
    ),
    ("*", "conditions calculate with `+` and `-` only"),
    ("/", "conditions calculate with `+` and `-` only"),
    ("%", "conditions calculate with `+` and `-` only"),
    ("?", "instead of `a ? b : c` write `a && b || !a && c`"),
    (":", "conditions have neither `a ? b : c` nor maps"),
    ("{", "conditions have no maps and no messages; group with `(` and `)`"),
    ("}", "conditions have no maps and no messages; group with `(` and `)`"),
    ("`", "put a text in `'` or `\"`; a name is written without quotes"),
    ("\\", "escapes have a place in texts only"),
];

/// The tokens of `source`, within all limits.
pub(super) fn lex(source: &str) -> Result<Vec<Token<'_>>, Complaint> {
    limit_bytes(source)?;
    let mut lexer = Lexer { source, at: 0 };
    let mut tokens = Vec::new();
    let mut counts = Counts::default();
    while let Some(token) = lexer.next_token()? {
        counts.admit(&token, tokens.last())?;
        tokens.push(token);
    }
    Ok(tokens)
}

fn limit_bytes(source: &str) -> Result<(), Complaint> {
    if source.len() <= MAX_BYTES {
        return Ok(());
    }
    Err(Complaint::new(
        FaultKind::Limit,
        source.floor_char_boundary(MAX_BYTES),
        format!(
            "{} bytes are more than the {MAX_BYTES} that a condition may have",
            source.len()
        ),
        "split the condition over several rules, or let the application keep an attribute that says the same",
    ))
}

/// How much of the limits is used up.
#[derive(Default)]
struct Counts {
    tokens: usize,
    depth: usize,
}

impl Counts {
    fn admit(&mut self, token: &Token<'_>, previous: Option<&Token<'_>>) -> Result<(), Complaint> {
        let after_dot = previous.is_some_and(|token| token.symbol == Symbol::Mark(Mark::Dot));
        match token.symbol {
            Symbol::Mark(Mark::OpenParenthesis | Mark::OpenBracket) => self.depth += 1,
            Symbol::Mark(Mark::CloseParenthesis | Mark::CloseBracket) => self.depth = self.depth.saturating_sub(1),
            Symbol::Mark(Mark::Comma | Mark::Dot) => {}
            Symbol::Name(_) if after_dot => {}
            _ => self.tokens += 1,
        }
        let (what, help) = if self.tokens > MAX_TOKENS {
            let what = format!("more than {MAX_TOKENS} operators, literals and names");
            (
                what,
                "split the condition over several rules, or compare with one list: `x in ['a', 'b']`",
            )
        } else if self.depth > MAX_DEPTH {
            let what = format!("parentheses and brackets more than {MAX_DEPTH} deep");
            (what, "leave out the parentheses that change nothing")
        } else {
            return Ok(());
        };
        Err(Complaint::new(FaultKind::Limit, token.at, what, help))
    }
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        tail(self.source, self.at)
    }

    fn next_token(&mut self) -> Result<Option<Token<'s>>, Complaint> {
        let blanks = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c');
        self.at += self.rest().bytes().take_while(blanks).count();
        let at = self.at;
        let Some(first) = self.rest().chars().next() else {
            return Ok(None);
        };
        let symbol = match first {
            'a'..='z' | 'A'..='Z' | '_' => self.word()?,
            '0'..='9' => self.number()?,
            '\'' | '"' => self.text(first)?,
            _ => self.symbol(first)?,
        };
        Ok(Some(Token {
            symbol,
            at,
            end: self.at,
        }))
    }

    /// Takes `length` bytes, which end on a character's edge.
    fn take(&mut self, length: usize) -> &'s str {
        let taken = self.rest().get(..length).unwrap_or_default();
        self.at += length;
        taken
    }

    fn word(&mut self) -> Result<Symbol<'s>, Complaint> {
        let at = self.at;
        let length = self
            .rest()
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            .count();
        match self.take(length) {
            "in" => Ok(Symbol::Operator(Operator::In)),
            "true" => Ok(Symbol::Bool(true)),
            "false" => Ok(Symbol::Bool(false)),
            "null" => Err(Complaint::syntax(
                at,
                "`null` has no place in a condition",
                "write `!has(record.x)` to ask whether an attribute is absent",
            )),
            name => Ok(Symbol::Name(name)),
        }
    }

    fn number(&mut self) -> Result<Symbol<'s>, Complaint> {
        let (at, rest) = (self.at, self.rest());
        let whole = leading_digits(rest);
        let end = after_exponent(rest, after_fraction(rest, whole));
        let number = self.take(end);
        let suffix = self.rest().chars().next().filter(char::is_ascii_alphabetic);
        match (number, suffix) {
            ("0", Some('x' | 'X')) => Err(Complaint::syntax(at, "`0x` is no number here", "write it in decimal")),
            (_, Some(suffix @ ('u' | 'U'))) if end == whole => Err(Complaint::syntax(
                at,
                format!(
                    "`{}{suffix}` is no number here: conditions have no unsigned ones",
                    shown(number)
                ),
                "leave out the letter after the number",
            )),
            _ if end == whole => number.parse().map(Symbol::Int).map_err(|_| too_big(at, number)),
            _ => match number.parse() {
                Ok(value) if f64::is_finite(value) => Ok(Symbol::Double(value)),
                _ => Err(Complaint::syntax(
                    at,
                    format!("`{}` is beyond what a Double can hold", shown(number)),
                    "write a number up to `1.7976931348623157e308`",
                )),
            },
        }
    }

    fn text(&mut self, quote: char) -> Result<Symbol<'s>, Complaint> {
        let (start, mut text) = (self.at, String::new());
        self.take(quote.len_utf8());
        loop {
            match self.rest().chars().next() {
                Some('\\') => text.push(self.escape()?),
                None | Some('\n' | '\r') => {
                    return Err(Complaint::syntax(
                        start,
                        "the text that begins here has no end on its line",
                        format!("close it with `{quote}`; write a line break as `\\n`"),
                    ));
                }
                Some(character) => {
                    self.take(character.len_utf8());
                    if character == quote {
                        return Ok(Symbol::Text(text));
                    }
                    text.push(character);
                }
            }
        }
    }

    /// The character that the escape at hand stands for.
    fn escape(&mut self) -> Result<char, Complaint> {
        let at = self.at;
        let name = tail(self.rest(), 1).chars().next();
        self.take(1 + name.map_or(0, char::len_utf8));
        match name {
            Some(same @ ('\\' | '\'' | '"')) => Ok(same),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => self.code_point(at),
            other => Err(Complaint::syntax(
                at,
                format!(
                    "`\\{}` is no escape",
                    other.map(|it| it.escape_debug().to_string()).unwrap_or_default()
                ),
                "the escapes are `\\\\`, `\\'`, `\\\"`, `\\n`, `\\r`, `\\t` and `\\uXXXX`",
            )),
        }
    }

    fn code_point(&mut self, at: usize) -> Result<char, Complaint> {
        let sound = |digits: &&str| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let Some(digits) = self.rest().get(..4).filter(sound) else {
            return Err(Complaint::syntax(
                at,
                "`\\u` without its code",
                "write four hexadecimal digits: `\\u00e9`",
            ));
        };
        self.take(4);
        u32::from_str_radix(digits, 16)
            .ok()
            .and_then(char::from_u32)
            .ok_or_else(|| {
                Complaint::syntax(
                    at,
                    format!("`\\u{digits}` is half of a surrogate pair, not a character"),
                    "write the character itself",
                )
            })
    }

    fn symbol(&mut self, first: char) -> Result<Symbol<'s>, Complaint> {
        let rest = self.rest();
        if let Some((text, symbol)) = SYMBOLS.iter().find(|(text, _)| rest.starts_with(text)) {
            self.take(text.len());
            return Ok(symbol.clone());
        }
        let (shown, help) = match FOREIGN.iter().find(|(text, _)| rest.starts_with(text)) {
            Some((text, help)) => ((*text).to_owned(), *help),
            None if matches!(first, '‘' | '’' | '“' | '”') => (first.into(), "put a text in `'` or `\"`"),
            None => (
                first.escape_debug().to_string(),
                "leave it out, or put a text in `'` or `\"`",
            ),
        };
        Err(Complaint::syntax(
            self.at,
            format!("`{shown}` has no meaning in a condition"),
            help,
        ))
    }
}

/// What is wrong with an Int beyond 64 bits.
pub(super) fn too_big(at: usize, number: &str) -> Complaint {
    Complaint::syntax(
        at,
        format!("`{}` is beyond the 64 bits of an Int", shown(number)),
        "write a number from `-9223372036854775808` to `9223372036854775807`",
    )
}

fn tail(text: &str, from: usize) -> &str {
    text.get(from..).unwrap_or_default()
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Where the fraction ends, if `text` has one at `from`.
fn after_fraction(text: &str, from: usize) -> usize {
    match tail(text, from).strip_prefix('.').map(leading_digits) {
        Some(digits) if digits > 0 => from + 1 + digits,
        _ => from,
    }
}

/// Where the exponent ends, if `text` has one at `from`.
fn after_exponent(text: &str, from: usize) -> usize {
    let Some(rest) = tail(text, from).strip_prefix(['e', 'E']) else {
        return from;
    };
    let sign = usize::from(rest.starts_with(['+', '-']));
    match leading_digits(tail(rest, sign)) {
        0 => from,
        digits => from + 1 + sign + digits,
    }
}
