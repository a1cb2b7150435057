//! The manual: one page that tells every command with what it takes, made from the definition of the command
//! line. Knows nothing of what the commands do.

use crate::cli::Cli;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::io;

/// Exit codes and files, which the definition of the command line does not hold.
const REST: &str = r#".SH "EXIT STATUS"
.TP
\fB0\fR
what was asked for was done; \fBreport\fR: a cause was named
.TP
\fB10\fR
\fBreport\fR: nothing was wrong
.TP
\fB20\fR
\fBreport\fR: inconclusive, although everything was readable
.TP
\fB21\fR
\fBreport\fR: inconclusive, and evidence was missing
.TP
\fB64\fR
the call itself was wrong
.TP
\fB65\fR
a case, an alarm's JSON or a file of Terraform could not be read as one
.TP
\fB69\fR
AWS could not be reached
.TP
\fB74\fR
something on this machine failed: a disk, a pipe
.TP
\fB77\fR
not even the alarm may be read
.SH FILES
.TP
\fI~/.config/alb\-triage/config.toml\fR
settings; \fB\-\-config\fR or \fBALB_TRIAGE_CONFIG\fR name another file
.TP
\fI~/.local/state/alb\-triage\fR
recorded cases and log objects read before
"#;

/// The page, in roff.
pub fn page() -> io::Result<Vec<u8>> {
    let cli = Cli::command().disable_help_subcommand(true);
    let man =
        Man::new(cli.clone().subcommands(None::<Command>)).title("ALB-TRIAGE").source(format!("alb-triage {}", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    page.extend(b".SH COMMANDS\nEach of them takes the options above, too.\n");
    for command in cli.get_subcommands() {
        page.extend(section(command)?.into_bytes());
    }
    page.extend(REST.as_bytes());
    Ok(page)
}

/// A command as a part of the page: its call, what it does, what it takes.
fn section(command: &Command) -> io::Result<String> {
    let name = command.get_name();
    let man =
        Man::new(command.clone().disable_help_flag(true).bin_name(format!("alb-triage {name}")).display_name(format!("alb-triage {name}")));
    let mut text = Vec::new();
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if command.get_arguments().next().is_some() {
        man.render_options_section(&mut text)?;
    }
    let text = String::from_utf8_lossy(&text);
    let below: Vec<&str> = text.lines().map(|line| if line.starts_with(".SH ") { ".PP" } else { line }).collect();
    Ok(format!(".SS {name}\n{}\n", below.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_and_what_it_takes_is_on_the_one_page() {
        let page = String::from_utf8(page().unwrap()).unwrap().replace('\\', "");
        for command in Cli::command().get_subcommands() {
            assert!(page.contains(&format!(".SS {}", command.get_name())), "{}", command.get_name());
            for long in command.get_arguments().filter_map(|a| a.get_long()) {
                assert!(page.contains(&format!("--{long}")), "{} --{long}", command.get_name());
            }
        }
        assert!(page.contains("--window") && page.contains("EXIT STATUS"));
        assert!(!page.contains("(1)"), "it refers to no page that does not exist");
    }
}
