//! What an expression is worth, as far as text tells, and expressions evaluated in a scope.

use super::functions;
use hcl_edit::expr::{BinaryOp, BinaryOperator, Expression, ForExpr, FuncCall, ObjectKey, Traversal, TraversalOperator, UnaryOperator};
use hcl_edit::template::{Element, Template};
use std::collections::BTreeMap;

/// Members of all values inside one value; beyond it a value is not followed.
const LARGEST: usize = 4_000;
/// Characters of a string that is known in part.
const LONGEST_TEXT: usize = 10_240;

/// A value of Terraform's language.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Number(f64),
    String(String),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
    /// What text alone does not tell: as it stands, and what is known of it (`app/web/*`).
    Unknown {
        text: String,
        hint: Option<String>,
    },
}

impl Value {
    pub fn unknown(text: impl Into<String>) -> Self {
        Self::Unknown { text: text.into(), hint: None }
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    /// As one string, where it is one or can become one.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::String(s) => Some(s.clone()),
            Self::Number(n) => Some(format!("{n}")),
            Self::Bool(b) => Some(b.to_string()),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(n) => Some(*n),
            Self::String(s) => s.trim().parse().ok(),
            _ => None,
        }
    }

    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            Self::String(s) if s == "true" => Some(true),
            Self::String(s) if s == "false" => Some(false),
            _ => None,
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::List(all) => 1 + all.iter().map(Self::size).sum::<usize>(),
            Self::Map(all) => 1 + all.values().map(Self::size).sum::<usize>(),
            _ => 1,
        }
    }

    /// Whether anything inside is unknown.
    fn has_unknown(&self) -> bool {
        match self {
            Self::List(all) => all.iter().any(Self::has_unknown),
            Self::Map(all) => all.values().any(Self::has_unknown),
            other => other.is_unknown(),
        }
    }
}

/// What names mean where an expression stands.
pub trait Scope {
    /// The value of a name and what follows it, with how many parts of it that took; `None` if the name is
    /// not known here.
    fn look_up(&self, path: &[Part]) -> Option<(Value, usize)>;

    /// Counts a step; `false` when there were too many.
    fn step(&self) -> bool;
}

/// A part of a reference.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Name(String),
    Index(Value),
    Splat,
}

/// Names bound by a `for`, in front of an outer scope.
struct Bound<'a> {
    names: Vec<(String, Value)>,
    outer: &'a dyn Scope,
}

impl Scope for Bound<'_> {
    fn look_up(&self, path: &[Part]) -> Option<(Value, usize)> {
        if let Some(Part::Name(name)) = path.first()
            && let Some((_, value)) = self.names.iter().find(|(n, _)| n == name)
        {
            return Some((value.clone(), 1));
        }
        self.outer.look_up(path)
    }

    fn step(&self) -> bool {
        self.outer.step()
    }
}

/// The value of an expression; what cannot be told becomes its own text.
pub fn evaluate(expression: &Expression, scope: &dyn Scope) -> Value {
    let value = if scope.step() { known(expression, scope) } else { None };
    value.filter(|v| v.size() <= LARGEST).unwrap_or_else(|| Value::unknown(as_written(expression)))
}

/// What text tells of a string: what is not known stands in it as it is written, `${var.name}`.
pub fn partly(expression: &Expression, scope: &dyn Scope) -> String {
    let text = match expression {
        Expression::StringTemplate(t) => t.iter().map(|e| piece(e, scope)).collect(),
        Expression::HeredocTemplate(h) => h.template.iter().map(|e| piece(e, scope)).collect(),
        Expression::Parenthesis(p) => partly(p.inner(), scope),
        other => evaluate(other, scope).text().unwrap_or_else(|| as_written(other)),
    };
    text.chars().take(LONGEST_TEXT).collect()
}

fn piece(element: &Element, scope: &dyn Scope) -> String {
    match element {
        Element::Literal(literal) => literal.value().clone(),
        Element::Interpolation(i) => evaluate(&i.expr, scope).text().unwrap_or_else(|| format!("${{{}}}", as_written(&i.expr))),
        Element::Directive(_) => "…".into(),
    }
}

/// The text of an expression, bounded.
fn as_written(expression: &Expression) -> String {
    expression.to_string().trim().chars().take(300).collect()
}

fn known(expression: &Expression, scope: &dyn Scope) -> Option<Value> {
    Some(match expression {
        Expression::Null(_) => Value::Null,
        Expression::Bool(b) => Value::Bool(*b.value()),
        Expression::Number(n) => Value::Number(n.value().as_f64()?),
        Expression::String(s) => Value::String(s.value().clone()),
        Expression::Array(all) => Value::List(all.iter().map(|e| evaluate(e, scope)).collect()),
        Expression::Object(all) => {
            let pairs = all.iter().map(|(k, v)| Some((key(k, scope)?, evaluate(v.expr(), scope))));
            Value::Map(pairs.collect::<Option<_>>()?)
        }
        Expression::StringTemplate(t) => template(t.iter(), scope)?,
        Expression::HeredocTemplate(h) => heredoc(&h.template, scope)?,
        Expression::Parenthesis(p) => evaluate(p.inner(), scope),
        Expression::Variable(name) => reference(vec![Part::Name(name.to_string())], scope)?,
        Expression::Conditional(c) => {
            let holds = evaluate(&c.cond_expr, scope).truth()?;
            evaluate(if holds { &c.true_expr } else { &c.false_expr }, scope)
        }
        Expression::FuncCall(call) => function(call, scope)?,
        Expression::Traversal(t) => traversal(t, scope)?,
        Expression::UnaryOp(op) => match (op.operator.value(), evaluate(&op.expr, scope)) {
            (UnaryOperator::Neg, v) => Value::Number(-v.number()?),
            (UnaryOperator::Not, v) => Value::Bool(!v.truth()?),
        },
        Expression::BinaryOp(op) => binary(op, scope)?,
        Expression::ForExpr(f) => each(f, scope)?,
    })
}

fn key(key: &ObjectKey, scope: &dyn Scope) -> Option<String> {
    match key {
        ObjectKey::Ident(name) => Some(name.to_string()),
        ObjectKey::Expression(e) => evaluate(e, scope).text(),
    }
}

/// A template of one interpolation alone is the value itself.
fn template<'a>(elements: impl Iterator<Item = &'a Element>, scope: &dyn Scope) -> Option<Value> {
    let mut text = String::new();
    for element in elements {
        match element {
            Element::Literal(literal) => text.push_str(literal.value()),
            Element::Interpolation(i) => text.push_str(&evaluate(&i.expr, scope).text()?),
            Element::Directive(_) => return None,
        }
    }
    Some(Value::String(text))
}

fn heredoc(body: &Template, scope: &dyn Scope) -> Option<Value> {
    template(body.iter(), scope)
}

fn function(call: &FuncCall, scope: &dyn Scope) -> Option<Value> {
    if call.name.is_namespaced() {
        return None;
    }
    let mut arguments: Vec<Value> = call.args.iter().map(|e| evaluate(e, scope)).collect();
    if call.args.expand_final() {
        match arguments.pop()? {
            Value::List(last) => arguments.extend(last),
            _ => return None,
        }
    }
    functions::call(&call.name.name, arguments)
}

fn traversal(t: &Traversal, scope: &dyn Scope) -> Option<Value> {
    let rest = t.operators.iter().map(|op| part(op.value(), scope));
    match &t.expr {
        Expression::Variable(name) => reference(std::iter::once(Part::Name(name.to_string())).chain(rest).collect(), scope),
        other => follow(evaluate(other, scope), &rest.collect::<Vec<_>>()),
    }
}

fn part(operator: &TraversalOperator, scope: &dyn Scope) -> Part {
    match operator {
        TraversalOperator::GetAttr(name) => Part::Name(name.to_string()),
        TraversalOperator::Index(e) => Part::Index(evaluate(e, scope)),
        TraversalOperator::LegacyIndex(i) => Part::Index(Value::Number(*i.value() as f64)),
        TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => Part::Splat,
    }
}

fn reference(path: Vec<Part>, scope: &dyn Scope) -> Option<Value> {
    let (value, used) = scope.look_up(&path)?;
    follow(value, path.get(used..)?)
}

/// Attributes and indices into a value.
fn follow(value: Value, path: &[Part]) -> Option<Value> {
    let Some(next) = path.first() else { return Some(value) };
    let inner = match (value, next) {
        (Value::Map(mut all), Part::Name(name)) => all.remove(name)?,
        (Value::Map(mut all), Part::Index(i)) => all.remove(&i.text()?)?,
        (Value::List(mut all), Part::Index(i)) => {
            let i = i.number().filter(|i| *i >= 0.0)? as usize;
            if i < all.len() { all.swap_remove(i) } else { return None }
        }
        (Value::List(all), Part::Splat) => {
            return all.into_iter().map(|v| follow(v, &path[1..])).collect::<Option<Vec<_>>>().map(Value::List);
        }
        _ => return None,
    };
    follow(inner, &path[1..])
}

fn binary(op: &BinaryOp, scope: &dyn Scope) -> Option<Value> {
    let (a, b) = (evaluate(&op.lhs_expr, scope), evaluate(&op.rhs_expr, scope));
    let numbers = || Some((a.number()?, b.number()?));
    let truths = || Some((a.truth()?, b.truth()?));
    let equal = || (!a.has_unknown() && !b.has_unknown()).then(|| a == b);
    let number = |n: f64| n.is_finite().then_some(Value::Number(n));
    match op.operator.value() {
        BinaryOperator::Eq => equal().map(Value::Bool),
        BinaryOperator::NotEq => equal().map(|e| Value::Bool(!e)),
        BinaryOperator::LessEq => numbers().map(|(a, b)| Value::Bool(a <= b)),
        BinaryOperator::GreaterEq => numbers().map(|(a, b)| Value::Bool(a >= b)),
        BinaryOperator::Less => numbers().map(|(a, b)| Value::Bool(a < b)),
        BinaryOperator::Greater => numbers().map(|(a, b)| Value::Bool(a > b)),
        BinaryOperator::Plus => numbers().and_then(|(a, b)| number(a + b)),
        BinaryOperator::Minus => numbers().and_then(|(a, b)| number(a - b)),
        BinaryOperator::Mul => numbers().and_then(|(a, b)| number(a * b)),
        BinaryOperator::Div => numbers().and_then(|(a, b)| number(a / b)),
        BinaryOperator::Mod => numbers().and_then(|(a, b)| number(a % b)),
        BinaryOperator::And => truths().map(|(a, b)| Value::Bool(a && b)),
        BinaryOperator::Or => truths().map(|(a, b)| Value::Bool(a || b)),
    }
}

/// `[for v in …]` and `{for k, v in …}`.
fn each(f: &ForExpr, scope: &dyn Scope) -> Option<Value> {
    let members: Vec<(Value, Value)> = match evaluate(&f.intro.collection_expr, scope) {
        Value::List(all) => all.into_iter().enumerate().map(|(i, v)| (Value::Number(i as f64), v)).collect(),
        Value::Map(all) => all.into_iter().map(|(k, v)| (Value::String(k), v)).collect(),
        _ => return None,
    };
    let (mut list, mut map) = (Vec::new(), BTreeMap::<String, Value>::new());
    for (k, v) in members {
        let mut names = vec![(f.intro.value_var.to_string(), v)];
        names.extend(f.intro.key_var.as_ref().map(|name| (name.to_string(), k)));
        let inner = Bound { names, outer: scope };
        match f.cond.as_ref().map(|c| evaluate(&c.expr, &inner).truth()) {
            Some(Some(false)) => continue,
            Some(None) => return None,
            _ => {}
        }
        let value = evaluate(&f.value_expr, &inner);
        match &f.key_expr {
            None => list.push(value),
            Some(key) if f.grouping => match map.entry(evaluate(key, &inner).text()?).or_insert_with(|| Value::List(Vec::new())) {
                Value::List(group) => group.push(value),
                _ => return None,
            },
            Some(key) => drop(map.insert(evaluate(key, &inner).text()?, value)),
        }
    }
    Some(if f.key_expr.is_some() { Value::Map(map) } else { Value::List(list) })
}
