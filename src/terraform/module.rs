//! Folders as modules: what each name means in one, who calls whom, and every alarm with its instances.

use super::Problem;
use super::composite;
use super::files::{self, Tree};
use super::resource;
use super::syntax::{Item, Items};
use super::value::{Part, Scope, Value, evaluate};
use crate::case::alarm::CodeAlarm;
use crate::say;
use hcl_edit::expr::Expression;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Expressions evaluated for one root module at most.
const MOST_STEPS: usize = 400_000;
/// Modules inside modules, and references through references.
const DEEPEST: usize = 24;
/// Instances of one resource or module.
const MOST_INSTANCES: usize = 500;
/// The kind of alarms on metrics.
const METRIC: &str = "aws_cloudwatch_metric_alarm";
/// Alarms found in all.
const MOST_ALARMS: usize = 5_000;

/// Every alarm of the tree, and every composite alarm: each root module, and from it the modules it calls.
pub fn alarms(tree: &Tree, problems: &mut Vec<Problem>) -> (Vec<CodeAlarm>, Vec<CodeAlarm>) {
    let called = called(tree);
    let mut found = Found { alarms: Vec::new(), composites: Vec::new(), problems };
    for (folder, items) in tree.folders.iter().filter(|(folder, _)| !called.contains(*folder)) {
        let steps = Cell::new(0);
        let root =
            Module { tree, folder, items, address: String::new(), arguments: None, steps: &steps, trail: RefCell::default(), depth: 0 };
        root.collect(&mut found);
        if steps.get() > MOST_STEPS {
            let words =
                say!("too much to work out here: the rest is left as text", "quá nhiều để tính ở đây: phần còn lại giữ nguyên dạng chữ");
            found.problems.push(Problem { file: folder.display().to_string().into(), line: None, words, unreadable: false });
        }
    }
    (found.alarms, found.composites)
}

/// Folders that another folder calls as a module. Folders that only call each other are roots too, or
/// nobody would look at them.
fn called(tree: &Tree) -> BTreeSet<PathBuf> {
    let calls = |folder: &Path, items: &Items| -> Vec<PathBuf> {
        items.modules.values().filter_map(|m| files::local(folder, &source(m)?)).filter(|f| f != folder).collect()
    };
    let all: BTreeMap<&PathBuf, Vec<PathBuf>> = tree.folders.iter().map(|(f, i)| (f, calls(f, i))).collect();
    let mut called: BTreeSet<PathBuf> = all.values().flatten().cloned().collect();
    let mut reached = BTreeSet::new();
    let mut queue: Vec<&PathBuf> = all.keys().copied().filter(|f| !called.contains(*f)).collect();
    loop {
        while let Some(folder) = queue.pop() {
            if reached.insert(folder) {
                queue.extend(all.get(folder).into_iter().flatten());
            }
        }
        let Some(lost) = all.keys().copied().find(|f| !reached.contains(*f)) else { return called };
        called.remove(lost);
        queue.push(lost);
    }
}

fn source(item: &Item) -> Option<String> {
    item.attributes.get("source")?.expression.as_str().map(String::from)
}

struct Found<'a> {
    alarms: Vec<CodeAlarm>,
    composites: Vec<CodeAlarm>,
    problems: &'a mut Vec<Problem>,
}

/// One folder called from one place.
pub struct Module<'a> {
    tree: &'a Tree,
    folder: &'a Path,
    items: &'a Items,
    /// `module.alarms["api"].`
    address: String,
    /// What the caller passes; `None` for a root.
    arguments: Option<BTreeMap<String, Value>>,
    steps: &'a Cell<usize>,
    /// Names being worked out, to notice circles.
    trail: RefCell<Vec<String>>,
    depth: usize,
}

/// `each` and `count` of one instance, inside its module.
struct Instance<'a> {
    module: &'a Module<'a>,
    each: Option<(String, Value)>,
    count: Option<usize>,
}

impl Scope for Module<'_> {
    fn look_up(&self, path: &[Part]) -> Option<(Value, usize)> {
        let name = |i: usize| match path.get(i) {
            Some(Part::Name(name)) => Some(name.as_str()),
            _ => None,
        };
        match (name(0)?, name(1)) {
            ("var", Some(variable)) => Some((self.variable(variable)?, 2)),
            ("local", Some(local)) => {
                let expression = self.items.locals.get(local)?;
                Some((self.guarded(format!("local.{local}"), || evaluate(expression, self))?, 2))
            }
            ("module", Some(module)) => self.output(module, path),
            (METRIC | composite::KIND, Some(alarm)) if names_no_attribute(path) => self.whole(name(0)?, alarm, path),
            ("data", Some(kind)) => self.attribute(&format!("data.{kind}"), name(2)?, path, 3),
            (kind, Some(resource)) if kind.contains('_') => self.attribute(kind, resource, path, 2),
            _ => None,
        }
    }

    fn step(&self) -> bool {
        self.steps.set(self.steps.get() + 1);
        self.steps.get() <= MOST_STEPS
    }
}

impl Scope for Instance<'_> {
    fn look_up(&self, path: &[Part]) -> Option<(Value, usize)> {
        match path {
            [Part::Name(root), Part::Name(what), ..] if root == "each" => {
                let (key, value) = self.each.clone()?;
                Some((if what == "key" { Value::String(key) } else { value }, 2))
            }
            [Part::Name(root), Part::Name(what), ..] if root == "count" && what == "index" => Some((Value::Number(self.count? as f64), 2)),
            _ => self.module.look_up(path),
        }
    }

    fn step(&self) -> bool {
        self.module.step()
    }
}

impl<'a> Module<'a> {
    /// Works out a name unless it is being worked out already.
    fn guarded<T>(&self, name: String, work: impl FnOnce() -> T) -> Option<T> {
        if self.trail.borrow().contains(&name) || self.trail.borrow().len() + self.depth > DEEPEST {
            return None;
        }
        self.trail.borrow_mut().push(name);
        let value = work();
        self.trail.borrow_mut().pop();
        Some(value)
    }

    fn variable(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.arguments.as_ref().and_then(|a| a.get(name)) {
            return Some(value.clone());
        }
        let is_root = self.arguments.is_none();
        let given = self.items.set.get(name).filter(|_| is_root);
        let default = self.items.variables.get(name).and_then(|v| v.attributes.get("default")).map(|a| &a.expression);
        let offered = self.items.offered.get(name).filter(|all| is_root && all.len() == 1).and_then(|all| all.first());
        let expression = given.or(default).or(offered)?;
        self.guarded(format!("var.{name}"), || evaluate(expression, self))
    }

    /// An attribute of a resource: as written, or what its name tells of its `arn_suffix`.
    fn attribute(&self, kind: &str, name: &str, path: &[Part], used: usize) -> Option<(Value, usize)> {
        let indexed = usize::from(matches!(path.get(used), Some(Part::Index(_))));
        let Some(Part::Name(attribute)) = path.get(used + indexed) else { return None };
        let item = self.items.resources.get(&(kind.to_owned(), name.to_owned()))?;
        let each = path.get(used).and_then(|p| if let Part::Index(i) = p { i.text() } else { None });
        let scope = self.instance_named(item, each);
        let value = |key: &str| {
            let expression = &item.attributes.get(key)?.expression;
            self.guarded(format!("{kind}.{name}.{key}"), || evaluate(expression, &scope)).filter(|v| !v.is_unknown())
        };
        let known = match attribute.as_str() {
            "arn_suffix" => {
                let exact = value("name").and_then(|v| v.text()).map(|n| format!("{n}/"));
                let begins = exact.or_else(|| value("name_prefix").and_then(|v| v.text()));
                let folder = resource::arn_folder(kind)?;
                Value::Unknown { text: written(path), hint: Some(format!("{folder}/{}*", begins?)) }
            }
            // An alarm is known by its name wherever it may be named by its ARN.
            "id" | "arn" if matches!(kind, METRIC | composite::KIND) => value("alarm_name")?,
            other => value(other)?,
        };
        Some((known, used + indexed + 1))
    }

    /// An alarm, or all of them where it is repeated, as a value with the attributes that rules are made of.
    fn whole(&self, kind: &str, name: &str, path: &[Part]) -> Option<(Value, usize)> {
        let item = self.items.resources.get(&(kind.to_owned(), name.to_owned()))?;
        let one = |scope: &Instance| {
            let alarm_name = evaluate(&item.attributes.get("alarm_name")?.expression, scope);
            Some(Value::Map(["alarm_name", "id", "arn"].map(|a| (a.to_owned(), alarm_name.clone())).into()))
        };
        let all = self.guarded(format!("{kind}.{name}"), || {
            let all: Option<Vec<_>> = self.instances(item).iter().map(|(_, scope)| Some((scope.each.clone(), one(scope)?))).collect();
            all
        })??;
        let repeated = |attribute: &str| item.attributes.contains_key(attribute);
        let value = if repeated("for_each") {
            Value::Map(all.into_iter().map(|(each, v)| Some((each?.0, v))).collect::<Option<_>>()?)
        } else if repeated("count") || matches!(path.get(2), Some(Part::Splat)) {
            Value::List(all.into_iter().map(|(_, v)| v).collect())
        } else {
            all.into_iter().next()?.1
        };
        Some((value, 2))
    }

    fn instance_named(&self, item: &Item, key: Option<String>) -> Instance<'_> {
        let each = key.clone().and_then(|key| {
            let all = evaluate(&item.attributes.get("for_each")?.expression, self);
            let value = match all {
                Value::Map(mut all) => all.remove(&key)?,
                _ => Value::String(key.clone()),
            };
            Some((key, value))
        });
        let count = item.attributes.get("count").and_then(|_| key?.parse().ok());
        Instance { module: self, each, count }
    }

    /// An output of a module of the same tree.
    fn output(&self, module: &str, path: &[Part]) -> Option<(Value, usize)> {
        let item = self.items.modules.get(module)?;
        let indexed = usize::from(matches!(path.get(2), Some(Part::Index(_))));
        let Some(Part::Name(output)) = path.get(2 + indexed) else { return None };
        let key = path.get(2).and_then(|p| if let Part::Index(i) = p { i.text() } else { None });
        let value = self.guarded(format!("module.{module}.{output}"), || {
            let scope = self.instance_named(item, key);
            let inner = self.inner(item, String::new(), &scope)?;
            let expression = &inner.items.outputs.get(output)?.attributes.get("value")?.expression;
            Some(evaluate(expression, &inner))
        });
        Some((value??, 3 + indexed))
    }

    /// The module that an item calls, if it is a folder of this tree.
    fn inner<'b>(&'b self, item: &Item, address: String, scope: &Instance) -> Option<Module<'b>>
    where
        'a: 'b,
    {
        let folder = files::local(self.folder, &source(item)?)?;
        let (folder, items) = self.tree.folders.get_key_value(&folder)?;
        let passed = item
            .attributes
            .iter()
            .filter(|(k, _)| !matches!(k.as_str(), "source" | "version" | "for_each" | "count" | "providers" | "depends_on"));
        let arguments = passed.map(|(k, a)| (k.clone(), evaluate(&a.expression, scope))).collect();
        (self.depth < DEEPEST).then(|| Module {
            tree: self.tree,
            folder,
            items,
            address,
            arguments: Some(arguments),
            steps: self.steps,
            trail: RefCell::default(),
            depth: self.depth + 1 + self.trail.borrow().len(),
        })
    }

    fn collect(&self, found: &mut Found) {
        for ((kind, name), item) in &self.items.resources {
            if kind != METRIC && kind != composite::KIND {
                continue;
            }
            for (suffix, scope) in self.instances(item) {
                let address = format!("{}{kind}.{name}{suffix}", self.address);
                let scope: &dyn Scope = &scope;
                if found.alarms.len() + found.composites.len() >= MOST_ALARMS || !self.step() {
                    break;
                }
                match kind.as_str() {
                    METRIC => found.alarms.extend(resource::alarm(item, address, scope)),
                    _ => found.composites.push(composite::alarm(item, address, scope)),
                }
            }
        }
        for (name, item) in &self.items.modules {
            self.collect_module(name, item, found);
        }
    }

    fn collect_module(&self, name: &str, item: &Item, found: &mut Found) {
        let problem = |words| Problem { file: item.file.display().to_string().into(), line: Some(item.line), words, unreadable: false };
        let source = source(item).unwrap_or_default();
        let Some(folder) = files::local(self.folder, &source) else {
            let words = say!(
                "module “{name}” comes from {source}, which is not in this folder: not followed",
                "module “{name}” lấy từ {source}, không nằm trong thư mục này: không đi theo"
            );
            return found.problems.push(problem(words));
        };
        if !self.tree.folders.contains_key(&folder) {
            let words =
                say!("module “{name}”: there are no Terraform files in {source}", "module “{name}”: không có tệp Terraform trong {source}");
            return found.problems.push(problem(words));
        }
        for (suffix, scope) in self.instances(item) {
            match self.inner(item, format!("{}module.{name}{suffix}.", self.address), &scope) {
                Some(inner) if self.step() => inner.collect(found),
                _ => {
                    let words = say!(
                        "module “{name}” calls itself in a circle or too deep: not followed further",
                        "module “{name}” gọi vòng tròn hoặc quá sâu: không đi tiếp"
                    );
                    return found.problems.push(problem(words));
                }
            }
        }
    }

    /// One scope an instance, with what is added to the address; `[…]` when it cannot be told which.
    fn instances(&self, item: &Item) -> Vec<(String, Instance<'_>)> {
        let plain = |suffix: &str| vec![(suffix.to_owned(), Instance { module: self, each: None, count: None })];
        let of = |name: &str| item.attributes.get(name).map(|a| self.worth(&a.expression));
        if let Some(all) = of("for_each") {
            let members: Vec<(String, Value)> = match all {
                Value::Map(all) => all.into_iter().collect(),
                Value::List(all) => all.into_iter().filter_map(|v| Some((v.text()?, v))).collect(),
                _ => return plain("[…]"),
            };
            let instance =
                |(key, value): (String, Value)| (format!("[{key:?}]"), Instance { module: self, each: Some((key, value)), count: None });
            return members.into_iter().take(MOST_INSTANCES).map(instance).collect();
        }
        match of("count").map(|c| c.number()) {
            Some(Some(n)) if n >= 0.0 => {
                let instance = |i: usize| (format!("[{i}]"), Instance { module: self, each: None, count: Some(i) });
                (0..(n as usize).min(MOST_INSTANCES)).map(instance).collect()
            }
            Some(_) => plain("[…]"),
            None => plain(""),
        }
    }

    fn worth(&self, expression: &Expression) -> Value {
        evaluate(expression, self)
    }
}

/// `aws_cloudwatch_metric_alarm.x`, `….x[*].arn`: not an attribute of one.
fn names_no_attribute(path: &[Part]) -> bool {
    matches!(path.get(2), None | Some(Part::Splat))
}

/// A reference as people write it.
fn written(path: &[Part]) -> String {
    let part = |p: &Part| match p {
        Part::Name(name) => format!(".{name}"),
        Part::Index(Value::String(key)) => format!("[{key:?}]"),
        Part::Index(i) => format!("[{}]", i.text().unwrap_or_else(|| "…".into())),
        Part::Splat => "[*]".into(),
    };
    path.iter().map(part).collect::<String>().trim_start_matches('.').to_owned()
}
