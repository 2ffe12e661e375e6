use crate::world::worlds;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;
#[test]
fn survey() {
    let mut runner = TestRunner::default();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..600 {
        let world = worlds().new_tree(&mut runner).unwrap().current();
        for e in world.evaluate() {
            for f in e.findings().into_iter().chain(e.warnings()) {
                *counts
                    .entry(format!("{} {:?} {:?}", f.kind, f.finding.reason, f.finding.class))
                    .or_default() += 1;
            }
            if let Some(a) = e.access() {
                *counts.entry(format!("~ {:?}", a.counts.active.min(4))).or_default() += 1;
                for (ix, u) in a.users.iter() {
                    let s = e.user_status(a, ix, u);
                    *counts
                        .entry(format!("phase {:?} {:?}", s.phase, u.object.spec.kind))
                        .or_default() += 1;
                    for r in &s.roles {
                        *counts.entry(format!("via {:?}", r.via)).or_default() += 1;
                    }
                    for r in &s.data {
                        *counts
                            .entry(format!("data {:?} {:?}", r.rows, r.columns.is_some()))
                            .or_default() += 1;
                    }
                    for r in &s.fields {
                        *counts
                            .entry(format!("field {:?} {} {}", r.display, r.group, r.filter))
                            .or_default() += 1;
                    }
                    *counts.entry(format!("cautious {}", u.state.cautious)).or_default() += 1;
                    *counts
                        .entry(format!("next {}", u.next_transition.is_some()))
                        .or_default() += 1;
                    *counts.entry(format!("groups {}", s.groups.len())).or_default() += 1;
                }
                for s in e.statuses() {
                    match s.status {
                        tenantry::policy::Status::SharingRule(s) => {
                            *counts.entry(format!("rule {:?}", s.phase)).or_default() += 1
                        }
                        tenantry::policy::Status::Invitation(s) => {
                            *counts.entry(format!("inv {:?}", s.phase)).or_default() += 1
                        }
                        tenantry::policy::Status::Organization(s) => {
                            *counts.entry(format!("org {:?}", s.level)).or_default() += 1
                        }
                        _ => {}
                    }
                }
            } else {
                *counts.entry("~ no tenant".into()).or_default() += 1;
            }
        }
    }
    for (k, v) in counts {
        println!("{v:6} {k}");
    }
}
