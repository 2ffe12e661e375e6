//! The inputs of a condition as a request has them: a record in JSON, a user, a moment.
//!
//! A JSON value counts as what its attribute is declared to be, or not at all: an Int is a number without fraction and
//! exponent that fits 64 bits (so not `1.0`, nor `-0`, which JSON's reader takes for a Double), a Double any number, a
//! Timestamp a string that is a [`Moment`], a StringList an array of strings; null is as absent.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::eval::{Inputs, List, Value};
use super::tree::{RecordAttribute, Type, UserAttribute};
use crate::api::Moment;

/// A record, the user who asks for it, and when.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The record's attributes. A `creatorRoles` among them is ignored.
    pub record: &'a Map<String, Json>,
    /// The active roles of the record's creator; `None` when the creator is absent, not a user or not Active.
    pub creator_roles: Option<List<'a>>,
    /// The user who asks.
    pub user: User<'a>,
    /// The present moment.
    pub now: Moment,
}

/// What conditions may know of a user.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    /// `metadata.name`.
    pub name: &'a str,
    /// The account, which a Credited user has from home.
    pub account: Option<&'a str>,
    /// The email.
    pub email: Option<&'a str>,
    /// The position.
    pub position: Option<&'a str>,
    /// The organization of the session.
    pub organization: Option<&'a str>,
    /// The user groups in force that list her.
    pub groups: List<'a>,
    /// The attributes that the tenant declares, as far as she has them.
    pub attributes: &'a BTreeMap<String, String>,
}

impl Inputs for Request<'_> {
    fn record(&self, attribute: &RecordAttribute) -> Option<Value<'_>> {
        if &*attribute.name == RecordAttribute::CREATOR_ROLES {
            return self.creator_roles.map(Value::StringList);
        }
        read(self.record.get(&*attribute.name)?, attribute.kind)
    }

    fn user(&self, attribute: &UserAttribute) -> Option<Value<'_>> {
        let user = &self.user;
        let text = match attribute {
            UserAttribute::Name => Some(user.name),
            UserAttribute::Account => user.account,
            UserAttribute::Email => user.email,
            UserAttribute::Position => user.position,
            UserAttribute::Organization => user.organization,
            UserAttribute::Groups => return Some(Value::StringList(user.groups)),
            UserAttribute::Declared(name) => user.attributes.get(&**name).map(String::as_str),
        };
        text.map(Value::String)
    }

    fn now(&self) -> Moment {
        self.now
    }
}

/// `json` as a value of the type, if it is one.
fn read(json: &Json, kind: Type) -> Option<Value<'_>> {
    match (kind, json) {
        (Type::String, Json::String(text)) => Some(Value::String(text)),
        (Type::Int, Json::Number(number)) => number.as_i64().map(Value::Int),
        (Type::Double, Json::Number(number)) => number.as_f64().map(Value::Double),
        (Type::Bool, Json::Bool(value)) => Some(Value::Bool(*value)),
        (Type::Timestamp, Json::String(text)) => Moment::parse(text).map(Value::Timestamp),
        (Type::StringList, Json::Array(items)) => Some(Value::StringList(List::Json(items))),
        _ => None,
    }
}
