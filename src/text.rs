//! Words that are safe to show, and the name that was probably meant.

/// A value in backticks, harmless on a terminal, not too long, and without saying how to reach anyone.
pub(crate) fn quoted(value: &str) -> String {
    format!("`{}`", discreet(value, 60))
}

/// The text, [`plain`], or what it is in its place if it has the form of an email or of a phone number: these may stand where
/// another value belongs, and a message carries neither.
pub(crate) fn discreet(value: &str, most: usize) -> String {
    let phone = |digits: &str| digits.len() > 5 && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ');
    if value.contains('@') {
        String::from("(an email)")
    } else if value.strip_prefix('+').is_some_and(phone) {
        String::from("(a phone number)")
    } else {
        plain(value, most)
    }
}

/// A key in backticks, or words in its place when it is not formed like the name of a field: where a line break or a quote is
/// missing it may be an email or a phone number.
pub(crate) fn key(name: &str) -> String {
    if is_name(name) {
        quoted(name)
    } else {
        String::from("a name that is not shown, as it may be a value,")
    }
}

/// Whether a key is formed like the name of a field, a label or a merge.
pub(crate) fn is_name(key: &str) -> bool {
    key.starts_with(|first: char| first.is_alphabetic() || "_$<".contains(first))
        && key.chars().all(|one| one.is_alphanumeric() || "_-./$<~".contains(one))
}

/// A text in which whatever could steer a terminal or reorder a line is escaped, cut to so many characters.
pub(crate) fn plain(value: &str, most: usize) -> String {
    let mut out = String::with_capacity(value.len().min(most));
    for (count, character) in value.chars().enumerate() {
        if count == most {
            out.push('…');
            break;
        }
        if steers(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

/// Whether a character could steer a terminal or reorder a line.
pub(crate) fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The candidate that was probably meant.
pub(crate) fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let most = name.chars().count().clamp(3, 9) / 3;
    candidates
        .map(|candidate| (distance(name, candidate, most), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The number of edits between two names, letter case aside; of names that are much longer or shorter just "more".
fn distance(left: &str, right: &str, most: usize) -> usize {
    if left.len().abs_diff(right.len()) > most * 4 || left.len() > 100 {
        return most + 1;
    }
    strsim::levenshtein(&left.to_lowercase(), &right.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_a_person_is_not_shown() {
        let shown = [
            "ada@acme.example",
            "+49151123456",
            "+49 151 123456",
            "+1",
            "2026-12-01",
            "editor",
        ]
        .map(quoted);
        let (email, phone) = ("`(an email)`", "`(a phone number)`");
        assert_eq!(shown, [email, phone, phone, "`+1`", "`2026-12-01`", "`editor`"]);
    }

    #[test]
    fn nothing_in_a_value_steers_a_terminal() {
        assert_eq!(quoted("\u{1b}[31m\u{202e}x\n"), "`\\u{1b}[31m\\u{202e}x\\u{a}`");
        assert_eq!(quoted(&"x".repeat(100)), format!("`{}…`", "x".repeat(60)));
    }

    #[test]
    fn a_key_is_shown_when_it_is_formed_like_a_name() {
        for name in ["validUntill", "app.kubernetes.io/name", "<<", "$ref", "größe"] {
            assert_eq!(key(name), format!("`{name}`"));
        }
        for value in [
            "ada@acme.example",
            "+4912345678",
            "4912345678",
            "em 'ada",
            "",
            "\u{1b}[31m",
        ] {
            assert!(!key(value).contains('`'), "{value}");
        }
    }

    #[test]
    fn of_names_that_are_equally_near_the_first_in_byte_order_is_meant() {
        for candidates in [
            ["rose", "role", "Role"],
            ["Role", "rose", "role"],
            ["role", "Role", "rose"],
        ] {
            assert_eq!(nearest("rope", candidates.into_iter()), Some("Role"));
        }
    }

    #[test]
    fn a_slip_of_the_pen_finds_what_was_meant() {
        let fields = ["roles", "temporaryRoles", "displayName", "email"];
        for (name, meant) in [
            ("role", Some("roles")),
            ("temporaryroles", Some("temporaryRoles")),
            ("dispalyName", Some("displayName")),
            ("mail", Some("email")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, fields.into_iter()), meant, "{name}");
        }
    }
}
