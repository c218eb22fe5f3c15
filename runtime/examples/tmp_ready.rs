use std::{borrow::Cow, time::Instant};
use regex_automata::{meta::Regex, MatchKind};
fn main() {
    let text = std::fs::read_to_string("policies/baseline.policy").unwrap();
    let mut all = vec![];
    let mut rest = &text[..];
    while let Some(at) = rest.find("r\"") { rest = &rest[at+2..]; let end = rest.find('"').unwrap(); all.push(format!("(?i){}", &rest[..end])); rest = &rest[end..]; }
    let all: Vec<String> = all.into_iter().filter(|r| Regex::new(r).is_ok()).collect();
    println!("{} regexes", all.len());
    for _ in 0..3 {
        let t = Instant::now();
        let v: Vec<_> = all.iter().map(|r| Regex::builder().configure(Regex::config().onepass(false)).build(r).unwrap()).collect();
        println!("full each: {:?} mem {}", t.elapsed(), v.iter().map(|r| r.memory_usage()).sum::<usize>());
        let t = Instant::now();
        let v: Vec<_> = all.iter().map(|r| Regex::builder().configure(Regex::config().onepass(false).hybrid(false).backtrack(true)).build(r).unwrap()).collect();
        println!("light each: {:?} mem {}", t.elapsed(), v.iter().map(|r| r.memory_usage()).sum::<usize>());
        let t = Instant::now();
        let v: Vec<_> = all.iter().map(|r| Regex::builder().configure(Regex::config().onepass(false).hybrid(false).auto_prefilter(false)).build(r).unwrap()).collect();
        println!("light each, no pre: {:?} mem {}", t.elapsed(), v.iter().map(|r| r.memory_usage()).sum::<usize>());
        let t = Instant::now();
        let r = Regex::builder().configure(Regex::config().onepass(false).match_kind(MatchKind::All)).build_many(&all).unwrap();
        println!("together: {:?} mem {}", t.elapsed(), r.memory_usage());
        let t = Instant::now();
        let v: Vec<_> = all.iter().map(|r| regex_syntax::parse(r).unwrap()).collect();
        println!("parse only: {:?}", t.elapsed());
        drop(v);
    }
    let _ : Cow<str> = "".into();
}
