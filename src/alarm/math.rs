//! Metric math, as far as alarms on a share of requests use it: arithmetic, comparisons, `IF`, `FILL`. What is
//! not understood here is named and not guessed. Pure; knows no series but the ones it is handed.

/// The longest expression that is read, and how deep brackets may go; CloudWatch takes 2048 characters.
const LONGEST: usize = 4096;
const DEEPEST: usize = 48;

/// An expression over other lines of the same alarm.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    Number(f64),
    /// The id of another line.
    Line(String),
    Minus(Box<Formula>),
    Of(Operator, Box<(Formula, Formula)>),
    If(Box<(Formula, Formula, Formula)>),
    Fill(Box<Formula>, Filler),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Different,
    And,
    Or,
}

/// What stands in for a missing point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Filler {
    Value(f64),
    /// The point before.
    Repeat,
}

/// The part of an expression that is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotUnderstood(pub String);

/// Points, one a period; `None` where there is none.
pub type Points = Vec<Option<f64>>;

/// Reads an expression.
///
/// # Errors
/// Names the first part that is not understood.
pub fn parse(text: &str) -> Result<Formula, NotUnderstood> {
    if text.len() > LONGEST {
        return Err(NotUnderstood("an expression that long".into()));
    }
    let mut reader = Reader { rest: text, depth: 0 };
    let whole = reader.level(0)?;
    if reader.rest.trim().is_empty() { Ok(whole) } else { Err(reader.stuck()) }
}

impl Formula {
    /// The ids it is made from, each as often as it is used; `filled` tells whether its gaps are filled.
    pub fn lines(&self) -> Vec<(&str, bool)> {
        let mut all = Vec::new();
        self.visit(false, &mut |id, filled| all.push((id, filled)));
        all
    }

    fn visit<'a>(&'a self, filled: bool, each: &mut impl FnMut(&'a str, bool)) {
        match self {
            Self::Number(_) => {}
            Self::Line(id) => each(id, filled),
            Self::Minus(a) => a.visit(filled, each),
            Self::Of(_, parts) => [&parts.0, &parts.1].into_iter().for_each(|p| p.visit(filled, each)),
            Self::If(parts) => [&parts.0, &parts.1, &parts.2].into_iter().for_each(|p| p.visit(filled, each)),
            Self::Fill(a, _) => a.visit(true, each),
        }
    }

    /// Its points over `n` periods. Where a part has no point the whole has none, and so where one divides by 0.
    pub fn points(&self, n: usize, line: &impl Fn(&str) -> Option<Points>) -> Option<Points> {
        Some(match self {
            Self::Number(value) => vec![Some(*value); n],
            Self::Line(id) => line(id).filter(|p| p.len() == n)?,
            Self::Minus(a) => a.points(n, line)?.into_iter().map(|v| v.map(|v| -v)).collect(),
            Self::Of(operator, parts) => {
                let (a, b) = (parts.0.points(n, line)?, parts.1.points(n, line)?);
                a.into_iter().zip(b).map(|(a, b)| operator.apply(a?, b?)).collect()
            }
            Self::If(parts) => {
                let (test, yes, no) = (parts.0.points(n, line)?, parts.1.points(n, line)?, parts.2.points(n, line)?);
                test.into_iter().zip(yes.into_iter().zip(no)).map(|(t, (y, n))| if t? == 0.0 { n } else { y }).collect()
            }
            Self::Fill(a, filler) => filled(a.points(n, line)?, *filler),
        })
    }
}

fn filled(points: Points, filler: Filler) -> Points {
    let mut before = None;
    let fill = |point: Option<f64>| {
        let value = match filler {
            Filler::Value(value) => point.or(Some(value)),
            Filler::Repeat => point.or(before),
        };
        before = value;
        value
    };
    points.into_iter().map(fill).collect()
}

impl Operator {
    fn apply(self, a: f64, b: f64) -> Option<f64> {
        let truth = |holds: bool| Some(f64::from(u8::from(holds)));
        match self {
            Self::Add => Some(a + b),
            Self::Subtract => Some(a - b),
            Self::Multiply => Some(a * b),
            Self::Divide => (b != 0.0).then(|| a / b),
            Self::Power => Some(a.powf(b)).filter(|v| v.is_finite()),
            Self::Less => truth(a < b),
            Self::LessOrEqual => truth(a <= b),
            Self::Greater => truth(a > b),
            Self::GreaterOrEqual => truth(a >= b),
            Self::Equal => truth(a == b),
            Self::Different => truth(a != b),
            Self::And => truth(a != 0.0 && b != 0.0),
            Self::Or => truth(a != 0.0 || b != 0.0),
        }
    }
}

/// Signs by how tightly they bind, the loosest first; a sign that begins like another goes before it.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("||", Operator::Or), ("OR", Operator::Or)],
    &[("&&", Operator::And), ("AND", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::Different),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
    &[("^", Operator::Power)],
];

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

type Read = Result<Formula, NotUnderstood>;

impl<'a> Reader<'a> {
    fn stuck(&self) -> NotUnderstood {
        let rest = self.rest.trim();
        NotUnderstood(if rest.is_empty() { "its end".into() } else { crate::changes::json::cut(rest, 40) })
    }

    fn level(&mut self, n: usize) -> Read {
        let Some(signs) = LEVELS.get(n) else { return self.unit() };
        let mut left = self.level(n + 1)?;
        while let Some(operator) = signs.iter().find_map(|(sign, o)| self.sign(sign).then_some(*o)) {
            left = Formula::Of(operator, Box::new((left, self.level(n + 1)?)));
        }
        Ok(left)
    }

    fn unit(&mut self) -> Read {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.stuck());
        }
        let found = self.inner();
        self.depth -= 1;
        found
    }

    fn inner(&mut self) -> Read {
        if self.sign("(") {
            let inner = self.level(0)?;
            return self.expect(")").map(|()| inner);
        }
        if self.sign("-") {
            return Ok(Formula::Minus(Box::new(self.unit()?)));
        }
        if let Some(number) = self.number() {
            return Ok(Formula::Number(number));
        }
        let before = self.rest;
        let word = self.word();
        let call = self.sign("(");
        match word {
            "FILL" if call => self.fill(),
            "IF" if call => self.condition(),
            id if !call && id.starts_with(|c: char| c.is_ascii_lowercase()) => Ok(Formula::Line(id.to_owned())),
            _ => {
                self.rest = before;
                Err(self.stuck())
            }
        }
    }

    /// `FILL(m1, 0)`, `FILL(m1, REPEAT)`
    fn fill(&mut self) -> Read {
        let of = self.level(0)?;
        self.expect(",")?;
        let before = self.rest;
        let filler = if self.word() == "REPEAT" {
            Filler::Repeat
        } else {
            self.rest = before;
            let sign = if self.sign("-") { -1.0 } else { 1.0 };
            Filler::Value(sign * self.number().ok_or_else(|| self.stuck())?)
        };
        self.expect(")")?;
        Ok(Formula::Fill(Box::new(of), filler))
    }

    /// `IF(test, then, else)`; without an else there is no point where the test fails, which is not understood.
    fn condition(&mut self) -> Read {
        let test = self.level(0)?;
        self.expect(",")?;
        let yes = self.level(0)?;
        self.expect(",")?;
        let no = self.level(0)?;
        self.expect(")")?;
        Ok(Formula::If(Box::new((test, yes, no))))
    }

    fn number(&mut self) -> Option<f64> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(self.rest.len());
        let number = self.rest[..end].parse().ok()?;
        self.rest = &self.rest[end..];
        Some(number)
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.rest = &rest[end..];
        &rest[..end]
    }

    fn sign(&mut self, sign: &str) -> bool {
        let word = sign.starts_with(|c: char| c.is_ascii_alphabetic());
        let rest = self.rest.trim_start().strip_prefix(sign);
        let rest = rest.filter(|r| !word || !r.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, sign: &str) -> Result<(), NotUnderstood> {
        if self.sign(sign) { Ok(()) } else { Err(self.stuck()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(text: &str) -> Points {
        let line = |id: &str| {
            Some(match id {
                "errors" => vec![Some(2.0), None, Some(5.0), None],
                "requests" => vec![Some(100.0), Some(50.0), Some(0.0), None],
                _ => return None,
            })
        };
        parse(text).unwrap().points(4, &line).unwrap()
    }

    #[test]
    fn a_share_of_requests() {
        assert_eq!(points("100 * FILL(errors, 0) / requests"), [Some(2.0), Some(0.0), None, None]);
        assert_eq!(points("errors / requests * 100"), [Some(2.0), None, None, None], "without FILL quiet minutes have no point");
        assert_eq!(points("IF(requests > 60, FILL(errors, 0) / requests, 0)"), [Some(0.02), Some(0.0), Some(0.0), None]);
        assert_eq!(points("FILL(errors, REPEAT)"), [Some(2.0), Some(2.0), Some(5.0), Some(5.0)]);
    }

    #[test]
    fn signs_bind_as_in_school() {
        let value = |text| parse(text).unwrap().points(1, &|_| None).unwrap()[0];
        assert_eq!(value("1 + 2 * 3 - 4 / 2"), Some(5.0));
        assert_eq!(value("-(2 - 5) * 2"), Some(6.0));
        assert_eq!(value("2 ^ 3 * 2"), Some(16.0));
        assert_eq!(value("10 - 4 - 3"), Some(3.0));
        assert_eq!(value("1 > 2 OR 3 >= 3 AND 1 != 2"), Some(1.0));
        assert_eq!(value("1 / 0"), None);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        let named = |text: &str| parse(text).unwrap_err().0;
        assert_eq!(named("SUM(METRICS())"), "SUM(METRICS())");
        assert_eq!(named("100 * RATE(m1)"), "RATE(m1)");
        assert_eq!(named("ANOMALY_DETECTION_BAND(m1, 2)"), "ANOMALY_DETECTION_BAND(m1, 2)");
        assert_eq!(named("m1 +"), "its end");
        assert_eq!(named("FILL(m1, LINEAR)"), "LINEAR)");
        assert!(parse(&format!("{}1", "(".repeat(4000))).is_err());
    }

    #[test]
    fn lines_know_whether_their_gaps_are_filled() {
        assert_eq!(parse("FILL(a, 0) / (a + b)").unwrap().lines(), [("a", true), ("a", false), ("b", false)]);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "[-+*/^()<>=!&|,. 0-9abFILIFREPEAT_]{0,50}") {
            if let Ok(formula) = parse(&text) {
                let _ = formula.points(3, &|_| Some(vec![Some(1.0), None, Some(0.0)]));
            }
        }
    }
}
