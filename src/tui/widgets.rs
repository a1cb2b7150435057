//! Small things that panes are drawn with.

pub mod bar;
