//! The command line, nothing else.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// From a TargetConnectionErrorCount alarm to a verdict: the runbook, carried out in your terminal.
/// Read-only towards AWS, always.
#[derive(Parser, Debug)]
#[command(name = "alb-triage", version, max_term_width = 100, subcommand_negates_reqs = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Open the screen on one incident
    Investigate {
        /// Alarm name or ARN, load balancer or target group ARN, CloudWatch console URL, or - for the alarm's JSON on stdin
        target: String,
    },
    /// Open an incident that ships in the binary: no network, no credentials
    Demo {
        /// Which one (see --list)
        name: Option<String>,
        /// Name them
        #[arg(long)]
        list: bool,
    },
    /// Open a recorded case
    Open {
        /// Its file
        case: PathBuf,
    },
    /// The same engine without a screen: one document on stdout
    Report {
        /// What `investigate` takes, or a case file
        target: String,
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// Write the postmortem bundle into this new directory
        #[arg(long, value_name = "DIR")]
        output: Option<PathBuf>,
        /// Replace account ids, addresses, names and ARNs by stand-ins
        #[arg(long)]
        redact: bool,
    },
    /// Scan ALB access logs alone
    Logs(Logs),
    /// Review alarm definitions: live, in Terraform files, and the difference
    Alarms,
    /// Print the least read-only IAM policy
    Policy {
        /// Restrict the access-log statement to this bucket
        #[arg(long, value_name = "NAME")]
        log_bucket: Option<String>,
    },
    /// Say who you are, what this role can and cannot see, and what this terminal can show
    Preflight {
        /// What `investigate` takes: what the role can see of exactly that
        target: Option<String>,
    },
    /// Make a case that may leave the company
    Redact {
        /// The file of the recorded case
        case: PathBuf,
        /// The new file
        #[arg(long, value_name = "CASE2")]
        output: PathBuf,
    },
    /// Say how a cause is weighed, or why a case got its verdict
    Explain {
        /// A cause id, or a case file
        what: String,
    },
    /// Compare two cases
    Diff {
        /// The file of a recorded case
        first: PathBuf,
        /// The file of another one
        second: PathBuf,
    },
    /// Practise on an incident with the verdict hidden
    Drill {
        /// Which one (see `demo --list`)
        name: Option<String>,
    },
    /// Print shell completions
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// Flags that hold everywhere they make sense.
#[derive(Args, Debug, Clone, Default)]
pub struct Common {
    /// When it happened: ISO 8601, 02:13, "2h ago", "yesterday 14:00 Asia/Tokyo", an epoch, or the alarm's own text
    #[arg(long, global = true, value_name = "TIME")]
    pub at: Option<String>,
    /// Start of the window
    #[arg(long, global = true, value_name = "TIME")]
    pub from: Option<String>,
    /// End of the window
    #[arg(long, global = true, value_name = "TIME")]
    pub to: Option<String>,
    /// Width of the window
    #[arg(long, global = true, value_name = "DURATION")]
    pub window: Option<String>,
    /// The region; otherwise the target's own (an ARN and a console URL name it), or the SDK's
    #[arg(long, global = true)]
    pub region: Option<String>,
    /// The profile of ~/.aws/config
    #[arg(long, global = true)]
    pub profile: Option<String>,
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Where the access logs are: s3://BUCKET/PREFIX, a directory, or athena:DATABASE.TABLE (default: the balancer's own setting)
    #[arg(long, global = true, value_name = "WHERE")]
    pub access_logs: Option<String>,
    /// Log groups of the application in CloudWatch Logs
    #[arg(long, global = true, value_name = "NAME", num_args = 1..)]
    pub app_log_group: Vec<String>,
    /// Files or directories of the application's log (- is stdin)
    #[arg(long, global = true, value_name = "PATH", num_args = 1..)]
    pub app_log: Vec<PathBuf>,
    /// Zone of the application's log files where their stamps name none
    #[arg(long, global = true, value_name = "ZONE")]
    pub log_zone: Option<String>,
    /// Move every time stamp of the application's log files, whose clock is off: -9h, 90m
    #[arg(long, global = true, value_name = "DURATION", allow_hyphen_values = true)]
    pub log_shift: Option<String>,
    /// Folder in which to look for the alarm's definition
    #[arg(long, global = true, value_name = "DIR")]
    pub terraform: Option<PathBuf>,
    /// Try TCP connects to the targets from here (labelled "from here, not from the balancer")
    #[arg(long, global = true)]
    pub probe: bool,
    /// Read the console output of failing instances (only lines that tell of starts and kernel troubles are kept)
    #[arg(long, global = true)]
    pub console: bool,
    /// US dollars of calls and queries beyond which a session asks first and a report goes without; 0 is no ceiling (default: 1, or config.toml's)
    #[arg(long, global = true, value_name = "USD", value_parser = dollars)]
    pub cost_ceiling: Option<f64>,
    /// Record the case here
    #[arg(long, global = true, value_name = "CASE", conflicts_with = "no_record")]
    pub record: Option<PathBuf>,
    /// Record nothing
    #[arg(long, global = true)]
    pub no_record: bool,
    #[arg(long, global = true, value_enum)]
    pub lang: Option<LangArg>,
    /// Show times in UTC
    #[arg(long, global = true)]
    pub utc: bool,
    #[arg(long, global = true, value_enum)]
    pub color: Option<Color>,
    /// Only ASCII characters
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Draw less, for slow lines
    #[arg(long, global = true)]
    pub low_bandwidth: bool,
    /// Name or file of a theme, for the screen and for pictures (which are light otherwise)
    #[arg(long, global = true)]
    pub theme: Option<String>,
    #[arg(long, global = true, env = "ALB_TRIAGE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print the keys and leave
    #[arg(long, global = true)]
    pub print_keys: bool,
}

/// `logs PATH…`
#[derive(Args, Debug, Clone)]
pub struct Logs {
    /// Files, directories, s3://BUCKET/PREFIX, athena:DATABASE.TABLE; - is stdin
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<String>,
    /// Columns: minute target status target_status signature zone node group method path error_reason
    #[arg(long, value_delimiter = ',', num_args = 1.., default_value = "minute,target,status,signature")]
    pub by: Vec<String>,
    #[arg(long, value_enum, default_value_t = LogsFormat::Table)]
    pub format: LogsFormat,
    /// Narrow to statuses: 5xx, 502, 460
    #[arg(long, value_name = "STATUS")]
    pub status: Option<String>,
    /// Successes too
    #[arg(long)]
    pub all: bool,
    /// Threads (default: one a core)
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Print the same question as SQL for Athena, with the table's DDL
    #[arg(long)]
    pub print_sql: bool,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Markdown,
    Html,
    Text,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogsFormat {
    Table,
    Json,
    Csv,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum LangArg {
    En,
    Vi,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// An amount that can be a ceiling.
fn dollars(text: &str) -> Result<f64, String> {
    let usd = text.trim_start_matches('$').parse().ok().filter(|usd: &f64| usd.is_finite() && *usd >= 0.0);
    usd.ok_or_else(|| "write an amount in US dollars such as 2.50, or 0 for no ceiling".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_ceiling_is_an_amount() {
        assert_eq!((dollars("2.50"), dollars("$0"), dollars("0.0004")), (Ok(2.5), Ok(0.0), Ok(0.0004)));
        for wrong in ["", "-1", "NaN", "inf", "much"] {
            assert!(dollars(wrong).unwrap_err().contains("2.50"), "{wrong}");
        }
    }
}
