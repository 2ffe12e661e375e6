//! Conditions to choose from, each with what it takes to be one.

use tenantry::api::FieldType;

/// A condition and what it needs, in the order in which its operands stand.
pub(crate) struct Sample {
    pub(crate) text: &'static str,
    pub(crate) needs: &'static [Need],
}

/// Something without which a text is no condition.
pub(crate) enum Need {
    /// The object has a field of that name and type.
    Field(&'static str, FieldType),
    /// The tenant declares an attribute of that name.
    Attribute(&'static str),
    /// Nothing helps: it is wrong in itself.
    Miracle,
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        text: "true",
        needs: &[],
    },
    Sample {
        text: "record.owner == user.name",
        needs: &[],
    },
    Sample {
        text: "record.city == 'Berlin'",
        needs: &[Need::Field("city", FieldType::String)],
    },
    Sample {
        text: "record.score > 3",
        needs: &[Need::Field("score", FieldType::Int)],
    },
    Sample {
        text: "user.attributes.department == 'Sales'",
        needs: &[Need::Attribute("department")],
    },
    Sample {
        text: "record.time > now - duration('720h')",
        needs: &[Need::Field("time", FieldType::Timestamp)],
    },
    Sample {
        text: "record.city == 'Berlin' && user.attributes.region == 'EU'",
        needs: &[Need::Field("city", FieldType::String), Need::Attribute("region")],
    },
    Sample {
        text: "record.vip",
        needs: &[Need::Field("vip", FieldType::Bool)],
    },
    Sample {
        text: "record.city ==",
        needs: &[Need::Miracle],
    },
    Sample {
        text: "record.owner",
        needs: &[Need::Miracle],
    },
];

/// The sample of that text.
pub(crate) fn sample(text: &str) -> &'static Sample {
    SAMPLES
        .iter()
        .find(|sample| sample.text == text)
        .expect("every condition is a sample")
}
