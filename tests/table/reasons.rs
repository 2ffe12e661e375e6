//! The contract's table of findings, written out once more.

use serde_json::Value;
use tenantry::api::Kind;

use super::case::Finding;

/// Reason, class, and on which kinds it can be, in the order of precedence.
pub(crate) const REASONS: [(&str, &str, &str); 42] = [
    ("SchemaInvalid", "Refused", "all"),
    ("DuplicateObject", "Refused", "all"),
    ("Terminating", "Waiting", "all"),
    (
        "NoTenant",
        "Waiting",
        "Invitation, Organization, Role, SharingRule, User, UserGroup",
    ),
    ("ReservedName", "Refused", "Role, Organization, Invitation"),
    ("DuplicateIdentifier", "Refused", "User"),
    ("DuplicateCode", "Refused", "Organization"),
    ("AlreadyInvited", "Refused", "Invitation"),
    ("NameTaken", "Refused", "Invitation"),
    ("AlreadyOver", "Refused", "Invitation"),
    ("AccountFormat", "Refused", "User, Invitation"),
    ("EmailRequired", "Refused", "User"),
    ("PositionRequired", "Refused", "User, Invitation"),
    ("InvalidAttribute", "Refused", "User, Invitation"),
    ("InvalidHome", "Refused", "User"),
    ("UnknownObject", "Refused", "Role, SharingRule"),
    ("UnknownObject", "Partial", "Tenant"),
    ("UnknownAction", "Refused", "Role"),
    ("UnknownField", "Refused", "Role, SharingRule"),
    ("FieldType", "Refused", "Role, SharingRule"),
    ("FieldType", "Partial", "Tenant"),
    ("SharingNotAllowed", "Refused", "SharingRule"),
    ("SharingNotAllowed", "Partial", "Tenant"),
    ("InvalidCondition", "Refused", "Role, SharingRule"),
    ("OrganizationCycle", "Refused", "Organization"),
    ("LimitExceeded", "Refused", "Role, Organization, UserGroup, SharingRule"),
    ("LimitExceeded", "Partial", "User"),
    ("HomeRefused", "Waiting", "User"),
    ("HomeChanged", "Waiting", "User"),
    ("InvitationOver", "Waiting", "User"),
    ("DependencyNotFound", "Waiting", "Organization, User, Invitation"),
    ("DependencyNotFound", "Partial", "User, Role, UserGroup, SharingRule"),
    ("DependencyInvalid", "Waiting", "Organization, User, Invitation"),
    ("DependencyInvalid", "Partial", "User, Role, UserGroup, SharingRule"),
    ("ObjectPublic", "Waiting", "SharingRule"),
    ("ModuleNotEnabled", "Partial", "Role"),
    ("ModuleNotEnabled", "Waiting", "SharingRule"),
    ("RoleNotAssignable", "Partial", "User"),
    ("Unused", "Warning", "Role"),
    ("LimitNear", "Warning", "Tenant"),
    ("GrantOver", "Warning", "User"),
    ("GrantOver", "Warning", "SharingRule"),
];

/// Those marked S: the object alone is at fault.
const STALLING: [&str; 4] = ["SchemaInvalid", "DuplicateObject", "ReservedName", "InvalidCondition"];

/// The reasons of findings of those classes that comes first.
fn first<'a>(findings: &[&'a Finding], chosen: impl Fn(&Finding) -> bool) -> Option<&'a str> {
    let chosen = findings.iter().filter(|finding| chosen(finding));
    let reasons = chosen.map(|finding| finding.reason.as_str());
    reasons.min_by_key(|reason| REASONS.iter().position(|(listed, ..)| listed == reason).unwrap())
}

/// The conditions that an object with those findings must have: type, and status and reason, if it is there at all.
pub(crate) fn conditions(findings: &[&Finding], status: &Value) -> [(&'static str, Option<String>); 3] {
    let of_class = |classes: &'static [&str]| move |finding: &Finding| classes.contains(&finding.class.as_str());
    let void = first(findings, of_class(&["Refused", "Waiting"]));
    let partial = first(findings, of_class(&["Partial"]));
    let stalled = first(findings, |finding| STALLING.contains(&finding.reason.as_str()));
    let fails = |reason: &str| format!("False/{reason}");
    // What a Tenant in force says is for the cases to name: only its spec tells.
    let ready = status["phase"].as_str().unwrap_or("Valid");
    [
        ("Ready", Some(void.map_or_else(|| format!("True/{ready}"), fails))),
        (
            "Complete",
            Some(partial.map_or_else(|| "True/Complete".to_owned(), fails)),
        ),
        ("Stalled", stalled.map(|reason| format!("True/{reason}"))),
    ]
}

/// The kinds that a row of the table names.
pub(crate) fn kinds(on: &str) -> Vec<Kind> {
    match on {
        "all" => Kind::ALL.to_vec(),
        _ => on.split(", ").map(|kind| Kind::from_name(kind).unwrap()).collect(),
    }
}
