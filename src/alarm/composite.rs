//! The rule of a composite alarm: read, evaluated against the states of its children, and asked what one
//! child would do alone. Pure; knows no call.

pub mod review;

use crate::case::alarm::AlarmState;
use std::collections::BTreeSet;

/// The longest rule that CloudWatch takes, and how deep brackets may go.
const LONGEST: usize = 10_240;
const DEEPEST: usize = 64;

/// A rule, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    Constant(bool),
    /// The named alarm is in this state.
    Is(AlarmState, String),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    AtLeast(Amount, Vec<Condition>),
}

/// How many of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    Count(usize),
    Percent(f64),
}

/// How a rule in a file stands to a live one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    Same,
    /// What text leaves open may make them the same.
    Possible,
    Different,
}

impl Likeness {
    fn same_if(same: bool) -> Self {
        if same { Self::Same } else { Self::Different }
    }
}

fn likeness_of_parts(a: &[Condition], b: &[Condition]) -> Likeness {
    if a.len() != b.len() {
        return Likeness::Different;
    }
    a.iter().zip(b).map(|(a, b)| a.likeness(b)).max().unwrap_or(Likeness::Same)
}

/// Reads a rule as CloudWatch writes it. `None` for what it would not take, or takes in a way not known here.
pub fn parse(rule: &str) -> Option<Condition> {
    let mut reader = Reader { rest: (rule.len() <= LONGEST).then_some(rule)?, depth: 0 };
    let whole = reader.any()?;
    reader.rest.trim().is_empty().then_some(whole)
}

/// `x:y` out of `arn:aws:cloudwatch:eu-west-1:123456789012:alarm:x:y`.
pub fn name_of(name_or_arn: &str) -> &str {
    name_or_arn.split_once(":alarm:").filter(|_| name_or_arn.starts_with("arn:")).map_or(name_or_arn, |(_, name)| name)
}

impl Condition {
    /// Every alarm it names, each once, in order.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.visit(&mut |name| names.push(name));
        let mut seen = BTreeSet::new();
        names.retain(|n| seen.insert(*n));
        names
    }

    /// Whether another rule is this one: the same conditions in the same order. Names that only `other` leaves open
    /// (`${var.x}`) may be any.
    pub fn likeness(&self, other: &Self) -> Likeness {
        match (self, other) {
            (Self::Constant(a), Self::Constant(b)) => Likeness::same_if(a == b),
            (Self::Is(a, name), Self::Is(b, theirs)) if a == b => match name == theirs {
                true => Likeness::Same,
                false if theirs.contains("${") => Likeness::Possible,
                false => Likeness::Different,
            },
            (Self::Not(a), Self::Not(b)) => a.likeness(b),
            (Self::All(a), Self::All(b)) | (Self::Any(a), Self::Any(b)) => likeness_of_parts(a, b),
            (Self::AtLeast(n, a), Self::AtLeast(m, b)) if n == m => likeness_of_parts(a, b),
            _ => Likeness::Different,
        }
    }

    fn visit<'a>(&'a self, each: &mut impl FnMut(&'a str)) {
        match self {
            Self::Constant(_) => {}
            Self::Is(_, name) => each(name),
            Self::Not(inner) => inner.visit(each),
            Self::All(parts) | Self::Any(parts) | Self::AtLeast(_, parts) => parts.iter().for_each(|p| p.visit(each)),
        }
    }

    /// Whether it holds when each alarm is in the state that is given.
    pub fn holds(&self, state: &impl Fn(&str) -> AlarmState) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::Is(wanted, name) => state(name) == *wanted,
            Self::Not(inner) => !inner.holds(state),
            Self::All(parts) => parts.iter().all(|p| p.holds(state)),
            Self::Any(parts) => parts.iter().any(|p| p.holds(state)),
            Self::AtLeast(amount, parts) => {
                let holding = parts.iter().filter(|p| p.holds(state)).count();
                match amount {
                    Amount::Count(n) => holding >= *n,
                    Amount::Percent(share) => holding as f64 >= share / 100.0 * parts.len() as f64,
                }
            }
        }
    }

    /// Whether it holds when these alone are in ALARM and all others are well.
    pub fn holds_alone(&self, firing: &[&str]) -> bool {
        self.holds(&|name| if firing.contains(&name) { AlarmState::Alarm } else { AlarmState::Ok })
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// OR binds least, then AND, then NOT.
    fn any(&mut self) -> Option<Condition> {
        self.list("OR", Self::all, Condition::Any)
    }

    fn all(&mut self) -> Option<Condition> {
        self.list("AND", Self::one, Condition::All)
    }

    fn list(&mut self, word: &str, part: fn(&mut Self) -> Option<Condition>, make: fn(Vec<Condition>) -> Condition) -> Option<Condition> {
        let mut parts = vec![part(self)?];
        while self.word(word) {
            parts.push(part(self)?);
        }
        if parts.len() == 1 { parts.pop() } else { Some(make(parts)) }
    }

    fn one(&mut self) -> Option<Condition> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let found = self.unit();
        self.depth -= 1;
        found
    }

    fn unit(&mut self) -> Option<Condition> {
        if self.sign('(') {
            let inner = self.any()?;
            return self.sign(')').then_some(inner);
        }
        if self.word("NOT") {
            return Some(Condition::Not(Box::new(self.one()?)));
        }
        if self.word("TRUE") {
            return Some(Condition::Constant(true));
        }
        if self.word("FALSE") {
            return Some(Condition::Constant(false));
        }
        if self.word("AT_LEAST") {
            return self.at_least();
        }
        let state = self.state()?;
        let name = self.sign('(').then(|| self.name())??;
        self.sign(')').then_some(Condition::Is(state, name))
    }

    /// `AT_LEAST(2, ALARM, (a, b, c))`, `AT_LEAST(60%, NOT OK, (a, b))`
    fn at_least(&mut self) -> Option<Condition> {
        let amount = self.sign('(').then(|| self.amount())??;
        let negated = self.sign(',').then(|| self.word("NOT"))?;
        let state = self.state()?;
        if !(self.sign(',') && self.sign('(')) {
            return None;
        }
        let mut parts = Vec::new();
        loop {
            let is = Condition::Is(state, self.name()?);
            parts.push(if negated { Condition::Not(Box::new(is)) } else { is });
            if !self.sign(',') {
                break;
            }
        }
        (self.sign(')') && self.sign(')')).then_some(Condition::AtLeast(amount, parts))
    }

    fn amount(&mut self) -> Option<Amount> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        if self.sign('%') { number.parse().ok().map(Amount::Percent) } else { number.parse().ok().map(Amount::Count) }
    }

    fn state(&mut self) -> Option<AlarmState> {
        let states = [("ALARM", AlarmState::Alarm), ("OK", AlarmState::Ok), ("INSUFFICIENT_DATA", AlarmState::InsufficientData)];
        states.into_iter().find_map(|(word, state)| self.word(word).then_some(state))
    }

    /// A name or an ARN, in quotes or up to the bracket or comma that ends it.
    fn name(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (name, rest) = match quote {
            Some(q) => self.rest[1..].split_once(q)?,
            None => self.rest.split_at(self.rest.find([')', ','])?),
        };
        self.rest = rest;
        let name = name_of(name.trim());
        (!name.is_empty()).then(|| name.to_owned())
    }

    fn sign(&mut self, sign: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// A whole word: `OR` is none of `ORDERS`.
    fn word(&mut self, word: &str) -> bool {
        let rest: Option<&'a str> = self.rest.trim_start().strip_prefix(word);
        let whole = rest.filter(|r| !r.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
        self.rest = whole.unwrap_or(self.rest);
        whole.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULE: &str = r#"ALARM("conn errors") AND (NOT OK(cpu) OR ALARM('arn:aws:cloudwatch:eu-west-1:1:alarm:x:y')) OR FALSE"#;

    #[test]
    fn a_rule_names_its_children_once_by_name_or_arn() {
        assert_eq!(parse(RULE).unwrap().names(), ["conn errors", "cpu", "x:y"]);
        assert_eq!(parse("ALARM(a) OR ALARM(a)").unwrap().names(), ["a"]);
        assert_eq!(parse("TRUE").unwrap().names(), [""; 0]);
    }

    #[test]
    fn not_binds_before_and_and_before_or() {
        let rule = parse("ALARM(a) OR ALARM(b) AND NOT ALARM(c)").unwrap();
        assert!(rule.holds_alone(&["a", "c"]));
        assert!(rule.holds_alone(&["b"]));
        assert!(!rule.holds_alone(&["b", "c"]));
        assert!(!parse("(ALARM(a) OR ALARM(b)) AND NOT ALARM(c)").unwrap().holds_alone(&["a", "c"]));
    }

    #[test]
    fn states_other_than_alarm_count_too() {
        let rule = parse("INSUFFICIENT_DATA(a) OR OK(b)").unwrap();
        assert!(rule.holds(&|n| if n == "a" { AlarmState::InsufficientData } else { AlarmState::Alarm }));
        assert!(!rule.holds(&|_| AlarmState::Alarm));
    }

    #[test]
    fn at_least_some_of_many() {
        let rule = parse("AT_LEAST(2, ALARM, (a, \"b, c\", arn:aws:cloudwatch:eu-west-1:1:alarm:d)) AND ALARM(e)").unwrap();
        assert_eq!(rule.names(), ["a", "b, c", "d", "e"]);
        assert!(rule.holds_alone(&["a", "d", "e"]) && !rule.holds_alone(&["d", "e"]));
        let share = parse("AT_LEAST(60%, NOT OK, (a, b, c))").unwrap();
        assert!(share.holds_alone(&["a", "b"]) && !share.holds_alone(&["a"]));
    }

    #[test]
    fn what_is_no_rule_is_none() {
        for text in [
            "",
            "ALARM",
            "ALARM(",
            "ALARM()",
            "ALARM(a",
            "ALARM(a) ALARM(b)",
            "ALARM(a) AND",
            "TRUE ((",
            "ORDERS(a)",
            "AT_LEAST(x, ALARM, (a))",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&format!("{}TRUE{}", "(".repeat(5000), ")".repeat(5000))), None);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "[ALRMOKNDT()_%, \"'0-9ab]{0,60}") {
            if let Some(rule) = parse(&text) {
                rule.holds_alone(&rule.names());
            }
        }
    }
}
