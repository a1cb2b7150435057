//! A composite alarm against sense: whether failing connections alone reach anybody through it.

use super::{Condition, parse};
use crate::alarm::review::{Remark, Weight, remark};
use crate::case::alarm::{AlarmState, ChildAlarm, CodeAlarm, CompositeAlarm};
use crate::say;

/// Everything there is to say of a composite alarm above one on failed connections, the weightiest first.
pub fn review(alarm: &CompositeAlarm) -> Vec<Remark> {
    let mut all: Vec<Remark> = [actions(alarm), suppressor(alarm), twice(alarm)].into_iter().flatten().collect();
    match parse(&alarm.rule) {
        Some(rule) => {
            all.extend(missing(alarm, &rule));
            all.extend(alone(alarm, &rule));
            all.extend(now(alarm, &rule));
        }
        None => all.push(remark(
            Weight::Note,
            "alarm_rule",
            say!("its rule is not understood here: it is shown as it is", "không hiểu được quy tắc của nó ở đây: hiển thị nguyên văn"),
        )),
    }
    all.push(remark(
        Weight::Note,
        "alarm_rule",
        say!(
            "it has no data points of its own: its past cannot be played again, only its children's can",
            "nó không có điểm dữ liệu riêng: không thể phát lại quá khứ của nó, chỉ phát lại được của các báo động con"
        ),
    ));
    all.sort_by_key(|r| r.weight);
    all
}

/// The same of one that is only written down: what it is above is known as far as text tells, its state is not.
pub fn review_written(alarm: &CompositeAlarm) -> Vec<Remark> {
    let mut all: Vec<Remark> = [actions(alarm), suppressor(alarm), twice(alarm)].into_iter().flatten().collect();
    all.extend(parse(&alarm.rule).iter().flat_map(|rule| alone(alarm, rule)));
    all.sort_by_key(|r| r.weight);
    all
}

/// A definition as the alarm it would make, with those of `alarms` that it names as its children.
pub fn from_code(code: &CodeAlarm, alarms: &[CodeAlarm]) -> CompositeAlarm {
    let rule = crate::alarm::drift::rule(code);
    let tells = |c: &CodeAlarm| {
        let named = ["alarm_actions"].iter().any(|f| c.unresolved.contains_key(*f) || c.fields.get(*f).is_some_and(|v| !v.is_empty()));
        named && c.fields.get("actions_enabled").is_none_or(|v| &**v != "false")
    };
    let names: Vec<String> = parse(&rule).map(|r| r.names().into_iter().map(str::to_owned).collect()).unwrap_or_default();
    let child = |name: String| {
        let of = alarms.iter().find(|a| a.fields.get("alarm_name").is_some_and(|n| n.as_str() == name));
        let watches = of.map(|a| format!("{}:{}", a.file, a.line)).unwrap_or_default().into();
        (name, ChildAlarm { watches, on_connection_errors: of.is_some(), tells: of.is_some_and(tells), ..ChildAlarm::default() })
    };
    let own = code.fields.get("alarm_name").map_or(code.address.as_str(), |n| n.as_str());
    CompositeAlarm {
        name: own.into(),
        rule: rule.into(),
        actions_enabled: code.fields.get("actions_enabled").is_none_or(|v| &**v != "false"),
        actions: if tells(code) { vec![code.fields.get("alarm_actions").map(ToString::to_string).unwrap_or_default()] } else { Vec::new() },
        suppressor: code.fields.get("actions_suppressor").cloned(),
        children: names.into_iter().map(child).collect(),
        ..CompositeAlarm::default()
    }
}

fn actions(alarm: &CompositeAlarm) -> Option<Remark> {
    if alarm.actions_enabled && !alarm.actions.is_empty() {
        return None;
    }
    let children_tell = alarm.children.values().any(|c| c.on_connection_errors && c.tells);
    let (weight, words) = match (alarm.actions_enabled, children_tell) {
        (_, true) => {
            let words = say!("nobody is told by it, only by its children", "nó không báo cho ai, chỉ các báo động con báo");
            (Weight::Note, words)
        }
        (false, false) => {
            let words =
                say!("its actions are disabled: nobody is told when it fires", "các action đang bị tắt: không ai được báo khi nó kêu");
            (Weight::Wrong, words)
        }
        (true, false) if alarm.children.keys().any(|name| name.contains("${")) => {
            let words = say!(
                "it has no action of its own, and text alone does not tell whether its children have",
                "nó không có action riêng, và chỉ đọc chữ thì không biết các báo động con có không"
            );
            (Weight::Poor, words)
        }
        (true, false) => {
            let words = say!(
                "neither it nor its children have an action: nobody is told",
                "cả nó lẫn các báo động con đều không có action: không ai được báo"
            );
            (Weight::Wrong, words)
        }
    };
    Some(remark(weight, "alarm_actions", words))
}

fn suppressor(alarm: &CompositeAlarm) -> Option<Remark> {
    let name = alarm.suppressor.as_ref()?;
    let words = say!("its actions are held back while {name} is in ALARM", "các action bị giữ lại khi {name} đang ALARM");
    Some(remark(Weight::Note, "actions_suppressor", words))
}

/// Two pages for one incident.
fn twice(alarm: &CompositeAlarm) -> Option<Remark> {
    let tells = alarm.actions_enabled && !alarm.actions.is_empty();
    let (name, _) = alarm.children.iter().find(|(_, c)| tells && c.on_connection_errors && c.tells)?;
    let words = say!("both it and {name} tell somebody: one incident pages twice", "cả nó và {name} đều báo: một sự cố kêu hai lần");
    Some(remark(Weight::Note, "alarm_actions", words))
}

fn missing(alarm: &CompositeAlarm, rule: &Condition) -> Option<Remark> {
    let gone: Vec<_> = rule.names().into_iter().filter(|n| !alarm.children.contains_key(*n)).collect();
    let list = gone.join(", ");
    (!gone.is_empty()).then(|| {
        let words = say!(
            "its rule names {list}, which is not an alarm of this region that can be seen",
            "quy tắc nhắc tới {list}, không thấy báo động nào tên như vậy ở region này"
        );
        remark(Weight::Poor, "alarm_rule", words)
    })
}

/// What each child on failed connections does to it when everything else is well.
fn alone(alarm: &CompositeAlarm, rule: &Condition) -> Vec<Remark> {
    let ours = alarm.children.iter().filter(|(_, c)| c.on_connection_errors).map(|(n, _)| n.as_str());
    ours.map(|name| alone_one(alarm, rule, name)).collect()
}

fn alone_one(alarm: &CompositeAlarm, rule: &Condition, name: &str) -> Remark {
    let all = rule.names();
    let with_others = rule.holds_alone(&all) || all.iter().any(|other| rule.holds_alone(&[name, other]));
    let (weight, words) = match (rule.holds_alone(&[]), rule.holds_alone(&[name])) {
        (false, true) => (Weight::Note, say!("{name} alone fires it", "chỉ riêng {name} là nó kêu")),
        (true, true) => (Weight::Poor, say!("it fires even when all its children are well", "nó kêu cả khi mọi báo động con đều ổn")),
        (true, false) => (Weight::Poor, say!("{name} in ALARM silences it", "{name} ở ALARM lại làm nó im")),
        (false, false) => {
            let told = alarm.children.get(name).is_some_and(|c| c.tells);
            let weight = if told { Weight::Note } else { Weight::Poor };
            let words = if with_others {
                say!(
                    "{name} alone does not fire it: something else must be in ALARM too",
                    "chỉ riêng {name} thì nó không kêu: còn cần báo động khác ở ALARM"
                )
            } else {
                say!("{name} in ALARM does not fire it", "{name} ở ALARM không làm nó kêu")
            };
            (weight, words)
        }
    };
    remark(weight, "alarm_rule", words)
}

/// Its state against what its children's states make of its rule now.
fn now(alarm: &CompositeAlarm, rule: &Condition) -> Option<Remark> {
    let known = rule.names().iter().all(|n| alarm.children.contains_key(*n));
    let state = |name: &str| alarm.children.get(name).map(|c| c.state).unwrap_or_default();
    let holds = rule.holds(&state);
    (known && holds != (alarm.state == AlarmState::Alarm)).then(|| {
        let words = say!(
            "by its children's states its rule is {holds} now, which its own state does not show (yet)",
            "theo trạng thái các báo động con thì quy tắc đang là {holds}, nhưng trạng thái của nó (chưa) thể hiện"
        );
        remark(Weight::Note, "alarm_rule", words)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composite(rule: &str) -> CompositeAlarm {
        let child = |state, ours, tells| ChildAlarm { state, on_connection_errors: ours, tells, ..ChildAlarm::default() };
        CompositeAlarm {
            name: "page".into(),
            rule: rule.into(),
            actions_enabled: true,
            actions: vec!["pager".into()],
            state: AlarmState::Ok,
            children: [("conn".into(), child(AlarmState::Ok, true, false)), ("cpu".into(), child(AlarmState::Ok, false, false))].into(),
            ..CompositeAlarm::default()
        }
    }

    fn said(alarm: &CompositeAlarm) -> Vec<(Weight, String)> {
        let mut all: Vec<_> = review(alarm).into_iter().map(|r| (r.weight, r.words.en)).collect();
        assert!(all.pop().unwrap().1.contains("cannot be played again"));
        all
    }

    #[test]
    fn what_connection_errors_alone_do_is_told() {
        let note = |words: &str| vec![(Weight::Note, words.to_owned())];
        let poor = |words: &str| vec![(Weight::Poor, words.to_owned())];
        assert_eq!(said(&composite("ALARM(conn) OR ALARM(cpu)")), note("conn alone fires it"));
        assert_eq!(
            said(&composite("ALARM(conn) AND ALARM(cpu)")),
            poor("conn alone does not fire it: something else must be in ALARM too")
        );
        assert_eq!(said(&composite("ALARM(cpu) AND NOT ALARM(conn)")), poor("conn in ALARM does not fire it"));
        let silenced = said(&composite("OK(conn) AND OK(cpu)"));
        assert_eq!(silenced[0], (Weight::Poor, "conn in ALARM silences it".to_owned()));
        assert!(silenced[1].1.contains("its rule is true now"));
    }

    #[test]
    fn faults_of_its_own_are_named() {
        let mut mute = composite("ALARM(conn) OR ALARM(gone)");
        mute.actions.clear();
        mute.suppressor = Some("deploying".into());
        let words: Vec<_> = said(&mute).into_iter().map(|(w, words)| (w, words.chars().take(30).collect::<String>())).collect();
        assert_eq!(
            words,
            [
                (Weight::Wrong, "neither it nor its children ha".to_owned()),
                (Weight::Poor, "its rule names gone, which is ".to_owned()),
                (Weight::Note, "its actions are held back whil".to_owned()),
                (Weight::Note, "conn alone fires it".to_owned()),
            ]
        );
        assert!(said(&composite("SOMETHING(conn)"))[0].1.contains("not understood"));
    }
}
