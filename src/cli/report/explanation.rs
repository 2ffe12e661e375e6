//! The form of an explanation.

use serde::Serialize;

use super::CauseForm;
use crate::api::{Display, Moment, Rows, UserPhase, Via};
use crate::policy::{ExplainedName, Explanation, Finding};

/// Everything that a user has, each with its causes, and everything of the user that is void.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct ExplanationForm<'a> {
    namespace: &'a str,
    user: &'a str,
    at: Moment,
    phase: UserPhase,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    because: Vec<CauseForm<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<RoleForm<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    permissions: Vec<PermissionForm<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    organizations: Vec<NameForm<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<NameForm<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    data: Vec<DataForm<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<FieldForm<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    void: Vec<VoidForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_transition: Option<Moment>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleForm<'a> {
    name: &'a str,
    via: &'a [Via],
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Moment>,
    from: Vec<CauseForm<'a>>,
}

#[derive(Debug, Serialize)]
struct PermissionForm<'a> {
    object: &'a str,
    action: &'a str,
    from: Vec<CauseForm<'a>>,
}

#[derive(Debug, Serialize)]
struct NameForm<'a> {
    name: &'a str,
    from: Vec<CauseForm<'a>>,
}

#[derive(Debug, Serialize)]
struct DataForm<'a> {
    object: &'a str,
    rows: Rows,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    from: Vec<CauseForm<'a>>,
}

#[derive(Debug, Serialize)]
struct FieldForm<'a> {
    object: &'a str,
    field: &'a str,
    display: Display,
    group: bool,
    filter: bool,
    from: Vec<CauseForm<'a>>,
}

#[derive(Debug, Serialize)]
struct VoidForm<'a> {
    field: &'a str,
    class: &'static str,
    reason: &'static str,
    message: &'a str,
    mend: &'a str,
}

impl<'a> ExplanationForm<'a> {
    pub(in crate::cli) fn new(explanation: &'a Explanation) -> Self {
        Self {
            namespace: &explanation.namespace,
            user: &explanation.user,
            at: explanation.at,
            phase: explanation.phase,
            because: CauseForm::all(&explanation.because),
            roles: roles(explanation),
            permissions: permissions(explanation),
            organizations: names(&explanation.organizations),
            groups: names(&explanation.groups),
            data: data(explanation),
            fields: fields(explanation),
            void: explanation.void.iter().map(VoidForm::new).collect(),
            next_transition: explanation.next_transition,
        }
    }
}

fn roles(explanation: &Explanation) -> Vec<RoleForm<'_>> {
    let roles = explanation.roles.iter().map(|role| RoleForm {
        name: &role.name,
        via: &role.via,
        valid_until: role.valid_until,
        from: CauseForm::all(&role.from),
    });
    roles.collect()
}

fn permissions(explanation: &Explanation) -> Vec<PermissionForm<'_>> {
    let permissions = explanation.permissions.iter().map(|permission| PermissionForm {
        object: &permission.object,
        action: &permission.action,
        from: CauseForm::all(&permission.from),
    });
    permissions.collect()
}

fn names(names: &[ExplainedName]) -> Vec<NameForm<'_>> {
    let named = names.iter().map(|one| NameForm {
        name: &one.name,
        from: CauseForm::all(&one.from),
    });
    named.collect()
}

fn data(explanation: &Explanation) -> Vec<DataForm<'_>> {
    let data = explanation.data.iter().map(|data| DataForm {
        object: &data.object,
        rows: data.rows,
        from: CauseForm::all(&data.from),
    });
    data.collect()
}

fn fields(explanation: &Explanation) -> Vec<FieldForm<'_>> {
    let fields = explanation.fields.iter().map(|field| FieldForm {
        object: &field.object,
        field: &field.field,
        display: field.display,
        group: field.group,
        filter: field.filter,
        from: CauseForm::all(&field.from),
    });
    fields.collect()
}

impl<'a> VoidForm<'a> {
    fn new(finding: &'a Finding) -> Self {
        Self {
            field: &finding.path,
            class: finding.class.as_str(),
            reason: finding.reason.as_str(),
            message: &finding.message,
            mend: &finding.mend,
        }
    }
}
