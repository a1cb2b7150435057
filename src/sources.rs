//! Where facts come from. Knows AWS and files, never the screen.

pub mod aws;
pub mod demo;
