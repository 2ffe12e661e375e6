//! The files of a first tenant: templates with values put in.

use super::values::Values;
use crate::manifests::is_plain_text;

/// A file to write.
pub(in crate::cli) struct File {
    /// Below the directory.
    pub(in crate::cli) path: String,
    pub(in crate::cli) text: String,
}

/// All files with these values.
pub(super) fn files(values: &Values) -> Vec<File> {
    let user = format!("user-{}.yaml", values.user);
    [
        ("tenant.yaml", include_str!("tenant.yaml")),
        ("organizations.yaml", include_str!("organizations.yaml")),
        ("roles.yaml", include_str!("roles.yaml")),
        (user.as_str(), include_str!("administrator.yaml")),
        // Below the manifests: kubectl reads every YAML file of a directory, and nothing below it.
        ("tests/access.test.yaml", include_str!("access.test.yaml")),
    ]
    .into_iter()
    .map(|(path, template)| File {
        path: path.to_owned(),
        text: filled(template, values),
    })
    .collect()
}

/// The template with each `${name}` replaced. What is put in is not looked at again.
fn filled(template: &str, values: &Values) -> String {
    let mut parts = template.split("${");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        text.push_str(&scalar(values.named(name)));
        text.push_str(rest);
    }
    text
}

/// The value as a YAML scalar that is read as that very text, wherever it stands: without quotes where all that reads YAML
/// agrees, else in double quotes with the escapes of JSON.
fn scalar(value: &str) -> String {
    let word = |letter: char| letter.is_alphanumeric() || "-._@".contains(letter);
    let plain = value.starts_with(char::is_alphabetic)
        && value.split(' ').all(|part| !part.is_empty() && part.chars().all(word))
        && is_plain_text(value);
    if plain {
        value.to_owned()
    } else {
        serde_json::Value::from(value).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_quoted_where_it_would_be_read_otherwise() {
        for plain in ["acme", "Ada Lovelace", "ada.l@acme.example", "Ähre"] {
            assert_eq!(scalar(plain), plain);
        }
        for quoted in [
            "", "on", "No", "null", "123", "1e3", "~", " a", "a ", "a: b", "a #b", "{a}", "*", "a, b", "O'Hara",
        ] {
            assert_eq!(scalar(quoted), format!("\"{quoted}\""));
        }
        assert_eq!(scalar("a\"\\b"), r#""a\"\\b""#);
    }

    #[test]
    fn a_value_that_looks_like_a_place_is_not_filled_in() {
        let values = Values {
            tenant: "acme".to_owned(),
            display_name: "${tenant}".to_owned(),
            ..Values::default()
        };
        assert_eq!(filled("${tenant}: ${display-name}.", &values), "acme: \"${tenant}\".");
    }
}
