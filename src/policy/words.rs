//! Words that messages share: suggestions, lists and values as they may be shown.

use std::fmt::Display;

use super::catalogue::{Catalogue, ObjectType};
use super::finding::{Finding, Reason};
use crate::text;

/// A value in a message. That of a field which holds an email, phone or account never comes here.
pub(super) fn shown(value: &str) -> String {
    text::discreet(value, 60)
}

/// `otherwise`, or better the known name that was probably meant.
pub(super) fn suggest<'a, S: AsRef<str> + ?Sized + 'a>(
    otherwise: &str,
    wrong: &str,
    known: impl IntoIterator<Item = &'a S>,
) -> String {
    match text::nearest(wrong, known.into_iter().map(AsRef::as_ref)) {
        Some(name) => format!("did you mean `{name}`? Otherwise {otherwise}"),
        None => otherwise.to_owned(),
    }
}

/// "write one of `a`, `b`".
pub(super) fn one_of<S: Display>(values: &[S]) -> String {
    const MOST: usize = 8;
    let named = values.iter().take(MOST).map(|value| text::quoted(&value.to_string()));
    let named: Vec<String> = named.collect();
    let more = if values.len() > MOST { ", …" } else { "" };
    format!("write one of {}{more}", named.join(", "))
}

/// Whether `text` has the form of an email.
pub(super) fn is_email(email: &str) -> bool {
    let local = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_{|}~-".contains(&byte);
    let domain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let Some((user, host)) = email.split_once('@') else {
        return false;
    };
    let labels: Vec<&str> = host.split('.').collect();
    email.len() <= 254
        && (1..=64).contains(&user.len())
        && user.bytes().all(local)
        && labels.len() >= 2
        && labels
            .iter()
            .all(|label| !label.is_empty() && label.bytes().all(domain))
}

/// An object with a `deletionTimestamp`.
pub(super) fn terminating() -> Finding {
    Finding::waiting(Reason::Terminating, "metadata.name")
        .says("the object is being deleted and grants nothing")
        .mend("let the deletion finish, then create it again if it is still wanted")
}

/// An object in a namespace without a Tenant in force.
pub(super) fn no_tenant(namespace: &str) -> Finding {
    Finding::waiting(Reason::NoTenant, "metadata.namespace")
        .says(format!("the namespace `{namespace}` has no Tenant in force"))
        .mend("create a Tenant named `tenant` there, or mend the one it has")
}

/// An object type that the catalogue does not know.
pub(super) fn unknown_object(finding: Finding, catalogue: &Catalogue, name: &str) -> Finding {
    let known = catalogue.objects().map(|(_, object)| object.name.as_str());
    finding
        .says(format!("the catalogue has no object `{}`", shown(name)))
        .mend(suggest("remove it, or extend the catalogue", name, known))
}

/// A field that neither the catalogue nor the tenant declares.
pub(super) fn unknown_field<'a>(finding: Finding, name: &str, known: impl IntoIterator<Item = &'a str>) -> Finding {
    finding
        .says(format!("the object has no field `{}`", shown(name)))
        .mend(suggest(
            "declare it in the Tenant's spec.objects, or remove it",
            name,
            known,
        ))
}

/// An object of a module that the tenant lacks.
pub(super) fn module_not_enabled(finding: Finding, object: &ObjectType) -> Finding {
    finding
        .says(format!(
            "the tenant does not have the module `{}` of `{}`",
            object.module, object.name
        ))
        .mend(format!(
            "remove the entry, or add `{}` to the Tenant's spec.modules",
            object.module
        ))
}

/// Something that is named and does not exist.
pub(super) fn missing<'a>(
    finding: Finding,
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Finding {
    finding
        .says(format!("there is no {what} `{}`", shown(name)))
        .mend(suggest("create it, or remove the entry", name, known))
}

/// A role that is given by position only.
pub(super) fn not_assignable(finding: Finding, name: &str) -> Finding {
    finding
        .says(format!("the role `{}` is given by position only", shown(name)))
        .mend("remove the entry, or give the role the assignment Account")
}

/// Something that is named and void.
pub(super) fn void(finding: Finding, what: &str, name: &str) -> Finding {
    finding
        .says(format!("the {what} `{}` is void", shown(name)))
        .mend("mend it, or remove the entry")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_name_that_is_nearest_is_suggested() {
        let known = ["Campaign", "Customer"];
        assert_eq!(
            suggest("leave it out", "Campain", known),
            "did you mean `Campaign`? Otherwise leave it out"
        );
        assert_eq!(suggest("leave it out", "Invoice", known), "leave it out");
    }

    #[test]
    fn eight_of_many_values_are_told() {
        assert_eq!(one_of(&["a", "b"]), "write one of `a`, `b`");
        let values: Vec<u32> = (1..=9).collect();
        let eight = "write one of `1`, `2`, `3`, `4`, `5`, `6`, `7`, `8`";
        assert_eq!(one_of(&values[..8]), eight);
        assert_eq!(one_of(&values), format!("{eight}, …"));
    }

    #[test]
    fn a_value_is_shown_in_one_line() {
        assert_eq!(shown("a\nb"), "a\\u{a}b");
        assert_eq!(shown("plain"), "plain");
    }

    #[test]
    fn the_form_of_an_email_is_that_of_the_schema() {
        let pattern = regex::Regex::new(crate::api::forms::EMAIL_PATTERN).unwrap();
        for text in [
            "a@b.c",
            "a@b",
            "@b.c",
            "a@b..c",
            "a@b.c.",
            "a b@c.d",
            "ä@b.c",
            "a@b_c.d",
            "a@@b.c",
            "a@-.-",
            "a.b+c@d-e.f.g",
        ] {
            assert_eq!(is_email(text), pattern.is_match(text), "{text}");
        }
        assert!(!is_email(&format!("{}@b.c", "a".repeat(65))));
        assert!(!is_email(&format!("a@{}.c", "b".repeat(260))));
    }
}
