//! README says only what is true: its keys are the keys, its commands are the commands.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop")]

use alb_triage::cli::Cli;
use alb_triage::text::Lang;
use alb_triage::tui;
use clap::{CommandFactory, Parser};

const README: &str = include_str!("../README.md");

#[test]
fn the_keys_of_readme_are_the_shipped_keys() {
    let table = tui::keys_table(Lang::En);
    assert!(README.contains(table.trim_end()), "README's table of keys should read:\n{table}");
}

#[test]
fn every_command_line_of_readme_is_understood() {
    let lines = README.lines().filter_map(|l| l.strip_prefix("alb-triage ").or_else(|| l.strip_prefix("cargo run --release -- ")));
    let mut seen = 0;
    for line in lines {
        let words = line.split('#').next().unwrap().split_whitespace();
        Cli::try_parse_from(std::iter::once("alb-triage").chain(words)).unwrap_or_else(|e| panic!("{line}: {e}"));
        seen += 1;
    }
    assert!(seen >= 4);
}

#[test]
fn every_command_is_in_readme() {
    for command in Cli::command().get_subcommands() {
        assert!(README.contains(command.get_name()), "README does not name {}", command.get_name());
    }
}
