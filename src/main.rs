//! Arguments and wiring.
fn main() {
    for k in tenantry::api::Kind::ALL {
        println!(
            "---\n{}",
            serde_saphyr::to_string(&tenantry::api::crd::definition(k)).unwrap_or_default()
        );
    }
}
