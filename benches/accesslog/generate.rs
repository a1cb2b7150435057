//! Access logs as a balancer would have written them, from a seed: an incident in the middle, and as many
//! oddities as wanted. Used by the speed measurement and by the tests.

use chrono::{DateTime, SecondsFormat, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// What to write.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub seed: u64,
    /// Two balancer nodes write one each for every five minutes.
    pub objects: u32,
    pub lines_an_object: u32,
    /// Odd lines in ten thousand.
    pub oddities: u32,
}

impl Plan {
    /// 174 objects, 2.0 million lines, about 1.35 GB of text.
    pub const LARGE: Self = Self { seed: 1, objects: 174, lines_an_object: 11_500, oddities: 3 };
}

/// The first minute of the logs.
pub const START: i64 = 1_795_176_000; // 2026-11-20T12:00:00Z

/// SplitMix64: small, and the same everywhere.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len() as u64) as usize]
    }

    fn in_ten_thousand(&mut self, n: u32) -> bool {
        self.below(10_000) < u64::from(n)
    }
}

/// Writes all objects into a directory, named as the balancer names them; says how much text they hold.
pub fn write(plan: Plan, dir: &Path) -> std::io::Result<u64> {
    let mut total = 0;
    for n in 0..plan.objects {
        let text = object(plan, n);
        total += text.len() as u64;
        let mut file = GzEncoder::new(std::fs::File::create(dir.join(name(n)))?, Compression::new(6));
        file.write_all(&text)?;
        file.finish()?;
    }
    Ok(total)
}

/// The name of object `n`.
pub fn name(n: u32) -> String {
    let end = DateTime::<Utc>::from_timestamp(START + i64::from(n / 2 + 1) * 300, 0).unwrap_or_default();
    let end = end.format("%Y%m%dT%H%MZ");
    format!("123456789012_elasticloadbalancing_ap-northeast-1_app.web.50dc6c495c0c9188_{end}_10.0.9.{}_{:08x}.log.gz", 7 + n % 2, n * 7919)
}

/// The text of object `n`.
pub fn object(plan: Plan, n: u32) -> Vec<u8> {
    let mut dice = Dice::new(plan.seed.wrapping_mul(1_000_003).wrapping_add(u64::from(n)));
    let start = START + i64::from(n / 2) * 300;
    let middle = START + i64::from(plan.objects / 2) * 150;
    let mut text = Vec::with_capacity(plan.lines_an_object as usize * 700);
    for i in 0..plan.lines_an_object {
        let micros = start * 1_000_000 + i64::from(i) * 300_000_000 / i64::from(plan.lines_an_object.max(1)) + dice.below(20_000) as i64;
        let failing = (micros / 1_000_000 - middle).abs() < 900 && dice.below(20) == 0;
        let line = line(&mut dice, micros, failing, n % 2, plan.oddities);
        if dice.in_ten_thousand(plan.oddities) {
            text.extend(damaged(&mut dice, line.as_bytes()));
        } else {
            text.extend(line.as_bytes());
        }
        text.push(b'\n');
    }
    text
}

const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "curl/8.7.1",
    "okhttp/4.12.0",
];
const PATHS: [&str; 8] =
    ["/api/orders/", "/api/users/", "/static/app.", "/static/img/logo-", "/healthz/", "/search/", "/cart/", "/checkout/"];

/// Three times, status, target's status, and how many microseconds it took.
type Fate = (&'static str, &'static str, i64, bool);

fn fate(dice: &mut Dice, failing: bool) -> Fate {
    const FAILURES: [Fate; 12] = [
        ("-1 -1 -1", "502 -", 2_400, true),
        ("-1 -1 -1", "502 -", 2_100, true),
        ("-1 -1 -1", "504 -", 10_002_000, true),
        ("-1 -1 -1", "504 -", 10_001_000, true),
        ("0.003 0.000 -1", "502 -", 3_000, true),
        ("0.001 -1 -1", "504 -", 60_001_000, true),
        ("-1 -1 -1", "503 -", 0, false),
        ("0.001 0.020 0.000", "500 500", 21_000, true),
        ("0.001 0.220 0.000", "503 503", 221_000, true),
        ("0.000 5.120 -1", "460 -", 5_200_000, true),
        ("0.001 280.0 -1", "502 -", 280_001_000, true),
        ("0.000 0.010 0.000", "502 200", 10_000, true),
    ];
    const SUCCESSES: [Fate; 6] = [
        ("0.000 0.012 0.000", "200 200", 12_000, true),
        ("0.001 0.104 0.000", "200 200", 105_000, true),
        ("0.000 0.003 0.000", "304 304", 3_000, true),
        ("0.000 0.031 0.000", "404 404", 31_000, true),
        ("1.003 0.020 0.000", "200 200", 1_023_000, true),
        ("-1 -1 -1", "301 -", 0, false),
    ];
    let (rare, rarer) = (dice.below(500) == 0, dice.below(50) == 0);
    if failing || rare { FAILURES[dice.below(12) as usize] } else { SUCCESSES[dice.below(if rarer { 6 } else { 4 }) as usize] }
}

fn time(micros: i64) -> String {
    DateTime::<Utc>::from_timestamp_micros(micros).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn target(dice: &mut Dice, oddities: u32) -> String {
    let host = dice.below(12);
    let port = dice.of(&["8080", "8080", "8080", "31824"]);
    if dice.in_ten_thousand(oddities) {
        return dice.of(&["[fd00:1::5]:8080", "fd00:1::5:8080"]).to_owned();
    }
    format!("10.0.{}.{}:{port}", host % 3 + 1, host + 20)
}

/// One line; `oddities` in ten thousand have something rare but right about them.
fn line(dice: &mut Dice, micros: i64, failing: bool, node: u32, oddities: u32) -> String {
    let (times, codes, took, dispatched) = fate(dice, failing);
    let odd = |dice: &mut Dice| dice.in_ten_thousand(oddities * 10);
    let target = if dispatched { target(dice, oddities * 10) } else { "-".into() };
    let kind = dice.of(&["https", "https", "h2", "http", "grpcs", "wss"]);
    let path = format!("{}{}", dice.of(&PATHS), dice.below(400));
    let path = if dice.below(3) == 0 { format!("{path}.js") } else { path };
    let request = if odd(dice) {
        dice.of(&["- - -", "- http://www.example.com:80- -", "GET https://www.example.com:443/a b c?q=\\x22 HTTP/1.1", ""]).to_owned()
    } else {
        let method = dice.of(&["GET", "GET", "GET", "POST", "PUT"]);
        format!("{method} https://www.example.com:443{path}?session={:x}&page={} HTTP/2.0", dice.next(), dice.below(90))
    };
    let agent = if odd(dice) { dice.of(&["\\x22quoted\\x22", "-", "", "x y z"]).to_owned() } else { dice.of(&AGENTS).to_owned() };
    let agent = if dice.in_ten_thousand(oddities) { agent.clone() + &"u".repeat(8_100) } else { agent };
    let reason = if odd(dice) { "LambdaInvalidResponse" } else { "-" };
    let actions = if odd(dice) { "fixed-response" } else { "forward" };
    let group = dice.of(&["api-8080/73e2d6bc24d8a067", "static/9ab12cd34ef56789"]);
    let mut line = String::with_capacity(800);
    let (at, created) = (time(micros), time(micros - took));
    let (client, port, bytes) = (dice.below(250), 1024 + dice.below(60_000), dice.below(90_000));
    let trace = format!("Root=1-{:08x}-{:016x}{:08x}", micros / 1_000_000, dice.next(), dice.below(1 << 32));
    let _ = write!(
        line,
        "{kind} {at} app/web/50dc6c495c0c9188 203.0.113.{client}:{port} {target} {times} {codes} {} {bytes} \"{request}\" \"{agent}\" \
         ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/{group} \"{trace}\" \
         \"www.example.com\" \"arn:aws:acm:ap-northeast-1:123456789012:certificate/12345678-1234-1234-1234-123456789012\" {} {created} \
         \"{actions}\" \"-\" \"{reason}\" \"{target}\" \"{}\" \"-\" \"-\" TID_{:016x}{:016x} \"-\" \"-\" \"-\"",
        34 + dice.below(2_000),
        dice.below(40),
        codes.split_once(' ').map_or("-", |(_, target)| target),
        dice.next(),
        dice.next(),
    );
    match dice.below(if oddities == 0 { 1 } else { 20 }) {
        19 => {}
        18 => _ = write!(line, " \"10.0.9.{}\"", 7 + node),
        _ => _ = write!(line, " 10.0.9.{}", 7 + node),
    }
    line
}

/// A line as it should not be: cut anywhere, not text, garbage, nothing at all, or with bytes that are no UTF-8.
fn damaged(dice: &mut Dice, line: &[u8]) -> Vec<u8> {
    match dice.below(7) {
        0 | 1 => line[..dice.below(line.len() as u64) as usize].to_vec(),
        2 => Vec::new(),
        3 => b"this is no line of an access log".to_vec(),
        4 => (0..60).map(|_| dice.next() as u8).filter(|b| *b != b'\n').collect(),
        5 => line.iter().map(|b| if *b == b'=' { 0xff } else { *b }).collect(),
        _ => [line, b"\r"].concat(),
    }
}
