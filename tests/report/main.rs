//! The documents that remain of a case, read the way their readers read them.

mod sample;
mod schema;
