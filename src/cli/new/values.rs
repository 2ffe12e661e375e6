//! What a first tenant needs to know: by flags, by asking, or by default.

use std::path::Path;

use super::super::{Failure, Screen};
use super::Arguments;
use super::questions::Question;
use crate::api::Kind;

const TENANT: Question = Question {
    flag: "--tenant",
    text: "Tenant, as the name of a namespace",
    kind: Kind::Tenant,
    field: &["metadata", "namespace"],
};
const DISPLAY_NAME: Question = Question {
    flag: "--display-name",
    text: "Its name for people",
    kind: Kind::Tenant,
    field: &["spec", "displayName"],
};
const ADMINISTRATOR_EMAIL: Question = Question {
    flag: "--administrator-email",
    text: "Email of the first administrator",
    kind: Kind::Tenant,
    field: &["spec", "administrator", "email"],
};
const ADMINISTRATOR_NAME: Question = Question {
    flag: "--administrator-name",
    text: "Her name for people",
    kind: Kind::Tenant,
    field: &["spec", "administrator", "name"],
};

/// The name of a user who has none.
const SOMEBODY: &str = "administrator";

/// Everything that is put into the templates.
#[derive(Debug, Default)]
pub(super) struct Values {
    pub(super) tenant: String,
    pub(super) display_name: String,
    pub(super) administrator_name: String,
    pub(super) administrator_email: String,
    /// The administrator's metadata.name.
    pub(super) user: String,
}

impl Values {
    /// Takes the flags, and for what they do not say asks, or takes what suggests itself.
    pub(super) fn gather(arguments: &Arguments, screen: &mut Screen<'_>) -> Result<Self, Failure> {
        // No question is asked in vain.
        judge(arguments)?;
        let tenant = TENANT.settle(
            arguments.tenant.as_deref(),
            directory_name(&arguments.directory),
            screen,
        )?;
        let display_name = DISPLAY_NAME.settle(arguments.display_name.as_deref(), Some(in_words(&tenant)), screen)?;
        let email = ADMINISTRATOR_EMAIL.settle(arguments.administrator_email.as_deref(), None, screen)?;
        let (mailbox, _) = email.split_once('@').unwrap_or_default();
        let name =
            ADMINISTRATOR_NAME.settle(arguments.administrator_name.as_deref(), Some(in_words(mailbox)), screen)?;
        Ok(Self {
            user: label(mailbox),
            tenant,
            display_name,
            administrator_name: name,
            administrator_email: email,
        })
    }

    /// The value of that name in a template.
    pub(super) fn named(&self, name: &str) -> &str {
        match name {
            "tenant" => &self.tenant,
            "display-name" => &self.display_name,
            "administrator-name" => &self.administrator_name,
            "administrator-email" => &self.administrator_email,
            "user" => &self.user,
            _ => "",
        }
    }
}

/// Says what is wrong with the flags.
fn judge(arguments: &Arguments) -> Result<(), Failure> {
    let given = [
        (&TENANT, &arguments.tenant),
        (&DISPLAY_NAME, &arguments.display_name),
        (&ADMINISTRATOR_NAME, &arguments.administrator_name),
        (&ADMINISTRATOR_EMAIL, &arguments.administrator_email),
    ];
    let given = given
        .into_iter()
        .filter_map(|(question, value)| Some((question, value.as_deref()?)));
    for (question, value) in given {
        question.judge(value)?;
    }
    Ok(())
}

/// The last name of a path, that of the current directory for `.`.
fn directory_name(directory: &Path) -> Option<String> {
    let absolute = std::path::absolute(directory).ok()?;
    Some(absolute.file_name()?.to_str()?.to_owned())
}

/// `Ada Lovelace` of `ada.lovelace`.
fn in_words(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric());
    let words: Vec<String> = words.filter(|word| !word.is_empty()).map(capitalized).collect();
    words.join(" ")
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// `ada-lovelace` of `Ada.Lovelace`: a name as an object may have it.
fn label(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let label: String = words.join("-").chars().take(63).collect();
    match label.trim_end_matches('-') {
        "" => SOMEBODY.to_owned(),
        label => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_suggest_themselves() {
        for (text, words, name) in [
            ("ada.lovelace", "Ada Lovelace", "ada-lovelace"),
            ("Ada_L+news", "Ada L News", "ada-l-news"),
            ("my-shop", "My Shop", "my-shop"),
            ("..", "", "administrator"),
        ] {
            assert_eq!((in_words(text).as_str(), label(text).as_str()), (words, name), "{text}");
        }
        assert_eq!(label(&format!("{}.b", "a".repeat(62))), "a".repeat(62));
    }
}
