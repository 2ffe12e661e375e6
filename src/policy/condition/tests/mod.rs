//! A tenant's worth of names and values for the tables beside this file.

mod compiles;
mod evaluates;
mod faults;
mod robust;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::{Condition, Fault, List, Request, Scope, Truth, Type, User, compile};
use crate::api::Moment;

struct Customers;

impl Scope for Customers {
    fn record(&self, name: &str) -> Option<Type> {
        Some(match name {
            "name" | "city" => Type::String,
            "age" | "visits" => Type::Int,
            "score" => Type::Double,
            "vip" => Type::Bool,
            "born" | "seen" => Type::Timestamp,
            "tags" => Type::StringList,
            _ => return None,
        })
    }

    fn has_user_attribute(&self, name: &str) -> bool {
        matches!(name, "department" | "package")
    }
}

fn compiled(source: &str) -> Condition {
    compile(source, &Customers).unwrap_or_else(|fault| panic!("{source}: {fault}"))
}

fn fault(source: &str) -> Fault {
    compile(source, &Customers).expect_err(source)
}

const NOW: &str = "2026-12-01T00:00:00Z";

/// What `source` comes to for a record, asked by Bob, who has no email, position or organization.
fn truth(source: &str, record: &str) -> Truth {
    let record: Map<String, Json> = serde_json::from_str(record).unwrap();
    let attributes = BTreeMap::from([("department".to_owned(), "Sales".to_owned())]);
    let condition = compiled(source);
    condition.evaluate(&Request {
        record: &record,
        creator_roles: Some(List::Borrowed(&["editor"])),
        user: User {
            name: "bob",
            account: Some("bob.smith"),
            email: None,
            position: None,
            organization: None,
            groups: List::Borrowed(&["launch-team"]),
            attributes: &attributes,
        },
        now: Moment::parse(NOW).unwrap(),
    })
}
