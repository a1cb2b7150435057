//! A case that may leave the company: accounts, addresses, names, ids, ARNs and paths replaced by stand-ins of
//! the same width, the same thing by the same stand-in throughout. Times and numbers stay, networks keep
//! their shape, and so the judgement stays. Facts are what is redacted: everything else is made of them.

mod addresses;
mod names;
mod places;
mod scan;

use crate::exchange::{Fact, What};
use crate::recording::{self, NotACase, Writer};
use crate::say;
use crate::text::Text;
use names::StandIns;
use serde_json::Value;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

pub use names::Kind;

/// Facts without what must not leave, and how much was replaced.
#[derive(Debug, Default)]
pub struct Redacted {
    pub facts: Vec<Fact>,
    /// How many different things of each kind got a stand-in.
    pub replaced: BTreeMap<Kind, usize>,
}

/// Why nothing was redacted; nothing is written then.
#[derive(Debug, thiserror::Error)]
pub enum NotRedacted {
    #[error(transparent)]
    Input(#[from] NotACase),
    #[error("a fact cannot be redacted, so nothing was written: {0}")]
    Fact(#[from] serde_json::Error),
    #[error("{path}: cannot be written: {source}")]
    Output { path: std::path::PathBuf, source: std::io::Error },
}

/// Replaces everything that tells who and where, with a secret that is forgotten afterwards.
///
/// # Errors
/// When a fact does not survive the way through JSON; no fact is known that does not.
pub fn redact(facts: &[Fact]) -> Result<Redacted, NotRedacted> {
    redact_with(facts, RandomState::new())
}

/// The same with a secret of one's own; who knows it can find the addresses again.
///
/// # Errors
/// As [`redact`].
pub fn redact_with(facts: &[Fact], secret: impl BuildHasher) -> Result<Redacted, NotRedacted> {
    let mut stand_ins = StandIns::new(secret);
    for fact in facts {
        places::collect(fact, &mut stand_ins);
    }
    // Names are found anywhere and used everywhere, so everything is read once before anything is replaced.
    for fact in facts {
        redact_fact(fact, &mut stand_ins)?;
    }
    stand_ins.settle();
    let redacted = facts.iter().map(|f| redact_fact(f, &mut stand_ins)).collect::<Result<_, _>>()?;
    Ok(Redacted { facts: redacted, replaced: stand_ins.counts() })
}

fn redact_fact<S: BuildHasher>(fact: &Fact, stand_ins: &mut StandIns<S>) -> Result<Fact, serde_json::Error> {
    let What::Series(all) = &fact.what else {
        let mut value = serde_json::to_value(fact)?;
        rewrite(&mut value, stand_ins);
        return serde_json::from_value(value);
    };
    // Numbers need no redaction, and there are many.
    let empty = Fact { what: What::Series(Vec::new()), ..fact.clone() };
    let mut value = serde_json::to_value(&empty)?;
    rewrite(&mut value, stand_ins);
    let mut all = all.clone();
    for dimension in all.iter_mut().flat_map(|s| s.key.dimensions.values_mut()) {
        *dimension = stand_ins.text(dimension);
    }
    Ok(Fact { what: What::Series(all), ..serde_json::from_value(value)? })
}

/// Every string in a value, and the keys of maps that outsiders fill.
fn rewrite<S: BuildHasher>(value: &mut Value, stand_ins: &mut StandIns<S>) {
    match value {
        Value::String(text) => *text = stand_ins.text(text),
        Value::Array(all) => all.iter_mut().for_each(|v| rewrite(v, stand_ins)),
        Value::Object(map) => {
            for (key, v) in map.iter_mut() {
                match key.as_str() {
                    // The name of the kind of fact is ours.
                    "fact" => {}
                    "raw" | "tags" => foreign_keys(v, stand_ins),
                    "children" => by_name(v, stand_ins),
                    _ => rewrite(v, stand_ins),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A map whose keys are names and whose values are ours.
fn by_name<S: BuildHasher>(value: &mut Value, stand_ins: &mut StandIns<S>) {
    if let Value::Object(map) = value {
        for (key, mut v) in std::mem::take(map) {
            rewrite(&mut v, stand_ins);
            map.insert(stand_ins.text(&key), v);
        }
    }
}

fn foreign_keys<S: BuildHasher>(value: &mut Value, stand_ins: &mut StandIns<S>) {
    match value {
        Value::Object(map) => {
            let entries = std::mem::take(map);
            for (key, mut v) in entries {
                foreign_keys(&mut v, stand_ins);
                map.insert(stand_ins.text(&key), v);
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|v| foreign_keys(v, stand_ins)),
        // An account may stand as a number in what AWS logged.
        Value::Number(n) if n.to_string().len() == 12 => {
            let text = stand_ins.text(&n.to_string());
            *value = Value::String(text);
        }
        other => rewrite(other, stand_ins),
    }
}

/// Reads a case, redacts it and writes the new one, never over an old file. Gives back what to tell.
///
/// # Errors
/// When the case is none, or the new file exists or cannot be written.
pub fn run(case: &Path, output: &Path) -> Result<Vec<Text>, NotRedacted> {
    let recording = recording::read(case)?;
    let redacted = redact(&recording.facts)?;
    let failed = |source| NotRedacted::Output { path: output.into(), source };
    let mut writer = Writer::create(output).map_err(failed)?;
    writer.write(&redacted.facts).and_then(|()| writer.finish()).map_err(failed)?;
    Ok(told(&redacted, output))
}

/// What was replaced, and what no program can know.
fn told(redacted: &Redacted, output: &Path) -> Vec<Text> {
    let path = output.display();
    let mut out = vec![say!("written to {path}, readable by you only", "đã ghi vào {path}, chỉ bạn đọc được")];
    for (kind, n) in &redacted.replaced {
        let Text { en, vi } = kind.in_words();
        out.push(say!("replaced: {n} {en}", "đã thay: {n} {vi}"));
    }
    out.push(say!(
        "kept: times, numbers, ports, regions and zones, names of AWS's own things, and words of log lines that look like no name: read those before you send it",
        "giữ nguyên: thời gian, con số, cổng, region và zone, tên riêng của AWS, và những từ trong dòng log không giống tên riêng: hãy đọc lại trước khi gửi"
    ));
    out
}

#[cfg(test)]
mod tests;
