//! What `benches/applog.sh` measures with: an application's log from a seed, and one reading of it.
//!
//! `app_logs write FILE [MEGABYTES]`, `app_logs read FILE`

use alb_triage::applog::read_local;
use alb_triage::time::Window;
use chrono::{DateTime, Duration, Utc};
use std::error::Error;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::time::Instant;

/// 2026-11-20T12:00:00Z
const START: i64 = 1_795_176_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", file] => write(file, 400),
        ["write", file, megabytes] => write(file, megabytes.parse()?),
        ["read", file] => read(file),
        _ => Err("app_logs write FILE [MEGABYTES] | read FILE".into()),
    }
}

fn read(file: &str) -> Result<(), Box<dyn Error>> {
    let start = DateTime::<Utc>::from_timestamp(START, 0).ok_or("a time out of range")?;
    let window = Window::new(start, start + Duration::hours(2));
    let began = Instant::now();
    let mut first = None;
    let read = read_local(&[file.into()], window, chrono_tz::UTC, &mut |_, engine| {
        first.get_or_insert_with(|| (began.elapsed(), engine.snapshot().templates.len()));
        ControlFlow::Continue(())
    });
    let (log, took) = (read.log, began.elapsed().as_secs_f64());
    let (mb, kinds) = (log.bytes as f64 / 1e6, log.templates.len());
    println!("{} lines, {mb:.0} MB, {kinds} templates: {took:.2} s, {:.0} MB/s", log.lines, mb / took);
    if let Some((after, kinds)) = first {
        println!("first {kinds} templates after {:.2} s", after.as_secs_f64());
    }
    Ok(())
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

fn write(file: &str, megabytes: u64) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(std::fs::File::create(file)?);
    let (mut dice, mut written, mut n) = (Dice(1), 0, 0u64);
    while written < megabytes * 1_000_000 {
        let text = entry(&mut dice, n, megabytes * 5_000);
        out.write_all(text.as_bytes())?;
        (written, n) = (written + text.len() as u64, n + 1);
    }
    out.flush()?;
    println!("{n} entries, {written} bytes");
    Ok(())
}

/// One entry of a web server or of the program behind it, at its time within two hours.
fn entry(dice: &mut Dice, n: u64, of: u64) -> String {
    const LOGGERS: [&str; 4] =
        ["c.e.shop.OrderService", "c.e.shop.CartController", "o.a.c.c.C.[Tomcat]", "c.zaxxer.hikari.pool.HikariPool"];
    const TEXTS: [&str; 6] = [
        "placed order {} for customer {} in {} ms",
        "cart {} has {} items",
        "session {} refreshed after {} s",
        "cache hit for product {} in region {}",
        "payment {} accepted by gateway {}",
        "connection {} returned to pool, {} active",
    ];
    let at = DateTime::<Utc>::from_timestamp_millis(START * 1000 + (n * 7_000_000 / of.max(1)) as i64).unwrap_or_default();
    let thread = dice.below(40);
    let logger = LOGGERS[dice.below(4) as usize];
    match dice.below(100) {
        0..40 => {
            let (host, path, bytes) = (dice.below(250), dice.below(9000), dice.below(60_000));
            let status = [200, 200, 200, 304, 404, 502][dice.below(6) as usize];
            let stamp = at.format("%d/%b/%Y:%T +0000");
            format!(
                "10.0.3.{host} - - [{stamp}] \"GET /products/{path}?ref=mail HTTP/1.1\" {status} {bytes} \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"\n"
            )
        }
        40..97 => {
            let mut text = TEXTS[dice.below(6) as usize].to_owned();
            while let Some(place) = text.find("{}") {
                text.replace_range(place..place + 2, &dice.below(100_000).to_string());
            }
            format!("{} INFO  [http-nio-8080-exec-{thread}] {logger} - {text}\n", at.format("%F %T,%3f"))
        }
        97..99 => {
            format!("{} WARN  [http-nio-8080-exec-{thread}] {logger} - slow query took {} ms\n", at.format("%F %T,%3f"), dice.below(9000))
        }
        _ => {
            let frames: String =
                (0..12).map(|f| format!("\tat com.example.shop.Step{f}.run(Step{f}.java:{})\n", dice.below(400))).collect();
            format!(
                "{} ERROR [http-nio-8080-exec-{thread}] {logger} - request failed\njava.net.ConnectException: Connection refused\n{frames}",
                at.format("%F %T,%3f")
            )
        }
    }
}
