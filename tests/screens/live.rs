//! What a live session asks for, says and spends; and the clock and the days one compares with.

use super::{incident, options, press, session, shown};
use alb_triage::case::topology::{Console, ConsoleLine, ConsoleSign};
use alb_triage::exchange::{Area, Ask, Cost, Unasked, What};
use alb_triage::tui::{App, Effect, Kind, Msg, Options};
use alb_triage::{case::Case, judge::judge};
use chrono::Duration;

fn live(options: &Options) -> App {
    let mut app =
        session(&Options { kind: Kind::Live, lang: options.lang, cost_ceiling: options.cost_ceiling, ..super::options() }, (120, 40));
    app.update(Msg::Tick(incident::at(181)));
    app
}

fn asks(effects: &[Effect]) -> Vec<&Ask> {
    effects.iter().filter_map(|e| if let Effect::Ask(ask) = e { Some(ask) } else { None }).collect()
}

fn spent(usd: f64) -> Msg {
    let cost = Cost { calls: [("GetMetricData".to_owned(), 40)].into(), metrics_requested: 9000, estimated_usd: usd };
    Msg::Facts(vec![incident::fact(What::Cost(cost))])
}

#[test]
fn the_price_of_a_comparison_is_said_before_it_is_fetched() {
    let mut app = live(&options());
    assert!(asks(&press(&mut app, "c")).is_empty());
    insta::assert_snapshot!("earlier_120x40", shown(&app));
    let effects = press(&mut app, "y");
    let [ask] = asks(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((ask.area, ask.window.start), (Area::Baseline, incident::at(54) - Duration::days(1)), "the very window of yesterday");
    press(&mut app, "c c c c");
    press(&mut app, "n");
    assert!(!shown(&app).contains("yesterday"), "no means no comparison");
}

#[test]
fn at_the_ceiling_nothing_is_fetched_until_somebody_says_so() {
    let mut app = live(&Options { cost_ceiling: Some(0.5), ..options() });
    assert!(shown(&app).contains("LIVE"));
    app.update(spent(0.6));
    assert!(asks(&app.update(Msg::Tick(incident::at(183)))).is_empty());
    insta::assert_snapshot!("ceiling_120x40", shown(&app));
    assert!(!asks(&press(&mut app, "y")).is_empty(), "what waited is fetched");
    assert!(!asks(&app.update(Msg::Tick(incident::at(184)))).is_empty());
    app.update(spent(1.3));
    assert!(asks(&app.update(Msg::Tick(incident::at(185)))).is_empty());
    press(&mut app, "n");
    assert!(shown(&app).contains("FROZEN"));
    assert!(asks(&app.update(Msg::Tick(incident::at(186)))).is_empty());
    press(&mut app, "f");
    assert!(shown(&app).contains("Go on spending?"), "following again asks again");
}

#[test]
fn the_price_of_a_zoom_is_said() {
    let mut app = live(&options());
    press(&mut app, "9");
    assert!(!asks(&press(&mut app, "-")).is_empty());
    let screen = shown(&app);
    assert!(screen.contains("asking CloudWatch for") && screen.contains("calls, about"), "{screen}");
}

#[test]
fn what_the_first_reading_left_out_is_asked_about() {
    let left_out =
        || incident::fact(What::Unasked(Unasked { area: Area::HostMetrics, metrics: 2400, estimated_usd: 0.024, at_least: false }));
    let mut app = live(&Options { cost_ceiling: Some(0.02), ..options() });
    app.update(Msg::Facts(vec![left_out()]));
    let screen = shown(&app);
    assert!(screen.contains("Not asked yet: host metrics, 2400 metrics, for about $0.024"), "{screen}");
    let effects = press(&mut app, "y");
    let [ask] = asks(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((ask.area, ask.over_ceiling), (Area::HostMetrics, true));
    let mut other = live(&Options { cost_ceiling: Some(0.02), ..options() });
    other.update(Msg::Facts(vec![left_out()]));
    assert!(asks(&press(&mut other, "n")).is_empty());
    assert!(!shown(&other).contains("FROZEN"), "one does without it, and goes on");
    press(&mut other, "r");
    assert!(shown(&other).contains("Not asked yet"), "whoever asks again is asked again");
}

#[test]
fn a_query_of_unknown_price_is_asked_about_as_such() {
    let mut app = live(&Options { cost_ceiling: Some(1.0), ..options() });
    let unknown = Unasked { area: Area::AccessLog, metrics: 0, estimated_usd: 0.00005, at_least: true };
    app.update(Msg::Facts(vec![incident::fact(What::Unasked(unknown))]));
    let screen = shown(&app);
    assert!(screen.contains("is not known before") && screen.contains("whatever it comes to"), "{screen}");
    let effects = press(&mut app, "y");
    let [ask] = asks(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((ask.area, ask.over_ceiling), (Area::AccessLog, true));
}

#[test]
fn consoles_are_read_after_a_yes_and_said_where_they_are() {
    let mut app = live(&options());
    assert!(asks(&press(&mut app, "C")).is_empty());
    assert!(shown(&app).contains("ec2:GetConsoleOutput"), "{}", shown(&app));
    let effects = press(&mut app, "y");
    let [ask] = asks(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(ask.area, Area::Consoles);
    assert!((1..=5).contains(&ask.subjects.len()), "{ask:?}");
    let line = ConsoleLine { sign: ConsoleSign::OutOfMemory, at: None, text: "Out of memory: Killed process 7 (java)".into() };
    let console = Console { instance: ask.subjects[0].clone(), lines: vec![line], ..Console::default() };
    app.update(Msg::Facts(vec![incident::fact(What::Consoles(vec![console]))]));
    assert!(shown(&app).contains("1 console(s) read, 1 line(s) of trouble"), "{}", shown(&app));
}

#[test]
fn the_question_of_cost_never_takes_a_key_that_was_meant_for_another() {
    let mut app = live(&Options { cost_ceiling: Some(0.5), ..options() });
    press(&mut app, "/");
    app.update(spent(0.6));
    app.update(Msg::Tick(incident::at(183)));
    press(&mut app, "y n");
    assert!(shown(&app).contains("/yn"));
    press(&mut app, "esc");
    assert!(shown(&app).contains("Go on spending?"));
}

#[test]
fn nothing_is_fetched_while_frozen_not_even_by_zooming() {
    let mut app = live(&options());
    press(&mut app, "f 9");
    assert!(asks(&press(&mut app, "- -")).is_empty());
    assert!(shown(&app).contains("frozen: nothing is fetched"));
    press(&mut app, "f");
    assert!(!asks(&press(&mut app, "-")).is_empty());
}

/// A newer ask replaces the one under way, so it has to cover what that one was about.
#[test]
fn an_ask_takes_over_what_the_one_before_was_about() {
    let mut app = live(&options());
    press(&mut app, "9");
    let first = asks(&press(&mut app, "-"))[0].window;
    let effects = app.update(Msg::Tick(incident::at(190)));
    let second = asks(&effects).into_iter().find(|a| a.area == Area::BalancerMetrics).unwrap().window;
    assert!(second.start <= first.start && second.end >= incident::at(190), "{second:?}");
    let settled = [Area::BalancerMetrics, Area::HostMetrics].map(|area| incident::fact(What::Settled { area }));
    app.update(Msg::Facts(settled.into()));
    let effects = app.update(Msg::Tick(incident::at(191)));
    let third = asks(&effects).into_iter().find(|a| a.area == Area::BalancerMetrics).unwrap().window;
    assert!(third.start > incident::at(150), "only what is new: {third:?}");
}

#[test]
fn a_zone_is_found_by_typing_and_the_clock_shows_it() {
    let mut app = session(&options(), (120, 40));
    press(&mut app, "Z h o _ c h i");
    insta::assert_snapshot!("zones_120x40", shown(&app));
    press(&mut app, "enter");
    let screen = shown(&app);
    assert!(screen.contains("09:58–10:58 +07") && screen.contains("at 10:13:00 +07"), "{screen}");
}

#[test]
fn before_the_deployment_is_a_comparison_where_one_is_known() {
    let mut app = App::new(&options()).unwrap();
    app.update(Msg::Resize(120, 40));
    app.update(Msg::Facts(incident::facts()));
    app.update(Msg::Judged(Box::new(judge(&Case::from_facts(incident::facts()), None).unwrap())));
    press(&mut app, "c c c c");
    let screen = shown(&app);
    assert!(screen.contains("before the deployment") || screen.contains("no deployment"), "{screen}");
}

/// The verdict follows what one looks at, stays where it is pinned, and is about everything at home.
#[test]
fn the_verdict_follows_the_window() {
    let mut app = session(&options(), (120, 40));
    let judged = |effects: &[Effect]| effects.iter().find_map(|e| if let Effect::Judge(w) = e { Some(*w) } else { None });
    let effects = press(&mut app, "+");
    let seen = judged(&effects).unwrap();
    assert!(seen.span() < Duration::hours(1));
    let case = Case::from_facts(incident::facts());
    app.update(Msg::Judged(Box::new(judge(&case, Some(seen)).unwrap())));
    press(&mut app, "p");
    assert_eq!(judged(&press(&mut app, "+ H")), None, "pinned");
    assert!(shown(&app).contains("pinned to"));
    assert_eq!(judged(&press(&mut app, "p")), Some(incident::window()));
    press(&mut app, "p 0");
    let again = judged(&press(&mut app, "p p p"));
    assert!(again.is_none(), "at home nothing changes: {again:?}");
}

/// A verdict that changes while somebody watches says what it was and what brought the change.
#[test]
fn what_changed_the_verdict_is_said() {
    let mut app = live(&options());
    let facts = incident::facts();
    let mut judged = super::judgement::judged(&Case::from_facts(facts));
    let rival = judged.hypotheses.iter().position(|h| h.cause == "scale-in").unwrap();
    judged.verdict.cause = alb_triage::diagnosis::Named::Cause("scale-in");
    let reasons = judged.hypotheses[0].reasons_for.clone();
    judged.hypotheses[rival].reasons_for = reasons;
    for entry in judged.book.entries.values_mut() {
        entry.sentence = alb_triage::text::Text { en: format!("{} now", entry.sentence.en), vi: entry.sentence.vi.clone() };
    }
    app.update(Msg::Judged(Box::new(judged)));
    let screen = shown(&app);
    assert!(screen.contains("the verdict changed: overload → scale-in: "), "{screen}");
}

#[test]
fn two_keys_copy_a_value_a_time_an_event_or_the_pane() {
    let copied = |keys: &str| {
        let effects = press(&mut session(&options(), (120, 40)), keys);
        let [Effect::Copy(text)] = &effects[..] else { panic!("{keys}: {effects:?}") };
        text.clone()
    };
    assert!(copied("2 y c").starts_with("aws cloudwatch get-metric-statistics"));
    assert_eq!(copied("2 y y"), copied("2 y enter"), "the first of them");
    assert!(copied("2 y t").ends_with('Z'));
    assert!(copied("2 y m").starts_with("| 2"));
    assert!(copied("3 y p").contains("Findings"));
    assert!(copied("3 j y e").trim_start().starts_with('{'));
    assert!(copied("1 y s").lines().count() <= 10);
}

#[test]
fn what_was_just_said_is_read_at_80_columns_and_costs_make_room() {
    let app = session(&Options { first_run: true, ..options() }, (80, 24));
    assert!(shown(&app).contains("then press A"), "{}", shown(&app));
}

#[test]
fn an_empty_list_of_gaps_is_good_only_when_everything_was_read() {
    let mut app = App::new(&options()).unwrap();
    app.update(Msg::Resize(120, 40));
    press(&mut app, "7");
    assert!(shown(&app).contains("not everything was read yet"));
    press(&mut app, "/ z z z enter");
    assert!(shown(&app).contains("nothing of that name"));
    assert!(!shown(&app).contains("everything asked for could be read"));
}

/// While a log is read its pane says how far and which key stops it; the key asks for no more of that log alone.
#[test]
fn a_log_that_takes_long_can_be_stopped() {
    let mut app = live(&options());
    let busy = |area, detail: &str| incident::fact(What::Busy { area, detail: detail.into() });
    app.update(Msg::Facts(vec![busy(Area::AccessLog, "12 of 174 files"), busy(Area::AppLog, "/web-prod/api: page 6")]));
    press(&mut app, "5");
    assert!(shown(&app).contains("12 of 174 files, s stops"), "{}", shown(&app));
    let effects = press(&mut app, "s");
    let [ask] = asks(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!((ask.area, ask.stop), (Area::AccessLog, true));
    assert!(shown(&app).contains("what was read so far stays"));
    press(&mut app, "6");
    assert!(shown(&app).contains("/web-prod/api: page 6, s stops"));
    let both = press(&mut app, "1 s");
    assert_eq!(asks(&both).iter().map(|a| a.area).collect::<Vec<_>>(), [Area::AccessLog, Area::AppLog]);
    let settled = [Area::AccessLog, Area::AppLog].map(|area| incident::fact(What::Settled { area }));
    app.update(Msg::Facts(settled.into()));
    assert!(asks(&press(&mut app, "s")).is_empty());
    assert!(shown(&app).contains("no log is being read"));
}
