//! Users: what is wrong with them, and their phase.

use tenantry::api::{AccountFormat, Attributes, Kind, TenantSpec, UserPhase, UserSpec, UserType};
use tenantry::policy::{Class, Reason};

use super::organizations::is_system;
use super::tenant::{limits, positions};
use super::{Mark, Named, Oracle, dependency, partial, refused, waiting};
use crate::world::{Body, Doc};

impl<'a> Oracle<'a> {
    pub(super) fn user_spec(self, name: &str) -> Option<(&'a Doc, &'a UserSpec)> {
        let doc = self.find(Kind::User, name)?;
        match &doc.body {
            Body::User(spec) => Some((doc, spec)),
            _ => None,
        }
    }

    pub(super) fn user_findings(self, tenant: &TenantSpec, doc: &Doc, spec: &UserSpec) -> Vec<Mark> {
        let mut marks = self.taken_identifiers(doc, spec);
        if spec
            .account
            .as_ref()
            .is_some_and(|account| !account_fits(tenant, account))
        {
            marks.push(refused("spec.account", Reason::AccountFormat));
        }
        let home = self.home_finding(spec);
        marks.extend(home.clone());
        let refused_home = home.is_some_and(|(_, _, reason)| reason == Reason::HomeRefused);
        let unknown_home = spec.home.is_some() && (refused_home || self.home(spec).is_none());
        if !unknown_home && self.email_is_missing(tenant, spec) {
            marks.push(refused("spec.email", Reason::EmailRequired));
        }
        let credited = spec.kind == UserType::Credited;
        marks.extend(position_and_attributes(
            tenant,
            spec.position.as_ref(),
            &spec.attributes,
            !credited,
        ));
        if spec
            .position
            .as_ref()
            .is_some_and(|position| !positions(tenant).contains(position))
        {
            marks.push(partial("spec.position", Reason::DependencyNotFound));
        }
        if spec
            .invitation
            .as_ref()
            .is_some_and(|invitation| !self.invitation_lives(invitation))
        {
            marks.push(waiting("spec.invitation", Reason::InvitationOver));
        }
        marks.extend(self.role_reference_findings(spec));
        marks.extend(self.membership_findings(tenant, doc, spec));
        marks
    }

    /// "Identifiers, all unique within the tenant, across fields: account, email, phone with and without `+`. The older user
    /// keeps one, the younger is refused."
    fn taken_identifiers(self, doc: &Doc, spec: &UserSpec) -> Vec<Mark> {
        let mut taken = Vec::new();
        for older in self.older(doc) {
            if let Body::User(older) = &older.body {
                taken.extend(identifiers(older));
            }
        }
        let mut marks = Vec::new();
        for (path, values) in [
            (
                "spec.account",
                spec.account
                    .iter()
                    .map(|account| account.to_ascii_lowercase())
                    .collect(),
            ),
            (
                "spec.email",
                spec.email.iter().map(|email| email.to_ascii_lowercase()).collect(),
            ),
            ("spec.phone", phone_forms(spec.phone.as_ref())),
        ] {
            if values.iter().any(|value: &String| taken.contains(value)) {
                marks.push(refused(path, Reason::DuplicateIdentifier));
            }
        }
        marks
    }

    /// "SSO users need one always"; "EmailRequired looks at the effective email, once home is known": when the home user is
    /// there to be looked at, void or not.
    fn email_is_missing(self, tenant: &TenantSpec, spec: &UserSpec) -> bool {
        let required = tenant.accounts.as_ref().is_some_and(|accounts| accounts.email_required);
        let at_home = self.home(spec).and_then(|(_, _, home)| home.email.as_ref());
        (required || spec.kind == UserType::SSO) && spec.email.is_none() && at_home.is_none()
    }

    /// The home tenant and user of a Credited user, as far as they are there.
    fn home(self, spec: &UserSpec) -> Option<(Oracle<'a>, &'a Doc, &'a UserSpec)> {
        let home = spec.home.as_ref()?;
        let namespace = self
            .docs
            .iter()
            .find(|doc| doc.namespace == home.tenant)?
            .namespace
            .as_str();
        let there = Oracle { namespace, ..self };
        let (doc, spec) = there.user_spec(&home.user)?;
        Some((there, doc, spec))
    }

    fn home_finding(self, spec: &UserSpec) -> Option<Mark> {
        let home = spec.home.as_ref()?;
        let there = self.docs.iter().find(|doc| doc.namespace == home.tenant);
        let there = there.map(|doc| Oracle {
            namespace: &doc.namespace,
            ..self
        });
        let credits = there.is_some_and(|there| {
            let listed = there.tenant().and_then(|tenant| tenant.accounts.as_ref());
            let listed = listed.map_or(&[] as &[String], |accounts| &accounts.credited_to);
            there.namespace != self.namespace && listed.iter().any(|one| one == "*" || one == self.namespace)
        });
        let (Some(there), true) = (there, credits) else {
            return Some(waiting("spec.home", Reason::HomeRefused));
        };
        let Some((doc, user)) = there.user_spec(&home.user) else {
            let named = there.look(Kind::User, &home.user);
            return dependency(named, Class::Waiting, "spec.home");
        };
        if !matches!(user.kind, UserType::Ordinary | UserType::SSO) {
            return Some(refused("spec.home", Reason::InvalidHome));
        }
        if there.void(doc) {
            return Some(waiting("spec.home", Reason::DependencyInvalid));
        }
        let lower = |email: &Option<String>| email.as_ref().map(|email| email.to_ascii_lowercase());
        let changed = spec.email.is_some() && lower(&spec.email) != lower(&user.email);
        changed.then(|| waiting("spec.home", Reason::HomeChanged))
    }

    /// "Missing, void, revoked or itself of kind `user`: the user waits as a whole."
    fn invitation_lives(self, name: &str) -> bool {
        let Some(doc) = self.find(Kind::Invitation, name) else {
            return false;
        };
        match &doc.body {
            Body::Invitation(spec, _) => spec.user.is_none() && !spec.revoked && !self.void(doc),
            _ => false,
        }
    }

    fn role_reference_findings(self, spec: &UserSpec) -> Vec<Mark> {
        let mut marks = Vec::new();
        for (r, role) in spec.roles.iter().enumerate() {
            let path = format!("spec.roles[{r}]");
            if self.by_position_only(role) {
                marks.push(partial(path, Reason::RoleNotAssignable));
            } else {
                marks.extend(dependency(self.look(Kind::Role, role), Class::Partial, path));
            }
        }
        for (t, temporary) in spec.temporary_roles.iter().enumerate() {
            if self.now < temporary.valid_until {
                let path = format!("spec.temporaryRoles[{t}].role");
                marks.extend(dependency(self.look(Kind::Role, &temporary.role), Class::Partial, path));
            }
        }
        marks
    }

    fn membership_findings(self, tenant: &TenantSpec, doc: &Doc, spec: &UserSpec) -> Vec<Mark> {
        let mut marks = Vec::new();
        for (o, organization) in spec.organizations.iter().enumerate() {
            let path = format!("spec.organizations[{o}]");
            marks.extend(dependency(
                self.look(Kind::Organization, organization),
                Class::Partial,
                &path,
            ));
            if self.is_crowded_out(tenant, doc, organization) {
                marks.push(partial(path, Reason::LimitExceeded));
            }
        }
        marks
    }

    /// "More users than `usersPerOrganization` list one: the membership of the youngest is void; headquarters and unassigned
    /// have no limit." One that is missing or void is that already: one finding per offending value.
    fn is_crowded_out(self, tenant: &TenantSpec, doc: &Doc, organization: &str) -> bool {
        let mut listing = self.oldest_first(Kind::User);
        listing.retain(|user| match &user.body {
            Body::User(spec) => spec.organizations.iter().any(|listed| listed == organization),
            _ => false,
        });
        !is_system(organization)
            && self.look(Kind::Organization, organization) == Named::InForce
            && Self::beyond(doc, &listing, limits(tenant).users_per_organization)
    }

    /// The organizations that she lists and may enter.
    pub(super) fn listed_organizations(self, tenant: &TenantSpec, doc: &Doc, spec: &UserSpec) -> Vec<String> {
        let mut entered = spec.organizations.clone();
        entered.retain(|name| {
            self.look(Kind::Organization, name) == Named::InForce && !self.is_crowded_out(tenant, doc, name)
        });
        entered.sort();
        entered
    }

    /// "Invalid > Disabled > Expired > Pending > Active (the first that applies)."
    pub(crate) fn phase(self, doc: &Doc, spec: &UserSpec) -> UserPhase {
        let over = |moment: Option<tenantry::api::Moment>| moment.is_some_and(|moment| self.now >= moment);
        if self.void(doc) {
            return UserPhase::Invalid;
        }
        let home = self.home(spec).map(|(there, doc, spec)| there.phase(doc, spec));
        let suspended = self.tenant().is_some_and(|tenant| tenant.suspended);
        let activated_until = spec.activation.as_ref().map(|activation| activation.valid_until);
        let asleep = spec.kind == UserType::Service && spec.activation.is_none();
        if !spec.enabled || suspended || home == Some(UserPhase::Disabled) {
            UserPhase::Disabled
        } else if over(spec.valid_until) || over(activated_until) || home == Some(UserPhase::Expired) {
            UserPhase::Expired
        } else if spec.valid_from.is_some_and(|from| self.now < from) || asleep || home == Some(UserPhase::Pending) {
            UserPhase::Pending
        } else {
            UserPhase::Active
        }
    }
}

/// The values by which a user is known.
pub(super) fn identifiers(spec: &UserSpec) -> Vec<String> {
    let mut values: Vec<String> = phone_forms(spec.phone.as_ref());
    values.extend(
        [&spec.account, &spec.email]
            .into_iter()
            .flatten()
            .map(|value| value.to_ascii_lowercase()),
    );
    values
}

/// A phone "with and without `+`".
pub(super) fn phone_forms(phone: Option<&String>) -> Vec<String> {
    phone.map_or_else(Vec::new, |phone| vec![phone.clone(), phone.replace('+', "")])
}

/// "Any: 4 to 36 of A-Z a-z 0-9 . _ @ -, or an email. Email: an email." No email of a world has a blank, none but emails a
/// dot behind an `@`.
fn account_fits(tenant: &TenantSpec, account: &str) -> bool {
    let email = account.split_once('@').is_some_and(|(_, host)| host.contains('.'));
    let word = |c: char| c.is_ascii_alphanumeric() || "._@-".contains(c);
    let any = (4..=36).contains(&account.len()) && account.chars().all(word);
    match tenant
        .accounts
        .as_ref()
        .map(|accounts| accounts.format)
        .unwrap_or_default()
    {
        AccountFormat::Any => any || email,
        AccountFormat::Email => email,
    }
}

/// "PositionRequired"; "InvalidAttribute: undeclared, required but absent, or not one of its values".
pub(super) fn position_and_attributes(
    tenant: &TenantSpec,
    position: Option<&String>,
    attributes: &Attributes,
    required_bind: bool,
) -> Vec<Mark> {
    let mut marks = Vec::new();
    let accounts = tenant.accounts.clone().unwrap_or_default();
    if required_bind && accounts.position_required && position.is_none() {
        marks.push(refused("spec.position", Reason::PositionRequired));
    }
    for declared in &accounts.attributes {
        if required_bind && declared.required && !attributes.contains_key(&declared.name) {
            marks.push(refused(
                format!("spec.attributes.{}", declared.name),
                Reason::InvalidAttribute,
            ));
        }
    }
    for (name, value) in attributes {
        let declared = accounts.attributes.iter().find(|declared| declared.name == *name);
        if !declared.is_some_and(|declared| declared.values.is_empty() || declared.values.contains(value)) {
            marks.push(refused(format!("spec.attributes.{name}"), Reason::InvalidAttribute));
        }
    }
    marks
}
