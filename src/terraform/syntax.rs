//! Text to items: the blocks of a folder's files in either syntax, with the lines they stand on.

use super::Problem;
use crate::case::alarm::SourceLine;
use crate::say;
use hcl_edit::expr::{Array, Expression, Object, ObjectKey, ObjectValue};
use hcl_edit::structure::{Block, Body, Structure};
use hcl_edit::{Ident, Number, Span, parser};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Lines of a block that are kept for suggesting an edit.
const KEPT_LINES: usize = 80;

/// All blocks of one folder: what Terraform calls a module.
#[derive(Default)]
pub struct Items {
    pub variables: BTreeMap<String, Item>,
    pub locals: BTreeMap<String, Expression>,
    /// By type and name; those of `data` blocks with `data.` before the type.
    pub resources: BTreeMap<(String, String), Item>,
    pub modules: BTreeMap<String, Item>,
    pub outputs: BTreeMap<String, Item>,
    /// Values that Terraform takes by itself.
    pub set: BTreeMap<String, Expression>,
    /// Values of other `.tfvars` files, by variable: used where there is just one.
    pub offered: BTreeMap<String, Vec<Expression>>,
}

/// One block.
#[derive(Clone, Default)]
pub struct Item {
    pub file: PathBuf,
    pub line: usize,
    pub attributes: BTreeMap<String, Attribute>,
    pub blocks: Vec<(String, Item)>,
    /// The lines of the block as they stand; none in JSON.
    pub text: Vec<SourceLine>,
}

#[derive(Clone)]
pub struct Attribute {
    pub expression: Expression,
    pub line: usize,
}

/// Adds the blocks of one file.
pub fn read(items: &mut Items, path: &Path, text: &str, problems: &mut Vec<Problem>) {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let file = File { path, text, lines: Lines::of(text) };
    if path.extension().is_some_and(|e| e == "json") {
        match serde_json::from_str(text) {
            Ok(json) if name.ends_with(".tfvars.json") => set_all(items, &name, json_values(&json)),
            Ok(json) => json_file(items, &file, &json),
            Err(e) => problems.push(file.problem(e.line(), &e.to_string())),
        }
    } else if name.ends_with(".tfvars") {
        for body in file.bodies(problems) {
            let values = body.0.attributes().map(|a| (a.key.to_string(), a.value.clone())).collect();
            set_all(items, &name, values);
        }
    } else {
        for (body, offset) in file.bodies(problems) {
            body.blocks().for_each(|b| top_block(items, &file, b, offset));
        }
    }
}

/// `terraform.tfvars` and `*.auto.tfvars` count by themselves, any other only if it is the only one.
fn set_all(items: &mut Items, name: &str, values: Vec<(String, Expression)>) {
    let automatic = name.starts_with("terraform.tfvars") || name.contains(".auto.tfvars");
    for (key, value) in values {
        if automatic {
            items.set.insert(key, value);
        } else {
            items.offered.entry(key).or_default().push(value);
        }
    }
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
    lines: Lines,
}

/// Where each line begins.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|i| i + 1)).collect())
    }

    /// The line, from 1, that a byte is on.
    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }
}

impl File<'_> {
    fn problem(&self, line: usize, why: &str) -> Problem {
        let why: String = why.lines().next().unwrap_or_default().chars().take(200).collect();
        Problem {
            file: self.path.display().to_string().into(),
            line: Some(line.max(1)),
            unreadable: true,
            words: say!("cannot be read as Terraform: {why}", "không đọc được như Terraform: {why}"),
        }
    }

    /// The whole file, or with a syntax error in it every top-level block that can be read alone, each
    /// with the byte it starts at.
    fn bodies(&self, problems: &mut Vec<Problem>) -> Vec<(Body, usize)> {
        let error = match parser::parse_body(self.text) {
            Ok(body) => return vec![(body, 0)],
            Err(e) => e,
        };
        let mut read = Vec::new();
        let mut named = false;
        for (start, end) in self.top_level() {
            match parser::parse_body(&self.text[start..end]) {
                Ok(body) => read.push((body, start)),
                Err(e) => {
                    named = true;
                    problems.push(self.problem(self.lines.at(start) + e.location().line() - 1, e.message()));
                }
            }
        }
        if !named {
            problems.push(self.problem(error.location().line(), error.message()));
        }
        read
    }

    /// Pieces that begin where a line begins with a word: how formatted files begin a block.
    fn top_level(&self) -> Vec<(usize, usize)> {
        let begins = |start: &usize| self.text.as_bytes().get(*start).is_some_and(u8::is_ascii_alphabetic);
        let starts: Vec<_> = self.lines.0.iter().copied().filter(begins).collect();
        let ends = starts.iter().skip(1).copied().chain([self.text.len()]);
        starts.iter().copied().zip(ends).collect()
    }

    fn item(&self, body: &Body, span: std::ops::Range<usize>, offset: usize) -> Item {
        let line = |at: Option<std::ops::Range<usize>>| at.map_or(0, |s| self.lines.at(s.start + offset));
        let mut item =
            Item { file: self.path.into(), line: self.lines.at(span.start + offset), text: self.kept(&span, offset), ..Item::default() };
        for structure in body {
            match structure {
                Structure::Attribute(a) => {
                    let attribute = Attribute { expression: a.value.clone(), line: line(a.span()) };
                    item.attributes.insert(a.key.to_string(), attribute);
                }
                Structure::Block(b) => {
                    let inner = self.item(&b.body, b.span().unwrap_or(0..0), offset);
                    item.blocks.push((b.ident.to_string(), Item { text: Vec::new(), ..inner }));
                }
            }
        }
        item
    }

    fn kept(&self, span: &std::ops::Range<usize>, offset: usize) -> Vec<SourceLine> {
        let (first, last) = (self.lines.at(span.start + offset), self.lines.at((span.end + offset).saturating_sub(1)));
        let lines = self.text.lines().enumerate().skip(first - 1).take((last + 1 - first).min(KEPT_LINES));
        lines.map(|(n, text)| SourceLine { line: n + 1, text: text.into() }).collect()
    }
}

fn top_block(items: &mut Items, file: &File, block: &Block, offset: usize) {
    let item = file.item(&block.body, block.span().unwrap_or(0..0), offset);
    let labels: Vec<String> = block.labels.iter().map(|l| l.as_str().to_owned()).collect();
    put(items, &block.ident, &labels, item);
}

fn put(items: &mut Items, kind: &str, labels: &[String], item: Item) {
    match (kind, labels) {
        ("resource", [kind, name]) => drop(items.resources.insert((kind.clone(), name.clone()), item)),
        ("data", [kind, name]) => drop(items.resources.insert((format!("data.{kind}"), name.clone()), item)),
        ("variable", [name]) => drop(items.variables.insert(name.clone(), item)),
        ("module", [name]) => drop(items.modules.insert(name.clone(), item)),
        ("output", [name]) => drop(items.outputs.insert(name.clone(), item)),
        ("locals", []) => items.locals.extend(item.attributes.into_iter().map(|(k, a)| (k, a.expression))),
        _ => {}
    }
}

/// The JSON syntax: kinds, then labels, then the block; lists where a block is repeated.
fn json_file(items: &mut Items, file: &File, json: &serde_json::Value) {
    for (kind, depth) in [("resource", 2), ("data", 2), ("variable", 1), ("module", 1), ("output", 1), ("locals", 0)] {
        for one in each(json.get(kind)) {
            json_labels(items, file, kind, depth, &mut Vec::new(), one);
        }
    }
}

/// A value, or the members of a list.
fn each(value: Option<&serde_json::Value>) -> impl Iterator<Item = &serde_json::Value> {
    let list = value.and_then(|v| v.as_array());
    list.into_iter().flatten().chain(value.filter(|_| list.is_none()))
}

fn json_labels(items: &mut Items, file: &File, kind: &str, depth: usize, labels: &mut Vec<String>, value: &serde_json::Value) {
    let Some(object) = value.as_object() else { return };
    if labels.len() == depth {
        let attributes = json_values(value).into_iter().map(|(k, expression)| {
            let line = file.line_of(labels, Some(&k));
            (k, Attribute { expression, line })
        });
        let item = Item { file: file.path.into(), line: file.line_of(labels, None), attributes: attributes.collect(), ..Item::default() };
        return put(items, kind, labels, item);
    }
    for (label, inner) in object {
        labels.push(label.clone());
        each(Some(inner)).for_each(|one| json_labels(items, file, kind, depth, labels, one));
        labels.pop();
    }
}

impl File<'_> {
    /// The line of a key inside labels; the JSON reader keeps no positions.
    fn line_of(&self, labels: &[String], key: Option<&str>) -> usize {
        let mut at = 0;
        for word in labels.iter().map(String::as_str).chain(key) {
            at = self.text[at..].find(&format!("\"{word}\"")).map_or(at, |i| at + i + 1);
        }
        self.lines.at(at)
    }
}

fn json_values(value: &serde_json::Value) -> Vec<(String, Expression)> {
    value.as_object().map(|o| o.iter().map(|(k, v)| (k.clone(), expression(v))).collect()).unwrap_or_default()
}

/// Strings in JSON are templates.
fn expression(value: &serde_json::Value) -> Expression {
    match value {
        serde_json::Value::Null => Expression::null(),
        serde_json::Value::Bool(b) => Expression::from(*b),
        serde_json::Value::Number(n) => n.as_f64().and_then(Number::from_f64).map_or_else(Expression::null, Expression::from),
        serde_json::Value::String(s) => template(s),
        serde_json::Value::Array(all) => Expression::from(all.iter().map(expression).collect::<Array>()),
        serde_json::Value::Object(all) => {
            let mut object = Object::new();
            for (k, v) in all {
                object.insert(key(k), ObjectValue::new(expression(v)));
            }
            Expression::from(object)
        }
    }
}

fn key(name: &str) -> ObjectKey {
    Ident::try_new(name).map_or_else(|_| ObjectKey::Expression(Expression::from(name)), |ident| ObjectKey::Ident(ident.into()))
}

fn template(text: &str) -> Expression {
    if !text.contains("${") && !text.contains("%{") {
        return Expression::from(text);
    }
    // A lone interpolation is the value itself, not a string of it.
    let lone = text.strip_prefix("${").and_then(|t| t.strip_suffix('}')).filter(|t| !t.contains("${"));
    let parsed = lone.and_then(|t| parser::parse_expr(t).ok());
    parsed
        .or_else(|| parser::parse_template(text).ok().map(|t| Expression::from(hcl_edit::template::StringTemplate::from(t))))
        .unwrap_or_else(|| Expression::from(text))
}
