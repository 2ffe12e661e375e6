//! The catalogue as the contract's table has it, and the two objects that the worlds add.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use tenantry::api::FieldType;

pub(crate) const MODULES: [&str; 4] = ["Core", "Tags", "Recommendation", "Loyalty"];

/// Name, module, actions, then which of `data rows customer sharing`, then the fields of type String.
const TABLE: &[(&str, &str, &str, &str, &str)] = &[
    (
        "Campaign",
        "Core",
        "View R; Edit E -> View, + MarketingContent:View; Publish E -> Edit; Share O -> View",
        "data sharing",
        "",
    ),
    ("MarketingContent", "Core", CONTENT, "data sharing", ""),
    ("TransactionalContent", "Core", CONTENT, "data sharing", ""),
    (
        "WeChatPage",
        "Core",
        "View R; Edit E -> View; Publish E -> Edit; Delete E -> View; Share O -> View",
        "data sharing",
        "",
    ),
    (
        "TextMessage",
        "Core",
        "View R; Edit E -> View; Send E -> View; Delete E -> View; Share O -> View",
        "data sharing",
        "",
    ),
    (
        "Customer",
        "Core",
        "View R; Edit E -> View; Delete E -> View; Export R -> View",
        "data customer",
        "name email phone city",
    ),
    (
        "CustomerGroup",
        "Core",
        "View R; Edit E -> View; Delete E -> View",
        "data",
        "",
    ),
    (
        "CustomerTag",
        "Core",
        "View R; Edit E -> View; Delete E -> View",
        "data",
        "",
    ),
    ("Event", "Core", "View R", "rows", "name user"),
    (
        "UserProfile",
        "Core",
        "View R; Export R -> View",
        "rows",
        "name email phone city",
    ),
    (
        "Analytics",
        "Core",
        "Tracking R + Event:View, + UserProfile:View; Insights R + Event:View, + UserProfile:View",
        "",
        "",
    ),
    ("MyOverview", "Core", "View R; Manage E -> View", "", ""),
    ("PublicOverview", "Core", "View R; Manage E -> View", "", ""),
    ("Funnel", "Core", "Use R own(Manage); Manage E -> Use", "rows", "name"),
    (
        "Member",
        "Core",
        "View R; Invite E -> View; Create E -> View; Manage E -> View; HandOver E -> Manage",
        "",
        "",
    ),
    (
        "RoleDefinition",
        "Core",
        "View R; Manage E -> View; Assign E -> View, + Member:View",
        "",
        "",
    ),
    ("AccountSetting", "Core", "View R; Change E -> View", "", ""),
    ("FrequencyCapping", "Core", "Change E", "", ""),
    (
        "DataSpace",
        "Core",
        "ViewSegmentTable R; ViewData R -> ViewSegmentTable; ChangeContactData E -> ViewData; ManageTable E -> ViewSegmentTable; ManageTableRelations E -> ManageTable; ImportData E -> ManageTable; ExportData R -> ViewData; ManageSegment E -> ViewSegmentTable; PersonalInfo R -> ViewData",
        "",
        "",
    ),
    (
        "AutomatedFlow",
        "Core",
        "View R; Manage E -> View, + DataSpace:ViewSegmentTable",
        "",
        "",
    ),
    ("TrackingPlan", "Core", "View R; Manage E -> View", "", ""),
    ("Metadata", "Core", "View R; Manage E -> View", "", ""),
    (
        "UserTag",
        "Tags",
        "View R; Create E -> View own(Manage); Manage E -> View; Review E -> View; ManageStructure E -> View",
        "rows",
        "name",
    ),
    ("Recommendation", "Recommendation", "View R; Manage E -> View", "", ""),
    (
        "LoyaltyCard",
        "Loyalty",
        "View R; Edit E -> View, + Customer:View",
        "data rows customer sharing",
        "tier",
    ),
    ("Desk", "Core", "Use R + LoyaltyCard:Edit", "", ""),
];

const CONTENT: &str =
    "View R; SendTest R -> View; Edit E -> View; Publish E -> Edit; Delete E -> View; Share O -> View";

/// An object type.
pub(crate) struct ObjectType {
    pub(crate) name: &'static str,
    pub(crate) module: &'static str,
    pub(crate) data: bool,
    pub(crate) rows: bool,
    pub(crate) customer: bool,
    pub(crate) sharing: bool,
    fields: &'static str,
    /// Each with what it implies and requires at first hand.
    actions: Vec<(String, Vec<Right>)>,
}

/// An object and an action.
pub(crate) type Right = (String, String);

static OBJECTS: LazyLock<Vec<ObjectType>> = LazyLock::new(|| {
    let read = |&(name, module, actions, marks, fields): &(&'static str, _, &str, &str, _)| ObjectType {
        name,
        module,
        data: marks.contains("data"),
        rows: marks.contains("rows"),
        customer: marks.contains("customer"),
        sharing: marks.contains("sharing"),
        fields,
        actions: actions.split("; ").map(|line| action(name, line)).collect(),
    };
    TABLE.iter().map(read).collect()
});

pub(crate) fn objects() -> &'static [ObjectType] {
    &OBJECTS
}

pub(crate) fn object(name: &str) -> Option<&'static ObjectType> {
    OBJECTS.iter().find(|object| object.name == name)
}

impl ObjectType {
    pub(crate) fn field(&self, name: &str) -> Option<FieldType> {
        match (self.name, name) {
            ("Event", "time") => Some(FieldType::Timestamp),
            ("LoyaltyCard", "gold") => Some(FieldType::Bool),
            _ => self
                .fields
                .split(' ')
                .any(|field| field == name)
                .then_some(FieldType::String),
        }
    }

    pub(crate) fn actions(&self) -> Vec<String> {
        self.actions.iter().map(|(name, _)| name.clone()).collect()
    }

    fn needs(&self, action: &str) -> &[Right] {
        let known = self.actions.iter().find(|(name, _)| name == action);
        known.map_or(&[], |(_, needs)| needs)
    }
}

/// An action as the table has it: `Edit E -> View, + Member:View`.
fn action(object: &str, line: &str) -> (String, Vec<Right>) {
    let words: Vec<&str> = line.split(' ').map(|word| word.trim_end_matches(',')).collect();
    let mut needs = Vec::new();
    for pair in words.windows(2) {
        match pair {
            ["->", implied] => needs.push((object.to_owned(), (*implied).to_owned())),
            ["+", required] => {
                let (object, action) = required.split_once(':').expect("Object:Action");
                needs.push((object.to_owned(), action.to_owned()));
            }
            _ => {}
        }
    }
    (words[0].to_owned(), needs)
}

/// "Implied and required actions are added until nothing changes, across objects."
pub(crate) fn closure(mut rights: BTreeSet<Right>) -> BTreeSet<Right> {
    loop {
        let needed = rights
            .iter()
            .filter_map(|(name, action)| Some(object(name)?.needs(action)));
        let more: Vec<Right> = needed
            .flatten()
            .filter(|need| !rights.contains(need))
            .cloned()
            .collect();
        if more.is_empty() {
            return rights;
        }
        rights.extend(more);
    }
}

/// A role of the system.
pub(crate) struct SystemRole {
    pub(crate) name: &'static str,
    rights: &'static str,
    rows: &'static str,
}

pub(crate) const SYSTEM_ROLES: [SystemRole; 4] = [
    SystemRole {
        name: "administrator",
        rights: "",
        rows: "",
    },
    SystemRole {
        name: "analyst",
        rights: "Analytics:Tracking, Analytics:Insights, MyOverview:Manage, PublicOverview:View, Funnel:Manage, DataSpace:ViewData, UserTag:View",
        rows: "Event UserProfile Funnel UserTag",
    },
    SystemRole {
        name: "developer",
        rights: "TrackingPlan:Manage, Metadata:Manage, DataSpace:ViewSegmentTable",
        rows: "none",
    },
    SystemRole {
        name: "ordinary-user",
        rights: "MyOverview:View, PublicOverview:View",
        rows: "none",
    },
];

impl SystemRole {
    /// "All for every object with rows", which for `analyst` means those built in: an added object is not in the role.
    pub(crate) fn all_rows(&self, object: &str) -> bool {
        self.name == "administrator" || self.rows.split(' ').any(|name| name == object)
    }

    /// "administrator: every action of every object."
    pub(crate) fn rights(&self) -> BTreeSet<Right> {
        if self.name == "administrator" {
            let all = |object: &'static ObjectType| {
                let name = object.name;
                object
                    .actions()
                    .into_iter()
                    .map(move |action| (name.to_owned(), action))
            };
            return objects().iter().flat_map(all).collect();
        }
        let pairs = self.rights.split(", ").filter_map(|right| right.split_once(':'));
        pairs
            .map(|(object, action)| (object.to_owned(), action.to_owned()))
            .collect()
    }
}
