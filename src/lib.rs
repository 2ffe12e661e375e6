//! Tenantry: declarative identity and access management for multi-tenant applications on Kubernetes.
//!
//! The library is a pure core behind a thin command line: [`api`] holds the custom resources, [`policy`] works out who may
//! do what until when, [`manifests`] reads YAML into what the policy judges, [`cli`] prints the results.

pub mod api;
pub mod cli;
pub mod manifests;
pub mod policy;
mod text;
