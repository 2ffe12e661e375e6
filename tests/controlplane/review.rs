//! `plan --against cluster`: what applying an input would change, for all whom it concerns.

use crate::chart::{Installed, installed};
use crate::harness::Ran;
use crate::harness::access::Access;
use crate::harness::wait::until;

/// Two tenants that the cluster holds; luca works in both.
struct Tenants {
    installed: &'static Installed,
    home: String,
    client: String,
}

impl Tenants {
    fn applied() -> Self {
        let installed = installed();
        let tenants = Self {
            installed,
            home: installed.plane.namespace("home"),
            client: installed.plane.namespace("client"),
        };
        let both = format!("{}\n---\n{}", tenants.home(&tenants.client), tenants.client());
        installed.plane.admin().kubectl_with(&both, &["apply", "-f", "-"]).ok();
        tenants
    }

    /// The home's manifests, which credits its users to that tenant.
    fn home(&self, credited_to: &str) -> String {
        let namespace = &self.home;
        format!(
            "
apiVersion: tenantry.dev/v1alpha1
kind: Tenant
metadata: {{name: tenant, namespace: {namespace}}}
spec: {{displayName: Home, accounts: {{creditedTo: [{credited_to}]}}}}
---
apiVersion: tenantry.dev/v1alpha1
kind: User
metadata: {{name: luca, namespace: {namespace}}}
spec: {{account: luca.home, name: Luca, email: luca@home.example, roles: [ordinary-user]}}"
        )
    }

    fn client(&self) -> String {
        let Self { home, client, .. } = self;
        format!(
            "
apiVersion: tenantry.dev/v1alpha1
kind: Tenant
metadata: {{name: tenant, namespace: {client}}}
spec: {{displayName: Client}}
---
apiVersion: tenantry.dev/v1alpha1
kind: User
metadata: {{name: luca, namespace: {client}}}
spec:
  type: Credited
  email: luca@home.example
  home: {{tenant: {home}, user: luca}}
  roles: [analyst]"
        )
    }

    /// A service account that may read one of them, and a way to let it read the other.
    fn reviewer(&self) -> Reviewer<'_> {
        let admin = self.installed.plane.admin();
        admin
            .kubectl(&["create", "serviceaccount", "reviewer", "--namespace", &self.client])
            .ok();
        Reviewer {
            tenants: self,
            access: self.installed.plane.service_account(&self.client, "reviewer"),
        }
    }
}

struct Reviewer<'t> {
    tenants: &'t Tenants,
    access: Access,
}

impl Reviewer<'_> {
    fn may_read(&self, namespace: &str) {
        let account = format!("{}:reviewer", self.tenants.client);
        let admin = self.tenants.installed.plane.admin();
        let bind = ["create", "rolebinding", "reviewers", "--clusterrole", "tenantry-plan"];
        let who = ["--namespace", namespace, "--serviceaccount", &account];
        admin.kubectl(&[&bind[..], &who].concat()).ok();
        let asked = ["auth", "can-i", "list", "users.tenantry.dev", "--namespace", namespace];
        until("the binding to count", || {
            (self.access.kubectl(&asked).code == 0).then_some(())
        });
    }
}

fn plan(access: &Access, input: &str) -> Ran {
    let arguments = ["plan", "-", "--against", "cluster", "--max-changes", "0"];
    access.tenantry_with(input, &arguments)
}

#[test]
fn a_tenant_alone_is_judged_by_the_homes_that_the_cluster_holds() {
    let tenants = Tenants::applied();
    let ran = plan(tenants.installed.plane.admin(), &tenants.client());
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "nobody's access changes\n"),
        "{}",
        ran.err
    );
}

#[test]
fn what_a_home_no_longer_credits_is_lost_in_the_other_tenant() {
    let tenants = Tenants::applied();
    let ran = plan(tenants.installed.plane.admin(), &tenants.home("elsewhere"));
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    let told = format!("luca of {}", tenants.client);
    assert!(
        ran.out.contains(&told) && ran.out.contains("HomeRefused"),
        "{}",
        ran.out
    );
}

#[test]
fn who_may_read_a_tenant_and_the_homes_of_its_users_plans_against_it() {
    let tenants = Tenants::applied();
    let reviewer = tenants.reviewer();
    reviewer.may_read(&tenants.client);
    let ran = plan(&reviewer.access, &tenants.client());
    assert!(
        ran.code == 2 && ran.err.contains(&tenants.home) && ran.err.contains("tenantry-plan"),
        "{}",
        ran.err
    );
    reviewer.may_read(&tenants.home);
    let ran = plan(&reviewer.access, &tenants.client());
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "nobody's access changes\n"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("may not read all"), "{}", ran.err);
}
