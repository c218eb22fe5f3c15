//! `GovernancePolicy`: construction, conflicts, comparison, YAML.
//!
//! Sentences are ours: compared is which setting they are about and what they
//! ask of it. `docs/compatibility.md` has a line for each weakness.

use agentos_compiler::governance::{
    Conflict, GovernancePolicy, Invalid, InvalidPolicy, Problem, Setting, Takes, conflicts_of,
};
use serde_json::{Map, Value, json};

use super::{Compared, Line};

type Outcome = Result<(), String>;

pub(crate) fn compare(line: &Line) -> Result<Compared, String> {
    outcome(line).map(|()| Compared::Fine)
}

fn outcome(line: &Line) -> Outcome {
    let (input, expect, weakness) = (&line.input, &line.expect, line.weakness.as_deref());
    match input["op"].as_str().unwrap_or_default() {
        "construct" => {
            let made = GovernancePolicy::from_fields(&translated(&input["fields"]));
            let blamed = first_key(&input["fields"]);
            made_or_refused(made, expect, weakness, &blamed)
        }
        "from_dict" => {
            let made = GovernancePolicy::from_dict(&input["data"]);
            made_or_refused(made, expect, weakness, &first_key(&input["data"]))
        }
        "from_yaml" => {
            let text = input["yaml"].as_str().ok_or("no yaml")?;
            let blamed = text.split(':').next().unwrap_or_default();
            made_or_refused(GovernancePolicy::from_yaml(text), expect, weakness, blamed)
        }
        "to_yaml" => to_yaml(input, expect, weakness),
        "detect_conflicts" => detect_conflicts(input, expect, weakness),
        "is_stricter_than" => is_stricter_than(input, expect, weakness),
        "diff" => diff(input, expect, weakness),
        other => Err(format!("no operation is called `{other}`")),
    }
}

/// What JSON cannot say, as a program in Rust would say it.
fn translated(fields: &Value) -> Value {
    let mut fields = fields.clone();
    if let Some(Value::Array(patterns)) = fields.get_mut("blocked_patterns") {
        for entry in patterns {
            let Some(tuple) = entry.get("$tuple").and_then(Value::as_array) else {
                continue;
            };
            *entry = match tuple.as_slice() {
                [text, kind] => {
                    let kind = kind.get("$pattern_type").unwrap_or(kind);
                    json!({"pattern": text, "type": kind})
                }
                other => Value::Array(other.to_vec()),
            };
        }
    }
    fields
}

fn first_key(fields: &Value) -> String {
    fields
        .as_object()
        .and_then(|map| map.keys().next())
        .cloned()
        .unwrap_or_default()
}

fn made_or_refused(
    made: Result<GovernancePolicy, InvalidPolicy>,
    expect: &Value,
    weakness: Option<&str>,
    blamed: &str,
) -> Outcome {
    if let Some(weakness) = weakness {
        return refused_instead(made, weakness, blamed);
    }
    if let Some(error) = expect.get("error") {
        return match made {
            Ok(policy) => Err(format!("we made `{policy}`, not {error}")),
            Err(ours) => same_problem(&ours, error),
        };
    }
    let policy = made.map_err(|error| format!("refused: {error}"))?;
    same_settings(
        &policy.to_dict(),
        expect["policy"].as_object().ok_or("no policy")?,
    )?;
    match expect["repr"].as_str() {
        Some(repr) => same_main_settings(&policy, repr),
        None => Ok(()),
    }
}

/// Where the reference takes what it should not, or fails by accident.
fn refused_instead(
    made: Result<GovernancePolicy, InvalidPolicy>,
    weakness: &str,
    blamed: &str,
) -> Outcome {
    let error = match made {
        Ok(policy) => return Err(format!("we made `{policy}`")),
        Err(error) => error,
    };
    let invalid = &error.problems[0];
    let fits = match weakness {
        "odd-bool-int" => matches!(
            &invalid.problem,
            Problem::Wrong { takes: Takes::PositiveInteger | Takes::Count | Takes::Fraction, got }
                if got == "true" || got == "false"
        ),
        "open-unvalidated-field" => matches!(
            &invalid.problem,
            Problem::Wrong {
                takes: Takes::Boolean | Takes::FilledText,
                ..
            }
        ),
        "open-unknown-key" => matches!(&invalid.problem, Problem::Unknown { .. }),
        "odd-charlist" | "crash-null-patterns" => {
            matches!(
                &invalid.problem,
                Problem::Wrong {
                    takes: Takes::Patterns,
                    ..
                }
            )
        }
        "odd-yaml11" | "odd-duplicate-key" => matches!(&invalid.problem, Problem::Yaml(_)),
        other => return Err(format!("nobody decided what to do about `{other}`")),
    };
    if fits && invalid.place == blamed && error.problems.len() == 1 {
        Ok(())
    } else {
        Err(format!("refused, but for another reason: {error}"))
    }
}

fn same_settings(ours: &Map<String, Value>, theirs: &Map<String, Value>) -> Outcome {
    if !ours.keys().eq(theirs.keys()) {
        return Err("other settings, or another order".to_owned());
    }
    for (name, value) in theirs {
        let same = match (ours[name].as_f64(), value.as_f64()) {
            // A threshold is a floating-point number here, however it was written.
            (Some(a), Some(b))
                if Setting::named(name).map(Setting::takes) == Some(Takes::Fraction) =>
            {
                a.to_bits() == b.to_bits()
            }
            _ => ours[name] == *value,
        };
        if !same {
            return Err(format!("`{name}` is {}, not {value}", ours[name]));
        }
    }
    Ok(())
}

/// The line that names a policy is about the same settings.
fn same_main_settings(policy: &GovernancePolicy, repr: &str) -> Outcome {
    let shown = policy.to_string();
    let inner = repr
        .strip_prefix("GovernancePolicy(")
        .ok_or("another repr")?;
    for name in inner
        .split(", ")
        .filter_map(|part| Some(part.split_once('=')?.0))
    {
        let setting = Setting::named(name).ok_or_else(|| format!("no setting `{name}`"))?;
        let said = format!("{name}: {}", policy.get(setting));
        if !shown.contains(&said) {
            return Err(format!("`{shown}` does not say `{said}`"));
        }
    }
    Ok(())
}

/// The first problem is the recorded one.
fn same_problem(ours: &InvalidPolicy, error: &Value) -> Outcome {
    let first = &ours.problems[0];
    let differs = || format!("we say `{first}`, and the recording {error}");
    if error["type"] == "YAMLError" {
        let Problem::Yaml(why) = &first.problem else {
            return Err(differs());
        };
        let about_tag = error["detail_type"] == "ConstructorError";
        return if why.contains("tag") == about_tag {
            Ok(())
        } else {
            Err(differs())
        };
    }
    let theirs = About::sentence(error["message"].as_str().unwrap_or_default())?;
    if theirs.fits(first) {
        Ok(())
    } else {
        Err(differs())
    }
}

/// What a recorded sentence is about.
struct About {
    /// As we write places; of an entry whose number is not said, what it begins with.
    place: String,
    exact: bool,
    /// `None`: no setting has this name.
    takes: Option<Takes>,
}

impl About {
    fn sentence(text: &str) -> Result<About, String> {
        let exact = |place: &str, takes| About {
            place: place.to_owned(),
            exact: true,
            takes: Some(takes),
        };
        let entry = |takes| About {
            place: "blocked_patterns[".to_owned(),
            exact: false,
            takes: Some(takes),
        };
        if let Some((_, name)) = text.split_once("unexpected keyword argument ") {
            return Ok(About {
                place: name.trim_matches('\'').to_owned(),
                exact: true,
                takes: None,
            });
        }
        if text.starts_with("Expected a YAML mapping") {
            return Ok(exact("", Takes::Mapping));
        }
        if text.starts_with("Unknown pattern type") {
            return Ok(entry(Takes::PatternType));
        }
        if text.starts_with("Invalid blocked_pattern entry") {
            return Ok(entry(Takes::Pattern));
        }
        let Some((place, rest)) = text.split_once(" must be ") else {
            return Err(format!("nobody decided what to do about `{text}`"));
        };
        let asked = rest.split(", got").next().unwrap_or_default();
        let takes = match asked {
            "a positive integer" => Takes::PositiveInteger,
            "a non-negative integer" => Takes::Count,
            "a float between 0.0 and 1.0" => Takes::Fraction,
            "a non-empty string" => Takes::FilledText,
            "a list" if place == "allowed_tools" => Takes::Texts,
            "a list" => Takes::Patterns,
            "a string" => Takes::Text,
            "a string or (string, PatternType) tuple" => Takes::Pattern,
            "a PatternType" => Takes::PatternType,
            other => return Err(format!("nobody decided what `{other}` is")),
        };
        Ok(exact(
            &place.replace("][0]", "].pattern").replace("][1]", "].type"),
            takes,
        ))
    }

    fn fits(&self, ours: &Invalid) -> bool {
        let place = if self.exact {
            ours.place == self.place
        } else {
            ours.place.starts_with(&self.place)
        };
        place
            && match (&ours.problem, self.takes) {
                (Problem::Wrong { takes, .. }, Some(asked)) => *takes == asked,
                (Problem::Unknown { .. }, None) => true,
                _ => false,
            }
    }
}

fn policy(fields: &Value) -> Result<GovernancePolicy, String> {
    GovernancePolicy::from_fields(&translated(fields)).map_err(|error| error.to_string())
}

fn to_yaml(input: &Value, expect: &Value, weakness: Option<&str>) -> Outcome {
    let policy = policy(&input["fields"])?;
    let written = policy.to_yaml();
    let back =
        GovernancePolicy::from_yaml(&written).map_err(|error| format!("{error}\n{written}"))?;
    let mut reloaded = expect["reloaded"]
        .as_object()
        .ok_or("no reloaded policy")?
        .clone();
    let mut equal = expect["equal_to_original"] == true;
    match weakness {
        None => {}
        Some("odd-name-lost") => {
            reloaded["name"] = input["fields"]["name"].clone();
            equal = true;
        }
        Some(other) => return Err(format!("nobody decided what to do about `{other}`")),
    }
    same_settings(&back.to_dict(), &reloaded)?;
    if (back == policy) == equal {
        Ok(())
    } else {
        Err(format!("equal to the original: {}", !equal))
    }
}

fn detect_conflicts(input: &Value, expect: &Value, weakness: Option<&str>) -> Outcome {
    let fields = translated(&input["fields"]);
    let ours = conflicts_of(&fields);
    match weakness {
        None => {}
        Some("odd-conflict-missed") => {
            let [conflict] = ours.as_slice() else {
                return Err(format!("{ours:?}"));
            };
            let blamed = first_key(&fields);
            return if conflict.settings()[0].name() == blamed {
                Ok(())
            } else {
                Err(format!("`{conflict}` is not about `{blamed}`"))
            };
        }
        Some(other) => return Err(format!("nobody decided what to do about `{other}`")),
    }
    let theirs = expect["conflicts"].as_array().ok_or("no conflicts")?;
    let theirs: Vec<&str> = theirs.iter().filter_map(Value::as_str).collect();
    let same = ours.len() == theirs.len()
        && ours
            .iter()
            .zip(&theirs)
            .all(|(ours, theirs)| same_conflict(*ours, theirs, &fields));
    if same {
        Ok(())
    } else {
        Err(format!("{ours:?}, not {theirs:?}"))
    }
}

fn same_conflict(ours: Conflict, theirs: &str, fields: &Value) -> bool {
    match ours {
        Conflict::BackpressureNeverTriggers {
            backpressure_threshold,
            max_concurrent,
        } => theirs.starts_with(&format!(
            "backpressure_threshold ({backpressure_threshold}) >= max_concurrent ({max_concurrent})"
        )),
        Conflict::ToolsWithoutCalls { allowed } => {
            theirs.starts_with("max_tool_calls is 0 but allowed_tools is non-empty")
                && fields["allowed_tools"].as_array().map(Vec::len) == Some(allowed)
        }
        Conflict::ConfidenceUnchecked => theirs.starts_with("confidence_threshold is 0.0"),
        Conflict::TimeoutTooShort { timeout_ms } => {
            let seconds = if fields["timeout_seconds"] == true {
                "True".to_owned()
            } else {
                (timeout_ms / 1_000).to_string()
            };
            theirs.starts_with(&format!("timeout_seconds ({seconds}) is very low"))
        }
        Conflict::DriftUnchecked | Conflict::BlocksEverything { .. } => false,
    }
}

/// The recorded answer goes by sizes; where it is marked as weak, ours goes by
/// what the settings say, and is the other one.
fn is_stricter_than(input: &Value, expect: &Value, weakness: Option<&str>) -> Outcome {
    let (this, other) = (policy(&input["self"])?, policy(&input["other"])?);
    let theirs = expect["stricter"].as_bool().ok_or("no answer")?;
    if this.is_stricter_by_settings(&other) != theirs {
        return Err(format!("by settings: {}, not {theirs}", !theirs));
    }
    match weakness {
        None => Ok(()),
        Some("odd-stricter-by-count" | "odd-stricter-ignores") => {
            if this.is_stricter_than(&other) == theirs {
                return Err(format!("stricter: {theirs}, as the reference has it"));
            }
            Ok(())
        }
        Some(other) => Err(format!("nobody decided what to do about `{other}`")),
    }
}

fn diff(input: &Value, expect: &Value, weakness: Option<&str>) -> Outcome {
    if let Some(other) = weakness {
        return Err(format!("nobody decided what to do about `{other}`"));
    }
    let (this, other) = (policy(&input["self"])?, policy(&input["other"])?);
    let changes: Map<String, Value> = this
        .diff(&other)
        .changes
        .into_iter()
        .map(|change| {
            (
                change.setting.name().to_owned(),
                json!([change.before, change.after]),
            )
        })
        .collect();
    let theirs = expect["diff"].as_object().ok_or("no diff")?;
    if changes != *theirs || !changes.keys().eq(theirs.keys()) {
        return Err(format!("{changes:?}, not {theirs:?}"));
    }
    let recorded = expect["format_diff"].as_str().ok_or("no formatted diff")?;
    let recorded = recorded.replace("True", "true").replace("False", "false");
    let recorded: Vec<&str> = recorded
        .lines()
        .filter(|line| line.contains(" -> "))
        .map(str::trim)
        .collect();
    if !this
        .format_diff(&other)
        .lines()
        .eq(recorded.iter().copied())
    {
        return Err(format!("`{}`, not {recorded:?}", this.format_diff(&other)));
    }
    let versions = this.compare_versions(&other);
    let ours = json!({
        "old_version": versions.old_version,
        "new_version": versions.new_version,
        "versions_differ": versions.versions_differ,
    });
    let theirs = &expect["compare_versions"];
    if ours == *theirs {
        Ok(())
    } else {
        Err(format!("{ours}, not {theirs}"))
    }
}
