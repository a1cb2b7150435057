//! Alarm definitions in Terraform files, as far as text allows.
