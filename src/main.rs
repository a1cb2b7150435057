//! Parses, dispatches, and turns the outcome into an exit code.

use alb_triage::cli::{Cli, Command};
use alb_triage::commands;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and are no error; everything else is a wrong call.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { commands::USAGE } else { 0 });
        }
    };
    if let Err(error) = color_eyre::install() {
        eprintln!("alb-triage: {error}");
    }
    let Cli { command, common } = cli;
    let run = commands::Run::new(common);
    ExitCode::from(match run.and_then(|run| dispatch(command, &run)) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("alb-triage: {failure}");
            failure.code
        }
    })
}

fn dispatch(command: Option<Command>, run: &commands::Run) -> commands::Outcome {
    match command {
        _ if run.common.print_keys => run.print_keys(),
        None => run.alarm_list(),
        Some(Command::Demo { list: true, .. }) => run.list_demos(),
        Some(Command::Demo { name, .. }) => run.demo(name.as_deref(), false),
        Some(Command::Drill { name }) => run.demo(name.as_deref(), true),
        Some(Command::Open { case }) => run.open(&case),
        Some(Command::Investigate { target }) => run.investigate(&target),
        Some(Command::Policy { log_bucket }) => run.policy(log_bucket.as_deref()),
        Some(Command::Preflight { target }) => run.preflight(target.as_deref()),
        Some(Command::Alarms) => run.alarms(),
        Some(Command::Explain { what }) => run.explain(&what),
        Some(Command::Report { target, format, output, redact }) => run.report(&target, format, output.as_deref(), redact),
        Some(Command::Logs(logs)) => run.logs(&logs),
        Some(Command::Completions { shell }) => run.completions(shell),
        Some(Command::Man) => run.man(),
        Some(Command::Redact { case, output }) => run.redact(&case, &output),
        Some(Command::Diff { first, second }) => run.diff(&first, &second),
    }
}
