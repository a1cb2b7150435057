//! The functions that alarm definitions are written with; any other leaves its text.

use super::value::Value;
use std::collections::BTreeMap;

/// The result of a call, if it is a function known here and its arguments are known.
pub fn call(name: &str, mut arguments: Vec<Value>) -> Option<Value> {
    match name {
        "try" | "coalesce" => {
            return arguments.into_iter().find(|v| !v.is_unknown() && *v != Value::Null && *v != Value::String(String::new()));
        }
        "merge" => return merge(arguments),
        "concat" => return concat(arguments),
        "lookup" => return lookup(arguments),
        _ => {}
    }
    if arguments.is_empty() {
        return None;
    }
    let first = arguments.remove(0);
    if first.is_unknown() {
        return None;
    }
    match name {
        "tostring" | "nonsensitive" | "sensitive" if matches!(first, Value::Null) => Some(first),
        "tostring" => first.text().map(Value::String),
        "tonumber" => first.number().map(Value::Number),
        "tobool" => first.truth().map(Value::Bool),
        "toset" | "distinct" => set(first, name == "toset"),
        "tolist" | "tomap" | "nonsensitive" | "sensitive" => Some(first),
        "upper" => first.text().map(|s| Value::String(s.to_uppercase())),
        "lower" => first.text().map(|s| Value::String(s.to_lowercase())),
        "trimspace" => first.text().map(|s| Value::String(s.trim().into())),
        "replace" => replace(&first, &arguments),
        "format" => format(&first, &arguments),
        "formatlist" => format_list(&first, &arguments),
        "join" => join(&first, arguments),
        "split" => split(&first, &arguments),
        "keys" => map(first).map(|m| Value::List(m.into_keys().map(Value::String).collect())),
        "values" => map(first).map(|m| Value::List(m.into_values().collect())),
        "length" => length(&first),
        "element" => element(first, &arguments),
        "contains" => contains(&first, &arguments),
        "min" | "max" | "abs" | "floor" | "ceil" => arithmetic(name, first, arguments),
        "one" => one(first),
        _ => None,
    }
}

fn map(value: Value) -> Option<BTreeMap<String, Value>> {
    match value {
        Value::Map(all) => Some(all),
        _ => None,
    }
}

fn list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::List(all) => Some(all),
        _ => None,
    }
}

fn merge(arguments: Vec<Value>) -> Option<Value> {
    let all: Option<Vec<_>> = arguments.into_iter().filter(|v| *v != Value::Null).map(map).collect();
    Some(Value::Map(all?.into_iter().flatten().collect()))
}

fn concat(arguments: Vec<Value>) -> Option<Value> {
    let all: Option<Vec<_>> = arguments.into_iter().map(list).collect();
    Some(Value::List(all?.into_iter().flatten().collect()))
}

fn lookup(arguments: Vec<Value>) -> Option<Value> {
    let mut arguments = arguments.into_iter();
    let mut all = map(arguments.next()?)?;
    let key = arguments.next()?.text()?;
    all.remove(&key).or_else(|| arguments.next())
}

fn set(value: Value, sorted: bool) -> Option<Value> {
    let mut all = Vec::new();
    for member in list(value)? {
        if !all.contains(&member) {
            all.push(member);
        }
    }
    if sorted {
        all.sort_by_key(Value::text);
    }
    Some(Value::List(all))
}

fn replace(text: &Value, arguments: &[Value]) -> Option<Value> {
    let (from, to) = (arguments.first()?.text()?, arguments.get(1)?.text()?);
    // Between slashes it is a regular expression.
    let is_pattern = from.len() > 1 && from.starts_with('/') && from.ends_with('/');
    if is_pattern || from.is_empty() { None } else { Some(Value::String(text.text()?.replace(&from, &to))) }
}

/// `%s`, `%d`, `%v` and `%%`.
fn format(pattern: &Value, arguments: &[Value]) -> Option<Value> {
    let pattern = pattern.text()?;
    let mut out = String::new();
    let mut arguments = arguments.iter();
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        match c {
            '%' => match characters.next()? {
                's' | 'd' | 'v' => out.push_str(&arguments.next()?.text()?),
                '%' => out.push('%'),
                _ => return None,
            },
            c => out.push(c),
        }
    }
    Some(Value::String(out))
}

/// Once for each member of the lists among the arguments.
fn format_list(pattern: &Value, arguments: &[Value]) -> Option<Value> {
    let n = arguments.iter().filter_map(|a| if let Value::List(all) = a { Some(all.len()) } else { None }).max()?;
    let nth = |i: usize, a: &Value| match a {
        Value::List(all) => all.get(i).cloned(),
        one => Some(one.clone()),
    };
    let one = |i: usize| format(pattern, &arguments.iter().map(|a| nth(i, a)).collect::<Option<Vec<_>>>()?);
    (0..n).map(one).collect::<Option<_>>().map(Value::List)
}

fn join(between: &Value, mut arguments: Vec<Value>) -> Option<Value> {
    let parts: Option<Vec<_>> = list(arguments.pop()?)?.iter().map(Value::text).collect();
    Some(Value::String(parts?.join(&between.text()?)))
}

fn split(between: &Value, arguments: &[Value]) -> Option<Value> {
    let (between, text) = (between.text().filter(|b| !b.is_empty())?, arguments.first()?.text()?);
    Some(Value::List(text.split(&between).map(|s| Value::String(s.into())).collect()))
}

fn length(value: &Value) -> Option<Value> {
    let n = match value {
        Value::List(all) => all.len(),
        Value::Map(all) => all.len(),
        Value::String(s) => s.chars().count(),
        _ => return None,
    };
    Some(Value::Number(n as f64))
}

/// The index wraps around.
fn element(value: Value, arguments: &[Value]) -> Option<Value> {
    let mut all = list(value)?;
    let i = arguments.first()?.number().filter(|i| *i >= 0.0)? as usize;
    if all.is_empty() {
        return None;
    }
    let i = i % all.len();
    Some(all.swap_remove(i))
}

fn contains(value: &Value, arguments: &[Value]) -> Option<Value> {
    match (value, arguments.first()?) {
        (Value::List(all), wanted) if !wanted.is_unknown() => Some(Value::Bool(all.contains(wanted))),
        _ => None,
    }
}

fn arithmetic(name: &str, first: Value, rest: Vec<Value>) -> Option<Value> {
    let numbers: Option<Vec<f64>> = std::iter::once(first).chain(rest).map(|v| v.number()).collect();
    let numbers = numbers?;
    let n = match name {
        "min" => numbers.iter().copied().fold(f64::INFINITY, f64::min),
        "max" => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "abs" => numbers[0].abs(),
        "floor" => numbers[0].floor(),
        _ => numbers[0].ceil(),
    };
    Some(Value::Number(n))
}

fn one(value: Value) -> Option<Value> {
    let mut all = list(value)?;
    match all.len() {
        0 => Some(Value::Null),
        1 => all.pop(),
        _ => None,
    }
}
